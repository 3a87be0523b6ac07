"""The course of an agreement from its answer to closing: which rule answers which command in which phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from services.control.planning.rules.calendar import RestsOnCalendars
from services.control.planning.rules.place_names import names_of_place, sought_name
from services.control.rules import (
    after_breach,
    after_offer_not_accepted,
    booking,
    conflicts,
    corrections_as_new_facts,
    documentation,
    drawn_anew,
    extension,
    follow_up,
    fresh_investigation,
    judgement,
    order_requests,
    planned_places,
    recounted_deadlines,
    responsible_inspector,
    sampling,
    start_of_agreement,
    termination,
    turned_into_control,
    turned_into_guidance,
    unit_changes,
    window_risk,
)
from services.control.rules.after_breach import AnswerHearing, NoteOralAnswer, RequestOrder
from services.control.rules.after_offer_not_accepted import (
    BookInspection,
    BookInspectionWhenDue,
    ConcludeInvestigation,
    NoteNotAccepted,
    ReplanInspection,
)
from services.control.rules.booking import BookControl
from services.control.rules.cases_of_inspector import name_of_open_case
from services.control.rules.conflicts import NoteConflicts, conflicting
from services.control.rules.corrections_as_new_facts import CorrectControl
from services.control.rules.documentation import ReceiveDocumentation
from services.control.rules.drawn_anew import DrawAnew
from services.control.rules.extension import GrantExtension, RefuseExtension, RequestExtension
from services.control.rules.follow_up import HoldFollowUp
from services.control.rules.former_visits import former_visit_names, with_former_visits
from services.control.rules.fresh_investigation import InvestigateAfresh
from services.control.rules.judgement import CompleteControl
from services.control.rules.order_requests import NoteOrderIssued, OrderTimer, ResendOrderRequest
from services.control.rules.phases import (
    CHANGES_NOTHING,
    AfterNo,
    Broken,
    Kept,
    NotStarted,
    Running,
    State,
    Stopped,
    how_it_stands,
)
from services.control.rules.phases import evolve as evolve_phase
from services.control.rules.planned_places import NoteNoPlace, PlanPlaces, RedrawPlace
from services.control.rules.responsible_inspector import ChangeInspector
from services.control.rules.running_agreement_index import running_agreement_name
from services.control.rules.sampling import ChooseSample
from services.control.rules.start_of_agreement import NoteTakenOver, StartCourse
from services.control.rules.termination import NoteAnnulment, NoteCarriedOver, Terminate
from services.control.rules.turned_into_control import NoteMeeting
from services.control.rules.turned_into_guidance import TurnIntoGuidance
from services.control.rules.unit_changes import NoteUnitChange
from services.control.rules.window_risk import NoteWindows, window_at_risk_name
from shared.deadlines.copenhagen import start_of
from shared.deadlines.recounting import RecountDeadlines
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class CourseTimer(StrEnum):
    """What falls due in a course, beside its orders."""

    PLAN_CONTROL = "plan-control"
    BOOK_CONTROL = "book-control"
    BOOK_INSPECTION = "book-inspection"
    HEARING = "hearing"
    FOLLOW_UP = "follow-up"


PLAN_CONTROL = CourseTimer.PLAN_CONTROL
BOOK_CONTROL = CourseTimer.BOOK_CONTROL
BOOK_INSPECTION = CourseTimer.BOOK_INSPECTION
HEARING = CourseTimer.HEARING
FOLLOW_UP = CourseTimer.FOLLOW_UP


@dataclass(frozen=True)
class BookWhenDue(RestsOnCalendars):
    """The timer of bookings, with the free days that were found for them."""

    policy: Policy
    """Which the days were chosen by."""
    bookings: tuple[BookControl, ...]
    not_found: tuple[NoteNoPlace, ...] = ()
    """The places for which no day is free for more than a year."""


Command = (
    StartCourse
    | NoteNotAccepted
    | NoteMeeting
    | NoteAnnulment
    | NoteOrderIssued
    | NoteUnitChange
    | NoteCarriedOver
    | NoteConflicts
    | NoteWindows
    | NoteTakenOver
    | BookInspectionWhenDue
    | ReplanInspection
    | DrawAnew
    | ReceiveDocumentation
    | BookControl
    | BookWhenDue
    | PlanPlaces
    | RedrawPlace
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
    | RecountDeadlines
    | TimerDue
)


def decide(state: State, command: Command) -> Sequence[Event]:
    """Refuses people's commands with the rule's id; reactions and timers that come late lead to nothing (R28).

    Each command is named: one that is forgotten here fails the type check.
    """
    match command:
        case StartCourse():
            return start_of_agreement.start(command) if isinstance(state, NotStarted) else ()
        case NoteNotAccepted():
            return after_offer_not_accepted.begin(command) if isinstance(state, NotStarted) else ()
        case BookWhenDue():
            return _book_when_due(state, command) if isinstance(state, Running) else ()
        case PlanPlaces():
            return planned_places.plan(state, command) if isinstance(state, Running) else ()
        case NoteMeeting():
            return turned_into_control.note(state, command) if isinstance(state, Running) else ()
        case NoteAnnulment():
            return termination.note_annulment(state, command) if isinstance(state, Running) else ()
        case NoteCarriedOver():
            return termination.note_carried_over(state, command) if isinstance(state, Running) else ()
        case NoteUnitChange():
            return unit_changes.note(state, command)
        case BookInspectionWhenDue():
            return after_offer_not_accepted.book_when_due(state, command) if isinstance(state, AfterNo) else ()
        case ReplanInspection():
            return after_offer_not_accepted.replan(state, command) if isinstance(state, AfterNo) else ()
        case DrawAnew():
            return drawn_anew.draw_anew(state, command) if isinstance(state, Running | AfterNo) else ()
        case NoteOrderIssued():
            return order_requests.note_issued(state, command) if isinstance(state, Broken | AfterNo) else ()
        case NoteConflicts():
            return conflicts.note(state, command) if isinstance(state, Running | Kept | Broken | Stopped) else ()
        case NoteWindows():
            return window_risk.note(state, command) if isinstance(state, Running) else ()
        case NoteTakenOver():
            return start_of_agreement.note_taken_over(state, command)
        case RecountDeadlines():
            return recounted_deadlines.recount(state, command)
        case TimerDue():
            return fall_due(state, command)
        case ReceiveDocumentation():
            return (documentation.receive(require_running("R16", state), command),)
        case BookControl():
            return booking.book(require_running("R17", state), command)
        case RedrawPlace():
            return planned_places.redraw(require_running("R18", state), command)
        case ChooseSample():
            return sampling.choose(require_running("R19", state), command)
        case CompleteControl():
            return judgement.complete(require_running("R20", state), command)
        case TurnIntoGuidance():
            return (turned_into_guidance.turn_into_guidance(require_running("R21", state), command),)
        case InvestigateAfresh():
            return (fresh_investigation.investigate_afresh(require_running("R21", state), command),)
        case RequestExtension():
            return (extension.request(require_running("R13", state), command),)
        case GrantExtension():
            return (extension.grant(require_running("R13", state), command),)
        case RefuseExtension():
            return (extension.refuse(require_running("R13", state), command),)
        case Terminate():
            return termination.terminate(require_running("R14", state), command)
        case CorrectControl():
            return corrections_as_new_facts.correct(require_controlled("R30", state), command)
        case ChangeInspector():
            return responsible_inspector.change(require_responsible("R15", state), command)
        case AnswerHearing():
            return (after_breach.answer_hearing(require_broken("R22", state), command),)
        case NoteOralAnswer():
            return (after_breach.note_oral_answer(require_broken("R22", state), command),)
        case RequestOrder():
            return after_breach.request_order(require_broken("R22", state), command)
        case ResendOrderRequest():
            if isinstance(state, AfterNo):
                return (order_requests.resend("R7", state, command),)
            return (order_requests.resend("R22", require_broken("R22", state), command),)
        case HoldFollowUp():
            return (follow_up.hold(require_kept("R24", state), command),)
        case BookInspection():
            return (after_offer_not_accepted.book(require_not_accepted("R7", state), command),)
        case ConcludeInvestigation():
            return after_offer_not_accepted.conclude(require_not_accepted("R7", state), command)
        case _:
            assert_never(command)


def _book_when_due(course: Running, command: BookWhenDue) -> tuple[Event, ...]:
    missing = planned_places.recorded(course, command.not_found)
    return *booking.book_when_due(course, command.bookings), *missing


def no_place_in(state: State, rule: str) -> Refused:
    """Returns the refusal of a command that does not fit the agreement's phase, by the rule that says where it fits."""
    return Refused(rule, "the agreement is {how}", how=how_it_stands(state))


def require_running(rule: str, state: State) -> Running:
    """Returns the running agreement; refuses a command that only fits before the decision."""
    if not isinstance(state, Running):
        raise no_place_in(state, rule)
    return state


def require_controlled(rule: str, state: State) -> Running | Kept | Broken:
    """Returns the agreement, in any phase in which a control may have been held; refuses the command in others."""
    if not isinstance(state, Running | Kept | Broken):
        raise no_place_in(state, rule)
    return state


def require_responsible(rule: str, state: State) -> Running | Kept | Broken | AfterNo:
    """Returns the agreement, in any phase in which somebody has something left to do; refuses the command in others."""
    if not isinstance(state, Running | Kept | Broken | AfterNo):
        raise no_place_in(state, rule)
    return state


def require_kept(rule: str, state: State) -> Kept:
    """Returns the fulfilled agreement; refuses a command that only fits after fulfilment."""
    if not isinstance(state, Kept):
        raise no_place_in(state, rule)
    return state


def require_broken(rule: str, state: State) -> Broken:
    """Returns the breached agreement; refuses a command that only fits after a breach."""
    if not isinstance(state, Broken):
        raise no_place_in(state, rule)
    return state


def require_not_accepted(rule: str, state: State) -> AfterNo:
    """Returns the matter after an offer that was not accepted; refuses the command elsewhere."""
    if not isinstance(state, AfterNo):
        raise no_place_in(state, rule)
    return state


def evolve(state: State, event: Event) -> State:
    """R17: returns the state after a fact, with the visits that have left a calendar by it."""
    return with_former_visits(state, evolve_phase(state, event))


def fall_due(state: State, timer: TimerDue) -> Sequence[Event]:
    """R7, R17, R22, R24, R28: records what a timer causes; nothing where the state no longer needs the timer."""
    if timers(state).get(timer.name) != timer.due:
        return ()
    if timer.name.startswith(tuple(OrderTimer)):
        assert isinstance(state, Broken | AfterNo), "the timers of orders stand where orders were asked for"
        return order_requests.fall_due(state, timer)
    name = CourseTimer(timer.name)
    match name:
        case CourseTimer.HEARING:
            assert isinstance(state, Broken), "a hearing follows a breach"
            return (after_breach.expire_hearing(state, timer),)
        case CourseTimer.FOLLOW_UP:
            assert isinstance(state, Kept), "a follow-up follows fulfilment"
            return (follow_up.fall_due(state, timer),)
        case CourseTimer.PLAN_CONTROL | CourseTimer.BOOK_CONTROL | CourseTimer.BOOK_INSPECTION:
            return ()  # PlanPlaces, BookWhenDue or BookInspectionWhenDue falls due instead, with looked-up days.
        case _:
            assert_never(name)


def timers(state: State) -> dict[str, datetime]:
    """R7, R17, R22, R24: plans and bookings, the end of the hearing, orders that are awaited, the follow-up."""
    match state:
        case Running():
            planned, booked = planned_places.planning_due(state), booking.booking_due(state)
            plan: dict[str, datetime] = {} if planned is None else {PLAN_CONTROL: planned}
            return plan if booked is None else {**plan, BOOK_CONTROL: booked}
        case Broken(hearing=hearing, heard=heard):
            wanted: dict[str, datetime] = {} if hearing is None or heard else {HEARING: hearing.expires_at}
            return wanted | order_requests.timers(state.orders)
        case Kept(follow_up_due=False, followed_up=False) if state.fulfilled.follow_up_on is not None:
            return {FOLLOW_UP: start_of(state.fulfilled.follow_up_on)}
        case AfterNo():
            inspection = after_offer_not_accepted.inspection_due(state)
            wanted = {} if inspection is None else {BOOK_INSPECTION: inspection}
            return wanted | order_requests.timers(state.orders)
        case NotStarted() | Kept() | Stopped():
            return {}
        case _:
            assert_never(state)


def reservations(state: State) -> frozenset[str]:
    """R11, R17: returns the reserved names: places in calendars, and unit and topic of a running agreement.

    R15: also whose open case it is. R17: in whose calendar it looks for a place, and its controls that may be late.
    R17: also the visits that have left a calendar. R41: with which cases it is in conflict.
    """
    return _found_by(state) | name_of_open_case(state) | former_visit_names(state)


def _found_by(state: State) -> frozenset[str]:
    match state:
        case Running(started=started):
            planned = (name for one in state.plans.values() for name in names_of_place(one))
            booked = (name for one in state.bookings.values() for name in names_of_place(one))
            running = (
                running_agreement_name(place.p_number, started.topic, started.agreement_id) for place in state.places
            )
            sought = (sought_name(one.inspector, started.agreement_id) for one in state.not_found.values())
            conflicts_standing = (conflicting(other, started.agreement_id) for other in state.conflicts)
            at_risk = (
                window_at_risk_name(started.agreement_id, place) for place in state.awaited if place in state.at_risk
            )
            return frozenset((*planned, *booked, *sought, *running, *conflicts_standing, *at_risk))
        case AfterNo(noted=noted, booking=inspection, not_found=not_found):
            places = frozenset[str]() if inspection is None else names_of_place(inspection)
            return places | ({sought_name(not_found.inspector, noted.agreement_id)} if not_found else frozenset())
        case Kept(course=course) | Broken(course=course) | Stopped(course=course):
            return frozenset(conflicting(other, course.started.agreement_id) for other in course.conflicts)
        case NotStarted():
            return frozenset()
        case _:
            assert_never(state)


def concerns(state: State) -> dict[str, str]:
    """Returns the legal entity and the unit, which travel beside the facts."""
    match state:
        case NotStarted():
            return {}
        case AfterNo(noted=noted):
            return {"cvr": noted.cvr, "pnumber": noted.p_number}
        case Running(started=started):
            return {"cvr": started.cvr, "pnumber": started.p_number}
        case Kept() | Broken() | Stopped():
            return concerns(state.course)
        case _:
            assert_never(state)


def responsible(state: State) -> str | None:
    """R15: returns the responsible inspector, for whom others of the authority act."""
    match state:
        case NotStarted():
            return None
        case Running() | AfterNo():
            return state.inspector
        case Kept() | Broken() | Stopped():
            return state.course.inspector
        case _:
            assert_never(state)


COURSE: Decider[State, Command] = Decider(
    name="course",
    initial=NotStarted(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    reservations=reservations,
    concerns=concerns,
    responsible=responsible,
    changes_nothing=CHANGES_NOTHING,
    of_a_case=True,
    catches_up=frozenset({PLAN_CONTROL, BOOK_CONTROL, BOOK_INSPECTION}),
)
