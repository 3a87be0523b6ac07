"""The offer, from sending to answer, and the agreement that it becomes: which rule answers which command (R1-R10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.offers.rules import (
    agreement_ends,
    answers,
    delivery,
    people_and_time,
    sending,
    taken_back,
    undecided_violations,
)
from services.offers.rules.agreement_ends import NoteEnd, NoteRevokedDecision
from services.offers.rules.answers import Accept, Decline
from services.offers.rules.delivery import (
    CorrectDelivery,
    RecordDelivery,
    RecordFailedDelivery,
    RecordOpening,
    ResendOffer,
)
from services.offers.rules.people_and_time import (
    CorrectTime,
    NameContact,
    NoteInspector,
    ReassignOffer,
    SpendTime,
    WriteNote,
)
from services.offers.rules.phases import Ended, Open, Running, State, Unsent, evolve, how_it_stands, places_of
from services.offers.rules.sending import SendOffer
from services.offers.rules.taken_back import NoteBreach, Withdraw
from services.offers.rules.undecided_violations import NoteViolation, undecided_at
from shared.eventstore.decider import Decider, Refused, TimerDue
from shared.eventstore.events import Event

LAPSE = "lapse"
HALFWAY = "halfway"
RESEND = "resend"

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
    | Accept
    | Decline
    | Withdraw
    | NoteBreach
    | NoteEnd
    | NoteRevokedDecision
    | NoteInspector
    | NoteViolation
    | TimerDue
)
_RULES: Mapping[type, str] = {
    RecordDelivery: "R3",
    RecordFailedDelivery: "R4",
    ResendOffer: "R4",
    RecordOpening: "R5",
    Withdraw: "R9",
    ReassignOffer: "R15",
    CorrectDelivery: "R30",
    NameContact: "R34",
    SpendTime: "R37",
    CorrectTime: "R30",
    WriteNote: "R18",
}
"""The rule that says in which phase a command has its place; R6 for the answers."""


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses people's commands with the rule's id; the portal's reports, reactions and timers are never too late."""
    match state, command:
        case Unsent(), SendOffer():
            return (sending.send(command),)
        case _, SendOffer():
            raise Refused("R1", "this offer has been sent already")
        case _, (NoteBreach() | NoteEnd() | NoteRevokedDecision() | NoteInspector() | NoteViolation() | TimerDue()):
            return _react(state, command)
        case ((Open() | Running() | Ended()), NameContact()):
            return (people_and_time.name_contact(state, command),)
        case ((Open() | Running() | Ended()), SpendTime()):
            return (people_and_time.spend_time(state, command),)
        case ((Open() | Running() | Ended()), CorrectTime()):
            return (people_and_time.correct_time(state, command),)
        case ((Open() | Running() | Ended()), WriteNote()):
            return (people_and_time.write_note(state, command),)
        case Open(), _:
            return _decide_open(state, command)
        case ((Running() | Ended()), (Accept() | Decline())):
            raise answers.why_not_open(state)
        case ((Running() | Ended()), (RecordDelivery() | RecordFailedDelivery() | RecordOpening())):
            return ()
        case _:
            raise Refused(_RULES.get(type(command), "R6"), "the offer is not open: {how}", how=how_it_stands(state))


def _decide_open(offer: Open, command: Command) -> Sequence[Event]:
    match command:
        case RecordDelivery():
            return delivery.deliver(offer, command)
        case RecordFailedDelivery():
            return delivery.fail(offer, command)
        case RecordOpening():
            return delivery.open_offer(offer, command)
        case ResendOffer():
            return (delivery.resend(offer, command),)
        case CorrectDelivery():
            return (delivery.correct(offer, command),)
        case ReassignOffer():
            return (people_and_time.reassign(offer, command),)
        case Accept():
            return (answers.accept(offer, command),)
        case Decline():
            return (answers.decline(offer, command),)
        case Withdraw():
            return (taken_back.withdraw(offer, command),)
        case _:
            return ()


def _react(
    state: State, command: NoteBreach | NoteEnd | NoteRevokedDecision | NoteInspector | NoteViolation | TimerDue
) -> Sequence[Event]:
    """What facts of others and timers lead to; nothing where they come too late (R28)."""
    match state, command:
        case ((Open() | Running()), NoteBreach()):
            return taken_back.overtake(state, command)
        case ((Running() | Ended()), NoteEnd()):
            return agreement_ends.note_end(state, command)
        case ((Running() | Ended()), NoteRevokedDecision()):
            return agreement_ends.note_revoked_decision(state, command)
        case ((Running() | Ended()), NoteInspector()):
            return people_and_time.note_inspector(state, command)
        case Running(), NoteViolation():
            return undecided_violations.note(state, command)
        case Open(), TimerDue() if timers(state).get(command.name) == command.due:
            match command.name:
                case "halfway":
                    return (delivery.pass_halfway(state, command),)
                case "resend":
                    return (delivery.resend_when_due(state, command),)
                case _:
                    return (answers.lapse(state, command),)
        case _:
            return ()


def timers(state: State) -> dict[str, datetime]:
    """R4, R5, R6: sending again, half-way through the response time, and a while after its end."""
    if not isinstance(state, Open):
        return {}
    if state.delivered is None:
        resend_at = state.failed.resend_at if state.failed else None
        return {} if resend_at is None else {RESEND: resend_at}
    wanted = {LAPSE: state.delivered.lapses_at}
    if not state.halfway_passed:
        wanted[HALFWAY] = state.delivered.halfway_at
    return wanted


def reservations(state: State) -> frozenset[str]:
    """R8: one open offer or agreement per unit and topic; and how those of a legal entity or a unit are found.

    R14: also where a violation was found and nothing is decided.
    """
    match state:
        case Open():
            held = {(state.sent.p_number, state.sent.slot)}
            violations: Mapping[UUID, str] = {}
        case Running():
            held = {(place.p_number, place.slot) for place in places_of(state.accepted)}
            violations = state.violations
        case _:
            return frozenset()
    sent = state.sent
    return frozenset(
        {
            f"open-of/{sent.cvr}/{sent.agreement_id}",
            *(f"open/{p_number}/{sent.topic}/{slot}" for p_number, slot in held),
            *(f"open-at/{p_number}/{sent.agreement_id}" for p_number, _ in held),
            *(undecided_at(p_number, sent.agreement_id) for p_number in violations.values()),
        }
    )


def concerns(state: State) -> dict[str, str]:
    """The legal entity and the unit."""
    return {} if isinstance(state, Unsent) else {"cvr": state.sent.cvr, "pnumber": state.sent.p_number}


def responsible(state: State) -> str | None:
    """R15, R30: of the offer, and after the answer as control has told it last."""
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
)
