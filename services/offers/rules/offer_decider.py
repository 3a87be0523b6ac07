"""The offer, from sending to answer, and the agreement that it becomes: which rule answers which command (R1-R10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.offers.rules import (
    agreement_ends,
    answers,
    contacts,
    delivery,
    internal_notes,
    new_offer,
    questions,
    recounted_deadline,
    responsible_inspector,
    taking_over,
    time_spent,
    unit_changes,
    violations_pending_decision,
    withdrawal,
)
from services.offers.rules.agreement_ends import NoteEnd, NoteRevokedDecision
from services.offers.rules.agreement_number import reserved_number
from services.offers.rules.answers import Accept, Decline
from services.offers.rules.contacts import NameContact
from services.offers.rules.delivery import (
    CorrectDelivery,
    RecordDelivery,
    RecordFailedDelivery,
    RecordOpening,
    ResendOffer,
)
from services.offers.rules.internal_notes import WriteNote
from services.offers.rules.new_offer import SendOffer
from services.offers.rules.phases import (
    CHANGES_NOTHING,
    Ended,
    Open,
    Running,
    State,
    Unsent,
    evolve,
    how_it_stands,
    may_be_followed,
    places_of,
)
from services.offers.rules.questions import AskQuestion
from services.offers.rules.responsible_inspector import NoteInspector, ReassignOffer
from services.offers.rules.taking_over import TakeOver
from services.offers.rules.time_spent import CorrectTime, SpendTime
from services.offers.rules.unit_changes import NoteUnitChanges, changed_units, followed_at, units_of
from services.offers.rules.violations_pending_decision import NoteViolation, undecided_at
from services.offers.rules.withdrawal import NoteBreach, NoteMistakenBreach, Withdraw, overtaken
from shared.deadlines.recounting import RecountDeadlines
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


class OfferTimer(StrEnum):
    """What falls due on an offer."""

    LAPSE = "lapse"
    HALFWAY = "halfway"
    RESEND = "resend"


LAPSE = OfferTimer.LAPSE
HALFWAY = OfferTimer.HALFWAY
RESEND = OfferTimer.RESEND

Command = (
    SendOffer
    | RecordDelivery
    | RecordFailedDelivery
    | RecordOpening
    | ResendOffer
    | CorrectDelivery
    | ReassignOffer
    | NameContact
    | SpendTime
    | CorrectTime
    | WriteNote
    | AskQuestion
    | Accept
    | Decline
    | Withdraw
    | NoteBreach
    | NoteMistakenBreach
    | NoteEnd
    | NoteRevokedDecision
    | NoteInspector
    | NoteViolation
    | NoteUnitChanges
    | RecountDeadlines
    | TakeOver
    | TimerDue
)


def decide(state: State, command: Command) -> Sequence[Event]:
    """Returns the events of a command, or refuses it with the rule's id.

    The portal's reports, reactions and timers are never too late: after the end they have no events. Each command is
    named: one that is forgotten here fails the type check, instead of succeeding with nothing recorded.
    """
    match command:
        case SendOffer():
            refuse_sent_before(state)
            return (new_offer.send(command),)
        case RecordDelivery():
            return () if has_ended(state) else delivery.deliver(require_open("R3", state), command)
        case RecordFailedDelivery():
            return () if has_ended(state) else delivery.fail(require_open("R4", state), command)
        case RecordOpening():
            return () if has_ended(state) else delivery.open_offer(require_open("R5", state), command)
        case ResendOffer():
            return (delivery.resend(require_open("R4", state), command),)
        case CorrectDelivery():
            return (delivery.correct(require_open("R30", state), command),)
        case ReassignOffer():
            return (responsible_inspector.reassign(require_open("R15", state), command),)
        case NameContact():
            return (contacts.name_contact(require_sent("R34", state), command),)
        case SpendTime():
            return (time_spent.spend_time(require_sent("R37", state), command),)
        case CorrectTime():
            return (time_spent.correct_time(require_sent("R30", state), command),)
        case AskQuestion():
            return (questions.ask(require_open("R5", state), command),)
        case WriteNote():
            return (internal_notes.write_note(require_sent("R18", state), command),)
        case Accept():
            return (answers.accept(require_unanswered(state), command),)
        case Decline():
            return (answers.decline(require_unanswered(state), command),)
        case Withdraw():
            return (withdrawal.withdraw(require_open("R9", state), command),)
        case NoteBreach():
            return withdrawal.overtake(state, command) if isinstance(state, Open | Running) else ()
        case NoteMistakenBreach():
            return withdrawal.note_mistaken_breach(state, command) if isinstance(state, Running | Ended) else ()
        case NoteEnd():
            return agreement_ends.note_end(state, command) if isinstance(state, Running | Ended) else ()
        case NoteRevokedDecision():
            return note_revoked_decision(state, command) if isinstance(state, Running | Ended) else ()
        case NoteInspector():
            return responsible_inspector.note_inspector(state, command) if isinstance(state, Running | Ended) else ()
        case NoteViolation():
            return violations_pending_decision.note(state, command) if isinstance(state, Running) else ()
        case NoteUnitChanges():
            return note_unit_changes(state, command)
        case RecountDeadlines():
            return recounted_deadline.recount(state, command)
        case TakeOver():
            return (taking_over.take_over(require_sent("R30", state), command),)
        case TimerDue():
            return fall_due(state, command)
        case _:
            assert_never(command)


def note_revoked_decision(state: Running | Ended, command: NoteRevokedDecision) -> Sequence[Event]:
    """R30, R40: records that an agreement runs again, and what became of its units meanwhile.

    The changes of units are recorded also where another agreement has taken its place.
    """
    events = agreement_ends.note_revoked_decision(state, command)
    again = OFFER.fold(events, state)
    if not events or not isinstance(again, Running | Ended):
        return events
    return *events, *unit_changes.note(again, NoteUnitChanges(command.at, command.owners))


def note_unit_changes(state: State, command: NoteUnitChanges) -> Sequence[Event]:
    """R40: records the changes of units of a case that is open, runs, or may have a sequel (R7, R22, R24)."""
    if isinstance(state, Open | Running) or (isinstance(state, Ended) and may_be_followed(state)):
        return unit_changes.note(state, command)
    return ()


def has_ended(state: State) -> bool:
    """R28: returns whether the offer was answered or ended, so that the portal's reports come too late to matter."""
    return isinstance(state, Running | Ended)


def refuse_sent_before(state: State) -> None:
    """R1: refuses to send an offer that has been sent already."""
    if not isinstance(state, Unsent):
        raise Refused("R1", "this offer has been sent already")


def require_sent(rule: str, state: State) -> Open | Running | Ended:
    """Returns the state of an offer that was sent, at any time; else refuses by the given rule."""
    if isinstance(state, Unsent):
        raise Refused(rule, "the offer is not open: {how}", how=how_it_stands(state))
    return state


def require_open(rule: str, state: State) -> Open:
    """Returns an open offer; refuses one that is not sent yet, was answered or has ended, by the given rule."""
    if not isinstance(state, Open):
        raise Refused(rule, "the offer is not open: {how}", how=how_it_stands(state))
    return state


def require_unanswered(state: State) -> Open:
    """R6, R8, R9: returns the open offer; else refuses with the reason why it is not open any more."""
    if isinstance(state, Running | Ended):
        raise answers.why_not_open(state)
    return require_open("R6", state)


def fall_due(state: State, timer: TimerDue) -> Sequence[Event]:
    """R4, R5, R6, R28: returns the events of a due timer; none where that timer is not armed any more."""
    if not isinstance(state, Open) or timers(state).get(timer.name) != timer.due:
        return ()
    name = OfferTimer(timer.name)
    match name:
        case OfferTimer.LAPSE:
            return (answers.lapse(state, timer),)
        case OfferTimer.HALFWAY:
            return (delivery.pass_halfway(state, timer),)
        case OfferTimer.RESEND:
            return (delivery.resend_when_due(state, timer),)
        case _:
            assert_never(name)


def timers(state: State) -> dict[str, datetime]:
    """R4, R5, R6: returns when to send again, when the response time is half over, and when the offer lapses.

    The offer lapses a while after the end of the response time. R40: there are no timers while the unit belongs to
    another than who was asked: the inspector decides first.
    """
    if not isinstance(state, Open) or changed_units(state):
        return {}
    if state.delivered is None:
        resend_at = state.failed.resend_at if state.failed else None
        return {} if resend_at is None else {RESEND: resend_at}
    wanted: dict[str, datetime] = {LAPSE: state.delivered.lapses_at}
    if not state.halfway_passed:
        wanted[HALFWAY] = state.delivered.halfway_at
    return wanted


def reservations(state: State) -> frozenset[str]:
    """R8: returns the names that a case holds, so that a unit and topic have one open offer or agreement.

    Other names find the cases of a legal entity or a unit. R14: a further name marks units where a violation was found
    and nothing is decided. R41: another one names the breaches with which an acceptance is in conflict. R26: a case
    holds its number for ever.
    """
    match state:
        case Open():
            held = {(state.sent.p_number, state.sent.slot)}
            violations: Mapping[UUID, str] = {}
            conflicts: frozenset[UUID] = frozenset()
        case Running():
            held = {(place.p_number, place.slot) for place in places_of(state.accepted)}
            violations, conflicts = state.violations, state.conflicts
        case Ended():
            # R40: for ever, since only control knows what is left to do.
            units = units_of(state) if may_be_followed(state) else frozenset()
            return frozenset(
                {
                    *(overtaken(breached, state.sent.agreement_id) for breached in state.conflicts),
                    *(followed_at(p_number, state.sent.agreement_id) for p_number in units),
                    *reserved_number(state.sent.number),
                }
            )
        case Unsent():
            return frozenset()
        case _:
            assert_never(state)
    sent = state.sent
    return frozenset(
        {
            f"open-of/{sent.cvr}/{sent.agreement_id}",
            *(f"open/{p_number}/{sent.topic}/{slot}" for p_number, slot in held),
            *(f"open-at/{p_number}/{sent.agreement_id}" for p_number, _ in held),
            *(undecided_at(p_number, sent.agreement_id) for p_number in violations.values()),
            *(overtaken(breached, sent.agreement_id) for breached in conflicts),
            *reserved_number(sent.number),
        }
    )


def concerns(state: State) -> dict[str, str]:
    """Returns the ids of the legal entity and of the unit."""
    return {} if isinstance(state, Unsent) else {"cvr": state.sent.cvr, "pnumber": state.sent.p_number}


def responsible(state: State) -> str | None:
    """R15, R30: returns the inspector of the offer, and after the answer the one whom control reported last."""
    return None if isinstance(state, Unsent) else state.about.inspector


OFFER: Decider[State, Command] = Decider(
    name="offer",
    initial=Unsent(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
    responsible=responsible,
    changes_nothing=CHANGES_NOTHING,
    of_a_case=True,
)
