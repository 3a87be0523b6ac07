"""The course of an agreement from its answer to closing: which rule answers which command in which phase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.control.rules import (
    after_breach,
    after_no,
    booking,
    correction,
    documentation,
    drawn_anew,
    extension,
    follow_up,
    fresh_investigation,
    judgement,
    order_requests,
    responsible_inspector,
    sampling,
    starting,
    termination,
    turned_into_control,
    turned_into_guidance,
)
from services.control.rules.after_breach import AnswerHearing, NoteOralAnswer, RequestOrder
from services.control.rules.after_no import (
    BookInspection,
    BookInspectionWhenDue,
    ConcludeInvestigation,
    NoteNotAccepted,
)
from services.control.rules.booking import BookControl
from services.control.rules.calendar_places import calendar_place
from services.control.rules.correction import CorrectControl
from services.control.rules.documentation import ReceiveDocumentation
from services.control.rules.drawn_anew import DrawAnew
from services.control.rules.extension import GrantExtension, RefuseExtension, RequestExtension
from services.control.rules.follow_up import HoldFollowUp
from services.control.rules.fresh_investigation import InvestigateAfresh
from services.control.rules.judgement import CompleteControl
from services.control.rules.order_requests import NoteOrderIssued, ResendOrderRequest
from services.control.rules.phases import AfterNo, Broken, Kept, NotStarted, Running, State, evolve, how_it_stands
from services.control.rules.responsible_inspector import ChangeInspector
from services.control.rules.running_at import runs_at
from services.control.rules.sampling import ChooseSample
from services.control.rules.starting import StartCourse
from services.control.rules.termination import NoteAnnulment, Terminate
from services.control.rules.turned_into_control import NoteMeeting
from services.control.rules.turned_into_guidance import TurnIntoGuidance
from shared.contracts.control import NewInspectionBooked
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import Decider, Refused, TimerDue
from shared.eventstore.events import Event
from shared.policy.policy import Policy

BOOK_CONTROL = "book-control"
BOOK_INSPECTION = "book-inspection"
HEARING = "hearing"
FOLLOW_UP = "follow-up"


@dataclass(frozen=True)
class BookWhenDue:
    """The timer of bookings, with the free days that were found for them."""

    policy: Policy
    """Which the days were chosen by."""
    bookings: tuple[BookControl, ...]


Command = (
    StartCourse
    | NoteNotAccepted
    | NoteMeeting
    | NoteAnnulment
    | NoteOrderIssued
    | BookInspectionWhenDue
    | DrawAnew
    | ReceiveDocumentation
    | BookControl
    | BookWhenDue
    | ChooseSample
    | CompleteControl
    | CorrectControl
    | TurnIntoGuidance
    | InvestigateAfresh
    | AnswerHearing
    | NoteOralAnswer
    | RequestOrder
    | HoldFollowUp
    | RequestExtension
    | GrantExtension
    | RefuseExtension
    | Terminate
    | ChangeInspector
    | BookInspection
    | ConcludeInvestigation
    | ResendOrderRequest
    | TimerDue
)

_RULES: Mapping[type, str] = {
    BookInspection: "R7",
    ConcludeInvestigation: "R7",
    RequestExtension: "R13",
    GrantExtension: "R13",
    RefuseExtension: "R13",
    Terminate: "R14",
    ChangeInspector: "R15",
    ResendOrderRequest: "R22",
    ReceiveDocumentation: "R16",
    BookControl: "R17",
    ChooseSample: "R19",
    CompleteControl: "R20",
    TurnIntoGuidance: "R21",
    InvestigateAfresh: "R21",
    AnswerHearing: "R22",
    NoteOralAnswer: "R22",
    RequestOrder: "R22",
    HoldFollowUp: "R24",
    CorrectControl: "R30",
}
"""The rule that says in which phase a command has its place."""


Reaction = (
    StartCourse
    | NoteNotAccepted
    | NoteMeeting
    | NoteAnnulment
    | NoteOrderIssued
    | BookWhenDue
    | BookInspectionWhenDue
    | DrawAnew
    | TimerDue
)
"""What facts of others, timers and steps of a release lead to."""


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses people's commands with the rule's id; reactions and timers never refuse."""
    if isinstance(command, Reaction):
        return _react(state, command)
    match state:
        case Running():
            decided = _decide_running(state, command)
        case Kept() | Broken():
            decided = _decide_ended(state, command)
        case AfterNo():
            decided = _decide_after_no(state, command)
        case _:
            decided = None
    if decided is None:
        raise Refused(_RULES[type(command)], "the agreement is {how}", how=how_it_stands(state))
    return decided


def _react(state: State, command: Reaction) -> Sequence[Event]:
    """Nothing where something else has come first (R28)."""
    match state, command:
        case NotStarted(), StartCourse():
            return starting.start(command)
        case NotStarted(), NoteNotAccepted():
            return after_no.begin(command)
        case Running(), BookWhenDue():
            return booking.book_when_due(state, command.bookings)
        case Running(), NoteMeeting():
            return turned_into_control.note(state, command)
        case Running(), NoteAnnulment():
            return termination.note_annulment(state, command)
        case AfterNo(), BookInspectionWhenDue():
            return after_no.book_when_due(state, command)
        case ((Running() | AfterNo()), DrawAnew()):
            return drawn_anew.draw_anew(state, command)
        case ((Broken() | AfterNo()), NoteOrderIssued()):
            return order_requests.note_issued(state, command)
        case _, TimerDue() if timers(state).get(command.name) == command.due:
            return _fall_due(state, command)
        case _:
            return ()


def _fall_due(state: State, timer: TimerDue) -> Sequence[Event]:
    match state:
        case Kept():
            return (follow_up.fall_due(state, timer),)
        case Broken() if timer.name == HEARING:
            return (after_breach.expire_hearing(state, timer),)
        case Broken() | AfterNo():
            return order_requests.fall_due(state, timer)
        case _:
            return ()


def _decide_running(state: Running, command: Command) -> Sequence[Event] | None:
    """None where the command has no place in this phase; so in the two below."""
    match command:
        case ReceiveDocumentation():
            return (documentation.receive(state, command),)
        case BookControl():
            return booking.book(state, command)
        case ChooseSample():
            return sampling.choose(state, command)
        case CompleteControl():
            return judgement.complete(state, command)
        case CorrectControl():
            return correction.correct(state, command)
        case TurnIntoGuidance():
            return (turned_into_guidance.turn_into_guidance(state, command),)
        case InvestigateAfresh():
            return (fresh_investigation.investigate_afresh(state, command),)
        case RequestExtension():
            return (extension.request(state, command),)
        case GrantExtension():
            return (extension.grant(state, command),)
        case RefuseExtension():
            return (extension.refuse(state, command),)
        case Terminate():
            return termination.terminate(state, command)
        case ChangeInspector():
            return responsible_inspector.change(state, command)
        case _:
            return None


def _decide_ended(state: Kept | Broken, command: Command) -> Sequence[Event] | None:
    match state, command:
        case _, CorrectControl():
            return correction.correct(state, command)
        case _, ChangeInspector():
            return responsible_inspector.change(state, command)
        case Broken(), AnswerHearing():
            return (after_breach.answer_hearing(state, command),)
        case Broken(), NoteOralAnswer():
            return (after_breach.note_oral_answer(state, command),)
        case Broken(), RequestOrder():
            return after_breach.request_order(state, command)
        case Broken(), ResendOrderRequest():
            return (order_requests.resend("R22", state, command),)
        case Kept(), HoldFollowUp():
            return (follow_up.hold(state, command),)
        case _:
            return None


def _decide_after_no(state: AfterNo, command: Command) -> Sequence[Event] | None:
    match command:
        case BookInspection():
            return (after_no.book(state, command),)
        case ConcludeInvestigation():
            return after_no.conclude(state, command)
        case ResendOrderRequest():
            return (order_requests.resend("R7", state, command),)
        case ChangeInspector():
            return responsible_inspector.change(state, command)
        case _:
            return None


def timers(state: State) -> dict[str, datetime]:
    """R7, R17, R22, R24: bookings, the end of the hearing, orders that are awaited, the follow-up."""
    match state:
        case Running() if due := booking.booking_due(state):
            return {BOOK_CONTROL: due}
        case Broken(hearing=hearing, heard=heard):
            wanted = {} if hearing is None or heard else {HEARING: hearing.expires_at}
            return wanted | order_requests.timers(state.orders)
        case Kept(follow_up_due=False, followed_up=False) if state.fulfilled.follow_up_on is not None:
            return {FOLLOW_UP: start_of(state.fulfilled.follow_up_on)}
        case AfterNo():
            inspection = after_no.inspection_due(state)
            wanted = {} if inspection is None else {BOOK_INSPECTION: inspection}
            return wanted | order_requests.timers(state.orders)
        case _:
            return {}


def reservations(state: State) -> frozenset[str]:
    """R17: the booked places in the inspector's calendar. R11: where an agreement runs, and on what topic."""
    match state:
        case Running(started=started):
            booked = (calendar_place(one.inspector, one.day, one.slot) for one in state.bookings.values())
            running = (runs_at(place.p_number, started.topic, started.agreement_id) for place in state.places)
            return frozenset((*booked, *running))
        case AfterNo(booking=NewInspectionBooked() as booked_inspection):
            return frozenset(
                {calendar_place(booked_inspection.inspector, booked_inspection.day, booked_inspection.slot)}
            )
        case _:
            return frozenset()


def concerns(state: State) -> dict[str, str]:
    """The legal entity and the unit."""
    match state:
        case NotStarted():
            return {}
        case AfterNo(noted=noted):
            return {"cvr": noted.cvr, "pnumber": noted.p_number}
        case Running(started=started):
            return {"cvr": started.cvr, "pnumber": started.p_number}
        case _:
            return concerns(state.course)


def responsible(state: State) -> str | None:
    """R15: the inspector for whom others of the authority stand in."""
    match state:
        case NotStarted():
            return None
        case Running() | AfterNo():
            return state.inspector
        case _:
            return state.course.inspector


COURSE: Decider[State, Command] = Decider(
    name="course",
    initial=NotStarted(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
    responsible=responsible,
)
