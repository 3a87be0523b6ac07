"""Guidance of one agreement: scheduled, offered, answered, held, overdue, closed (R12, R33)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.contracts.control import ComplianceDeadlineSet, ControlTurnedIntoGuidance
from shared.contracts.guidance import (
    GuidanceAccepted,
    GuidanceBecameOverdue,
    GuidanceClosed,
    GuidanceDeclined,
    GuidanceFellDue,
    GuidanceHeld,
    GuidanceOffered,
    GuidanceScheduled,
)
from shared.contracts.vocabulary import ContactForm, Involvement
from shared.deadlines.copenhagen import start_of
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import guidance_coming_due_at, guidance_due, guidance_overdue_at
from shared.kernel.decider import Decider, Refused, TimerDue
from shared.kernel.events import Event
from shared.policy.policy import Policy

DUE = "due"
OVERDUE = "overdue"


@dataclass(frozen=True)
class ScheduleGuidance:
    """Reaction: the agreement runs until a deadline, or until another one from now on."""

    at: datetime
    policy: Policy
    fact: ComplianceDeadlineSet


@dataclass(frozen=True)
class OfferGuidance:
    """The inspector offers guidance."""

    at: datetime
    form: ContactForm
    inspector: str


@dataclass(frozen=True)
class AnswerGuidance:
    """The company's yes or no to it."""

    at: datetime
    accepted: bool
    reason: str | None = None


@dataclass(frozen=True)
class RecordMeeting:
    """A meeting or an informal contact that took place."""

    at: datetime
    meeting_id: UUID
    form: ContactForm
    held_at: datetime
    inspector: str
    participants: tuple[str, ...]
    involvement: Involvement
    minutes_spent: int | None
    usefulness: int | None
    summary: str | None


@dataclass(frozen=True)
class NoteTurnedControl:
    """Reaction: a control that could not decide was turned into guidance (R21)."""

    at: datetime
    fact: ControlTurnedIntoGuidance


@dataclass(frozen=True)
class CloseGuidance:
    """Reaction: the agreement has ended."""

    at: datetime


Command = (
    ScheduleGuidance | OfferGuidance | AnswerGuidance | RecordMeeting | NoteTurnedControl | CloseGuidance | TimerDue
)


@dataclass(frozen=True)
class Unscheduled:
    """No agreement runs, as far as is known."""


@dataclass(frozen=True)
class Awaited:
    """The inspector has not offered guidance."""

    scheduled: GuidanceScheduled
    fell_due: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class Offered:
    """Offered; the company has not answered."""

    scheduled: GuidanceScheduled | None
    """None in the eyes of the company, to whom the authority's own dates are not shown."""
    offer: GuidanceOffered


@dataclass(frozen=True)
class Answered:
    """The company said yes or no; nothing was held on this offer."""

    scheduled: GuidanceScheduled | None
    offer: GuidanceOffered
    accepted: bool


@dataclass(frozen=True)
class Held:
    """Guidance was given."""

    scheduled: GuidanceScheduled | None
    held: GuidanceHeld


@dataclass(frozen=True)
class Closed:
    """The agreement has ended; no guidance is due or can be offered."""

    scheduled: GuidanceScheduled | None
    closed: GuidanceClosed


State = Unscheduled | Awaited | Offered | Answered | Held | Closed


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses with the rule's id; reactions and timers never do."""
    match command:
        case ScheduleGuidance():
            return schedule(state, command)
        case OfferGuidance():
            return (offer(state, command),)
        case AnswerGuidance():
            return (answer(state, command),)
        case RecordMeeting():
            return (record_meeting(state, command),)
        case NoteTurnedControl():
            return (take_over(command),)
        case CloseGuidance():
            return close(state, command)
        case TimerDue():
            return fall_due(state, command)


def schedule(state: State, command: ScheduleGuidance) -> Sequence[Event]:
    """R12, R13: a third into the period; another deadline moves the dates that hang on it."""
    fact = command.fact
    due = guidance_due(fact.accepted_at, fact.compliance_deadline, command.policy)
    if isinstance(state, Closed) or due == due_of(state):
        return ()
    return (
        GuidanceScheduled(
            agreement_id=fact.agreement_id,
            cvr=fact.cvr,
            p_number=fact.p_number,
            inspector=fact.inspector,
            due=due,
            coming_due_at=guidance_coming_due_at(due, command.policy),
            overdue_at=guidance_overdue_at(due, command.policy),
        ),
    )


def offer(state: State, command: OfferGuidance) -> GuidanceOffered:
    """R12: while the agreement runs; again only when the last offer has come to something."""
    match state:
        case Offered():
            offered_at = state.offer.offered_at.isoformat()
            raise Refused("R12", "offered at {offered_at} already, and not answered", offered_at=offered_at)
        case Answered(accepted=True):
            raise Refused("R12", "the company has accepted guidance, and it has not been held")
    return GuidanceOffered(
        agreement_id=running_agreement(state), form=command.form, offered_at=command.at, offered_by=command.inspector
    )


def running_agreement(state: State) -> UUID:
    """R12: guidance belongs to the time in which the agreement runs."""
    if isinstance(state, Closed):
        ended_at = state.closed.at.isoformat()
        raise Refused("R12", "the agreement has ended; guidance was closed at {ended_at}", ended_at=ended_at)
    return known_agreement(state)


def known_agreement(state: State) -> UUID:
    """R12: guidance is given on an agreement."""
    match state:
        case Unscheduled():
            raise Refused("R12", "no agreement runs")
        case Awaited():
            return state.scheduled.agreement_id
        case Offered() | Answered():
            return state.offer.agreement_id
        case Held():
            return state.held.agreement_id
        case Closed():
            return state.closed.agreement_id


def answer(state: State, command: AnswerGuidance) -> Event:
    """R12: the company may say no to an offer that stands open."""
    agreement_id = running_agreement(state)
    if not isinstance(state, Offered):
        raise Refused("R12", "no offer of guidance awaits an answer: {how}", how=how_it_stands(state))
    if command.accepted:
        return GuidanceAccepted(agreement_id=agreement_id, answered_at=command.at)
    return GuidanceDeclined(agreement_id=agreement_id, answered_at=command.at, reason=command.reason)


def record_meeting(state: State, command: RecordMeeting) -> GuidanceHeld:
    """R12, R33: meetings and informal contacts, also before an offer and after the end; none that is yet to come."""
    agreement_id = known_agreement(state)
    if command.held_at > command.at:
        raise Refused("R12", "{held_at} has not come yet", held_at=command.held_at.isoformat())
    return GuidanceHeld(
        agreement_id=agreement_id,
        meeting_id=command.meeting_id,
        form=command.form,
        held_at=command.held_at,
        inspector=command.inspector,
        participants=command.participants,
        involvement=command.involvement,
        minutes_spent=command.minutes_spent,
        usefulness=command.usefulness,
        summary=command.summary,
    )


def take_over(command: NoteTurnedControl) -> GuidanceHeld:
    """R21: the visit was guidance instead; it is the same meeting, and keeps its id."""
    fact = command.fact
    return GuidanceHeld(
        agreement_id=fact.agreement_id,
        meeting_id=fact.control_id,
        form=fact.form,
        held_at=fact.held_at,
        inspector=fact.inspector,
        involvement=fact.involvement,
        from_control=fact.control_id,
    )


def close(state: State, command: CloseGuidance) -> Sequence[Event]:
    """The agreement has ended: nothing is due any more."""
    if isinstance(state, Unscheduled | Closed):
        return ()
    return (GuidanceClosed(agreement_id=known_agreement(state), at=command.at),)


def fall_due(state: State, timer: TimerDue) -> Sequence[Event]:
    """R12, R28: what was not offered falls due, and later escalates; a timer that no longer stands does nothing."""
    if not isinstance(state, Awaited) or timers(state).get(timer.name) != timer.due:
        return ()
    fact = GuidanceFellDue if timer.name == DUE else GuidanceBecameOverdue
    return (fact(agreement_id=state.scheduled.agreement_id, at=timer.at),)


def due_of(state: State) -> Deadline | None:
    """R12: until when guidance is offered in time, where that is known."""
    return None if isinstance(state, Unscheduled) or state.scheduled is None else state.scheduled.due


def how_it_stands(state: State) -> str:
    """A word for the phase, for refusals and views."""
    match state:
        case Awaited(overdue=True):
            return "overdue"
        case Awaited(fell_due=True):
            return "due"
        case Unscheduled() | Awaited():
            return "not offered"
        case Offered():
            return "offered"
        case Answered(accepted=accepted):
            return "accepted" if accepted else "declined"
        case Held():
            return "held"
        case Closed():
            return "closed"


def evolve(state: State, event: Event) -> State:
    """The next phase; facts that do not fit leave it as it is, and no fact needs one that the company may not see."""
    match state, event:
        case _, GuidanceScheduled():
            return reschedule(state, event)
        case Closed(), _:
            return state
        case Awaited(), GuidanceFellDue():
            return replace(state, fell_due=True)
        case Awaited(), GuidanceBecameOverdue():
            return replace(state, overdue=True)
        case _, GuidanceOffered():
            return Offered(scheduled_in(state), event)
        case Offered(), (GuidanceAccepted() | GuidanceDeclined()):
            return Answered(state.scheduled, state.offer, isinstance(event, GuidanceAccepted))
        case _, GuidanceHeld() if discharges(state, event):
            return Held(scheduled_in(state), event)
        case _, GuidanceClosed():
            return Closed(scheduled_in(state), event)
        case _:
            return state


def discharges(state: State, held: GuidanceHeld) -> bool:
    """R12, R21: a meeting on an offer, or a control turned into one; an informal contact without an offer does not."""
    return isinstance(state, Offered | Answered | Held) or held.from_control is not None


def reschedule(state: State, scheduled: GuidanceScheduled) -> State:
    """R13: what was due on the old dates is not yet due on the new ones; what was offered stays so."""
    match state:
        case Unscheduled() | Awaited():
            return Awaited(scheduled)
        case Offered() | Answered() | Held() | Closed():
            return replace(state, scheduled=scheduled)


def scheduled_in(state: State) -> GuidanceScheduled | None:
    """The dates that hold, where they are known."""
    return None if isinstance(state, Unscheduled) else state.scheduled


def timers(state: State) -> dict[str, datetime]:
    """R12: guidance not offered falls due as its last day begins, and is overdue a while after it."""
    if not isinstance(state, Awaited):
        return {}
    wanted = {} if state.overdue else {OVERDUE: state.scheduled.overdue_at}
    if not state.fell_due:
        wanted[DUE] = start_of(state.scheduled.due.last_day)
    return wanted


def concerns(state: State) -> dict[str, str]:
    """The legal entity and the unit, where they are known."""
    scheduled = scheduled_in(state)
    return {} if scheduled is None else {"cvr": scheduled.cvr, "pnumber": scheduled.p_number}


GUIDANCE: Decider[State, Command] = Decider(
    name="guidance", initial=Unscheduled(), decide=decide, evolve=evolve, timers=timers, concerns=concerns
)
