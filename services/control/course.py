"""The course of an agreement from acceptance to closing: which rule answers which command in which phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.control import after_breach, booking, documentation, follow_up, judgement, turned_into_guidance
from services.control.after_breach import AnswerHearing, RequestOrder
from services.control.booking import BookControl
from services.control.documentation import ReceiveDocumentation
from services.control.follow_up import HoldFollowUp
from services.control.judgement import CompleteControl
from services.control.phases import Broken, Kept, NotStarted, Running, State, evolve, how_it_stands
from services.control.turned_into_guidance import TurnIntoGuidance
from shared.contracts.control import ComplianceDeadlineSet
from shared.contracts.offers import Accepted
from shared.deadlines.copenhagen import start_of
from shared.deadlines.deadlines import booking_due_at, compliance_deadline, control_window
from shared.kernel.decider import Decider, Refused, TimerDue
from shared.kernel.events import Event
from shared.policy.policy import Policy

BOOK_CONTROL = "book-control"
HEARING = "hearing"
FOLLOW_UP = "follow-up"


@dataclass(frozen=True)
class StartCourse:
    """Reaction: the offer was accepted."""

    at: datetime
    policy: Policy
    fact: Accepted


@dataclass(frozen=True)
class BookWhenDue:
    """The timer of a booking, with the free day that was found for it."""

    booking: BookControl


Command = (
    StartCourse
    | ReceiveDocumentation
    | BookControl
    | BookWhenDue
    | CompleteControl
    | TurnIntoGuidance
    | AnswerHearing
    | RequestOrder
    | HoldFollowUp
    | TimerDue
)


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses people's commands with the rule's id; reactions and timers never refuse."""
    match state, command:
        case NotStarted(), StartCourse():
            return (start(command),)
        case _, TimerDue() if timers(state).get(command.name) != command.due:
            return ()  # settled otherwise, or moved, since the timer fired (R28)
        case _, BookWhenDue():
            return booking.book_when_due(state, command.booking)
        case Kept(), TimerDue(name="follow-up"):
            return (follow_up.fall_due(state, command),)
        case Broken(), TimerDue(name="hearing"):
            return (after_breach.expire_hearing(state, command),)
        case _, (StartCourse() | TimerDue()):
            return ()
        case Running(), ReceiveDocumentation():
            return (documentation.receive(state, command),)
        case Running(), BookControl():
            return (booking.book(state, command),)
        case Running(), CompleteControl():
            return judgement.complete(state, command)
        case Running(), TurnIntoGuidance():
            return (turned_into_guidance.turn_into_guidance(state, command),)
        case Broken(), AnswerHearing():
            return (after_breach.answer_hearing(state, command),)
        case Broken(), RequestOrder():
            return (after_breach.request_order(state, command),)
        case Kept(), HoldFollowUp():
            return (follow_up.hold(state, command),)
        case _:
            raise Refused(_rule(command), "the agreement is {how}", how=how_it_stands(state))


def start(command: StartCourse) -> ComplianceDeadlineSet:
    """R10, R17: the compliance deadline counts from the acceptance; the control's window from that deadline."""
    fact, policy = command.fact, command.policy
    deadline = compliance_deadline(fact.accepted_at, fact.period_months, policy)
    return ComplianceDeadlineSet(
        agreement_id=fact.agreement_id,
        cvr=fact.cvr,
        p_number=fact.p_number,
        topic=fact.topic,
        inspector=fact.inspector,
        accepted_at=fact.accepted_at,
        compliance_deadline=deadline,
        control_window=control_window(deadline, policy),
        books_control_at=booking_due_at(deadline, policy),
    )


def timers(state: State) -> dict[str, datetime]:
    """R17, R22, R24: the booking of a control, the end of the hearing, the follow-up."""
    match state:
        case Running() if due := booking.booking_due(state):
            return {BOOK_CONTROL: due}
        case Broken(hearing=hearing, heard=False) if hearing is not None:
            return {HEARING: hearing.expires_at}
        case Kept(follow_up_due=False, followed_up=False) if state.fulfilled.follow_up_on is not None:
            return {FOLLOW_UP: start_of(state.fulfilled.follow_up_on)}
        case _:
            return {}


def reservations(state: State) -> frozenset[str]:
    """R17: the booked place in the inspector's calendar."""
    if not isinstance(state, Running) or state.booking is None:
        return frozenset()
    booked = state.booking
    return frozenset({f"calendar/{booked.inspector}/{booked.day.isoformat()}/{booked.slot}"})


def concerns(state: State) -> dict[str, str]:
    """The legal entity and the unit."""
    return {} if isinstance(state, NotStarted) else {"cvr": state.started.cvr, "pnumber": state.started.p_number}


def _rule(command: Command) -> str:
    """The rule that says in which phase a command has its place."""
    match command:
        case ReceiveDocumentation():
            return "R16"
        case BookControl():
            return "R17"
        case CompleteControl():
            return "R20"
        case TurnIntoGuidance():
            return "R21"
        case AnswerHearing() | RequestOrder():
            return "R22"
        case _:
            return "R24"


COURSE: Decider[State, Command] = Decider(
    name="course",
    initial=NotStarted(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
)
