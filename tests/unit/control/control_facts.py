"""The facts and commands from which the tests of control tell their stories."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from services.control.planning.rules.calendar import FreePlace
from services.control.rules.after_breach import AnswerHearing, NoteOralAnswer, RequestOrder
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE
from services.control.rules.documentation import ReceiveDocumentation
from services.control.rules.follow_up import HoldFollowUp
from services.control.rules.judgement import CompleteControl
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import StartCourse
from services.control.rules.turned_into_guidance import TurnIntoGuidance
from shared.contracts.control import (
    ChosenDay,
    ComplianceDeadlineSet,
    ControlBooked,
    ControlTurnedIntoGuidance,
    DocumentationPart,
    DocumentationReceived,
    FirstControlReport,
    FollowUpReport,
    HearingAnswered,
    HearingExpired,
    InvestigationConcluded,
    NewInspectionBooked,
    OfferNotAcceptedNoted,
    OrderRequested,
    SpreadFurther,
    UndecidedControlReport,
)
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    ControlOutcome,
    InvestigationOutcome,
    Involvement,
    JudgedBy,
    Measure,
    MeasureObservation,
    MeasureUse,
    SpokeWith,
    Told,
    VisitHours,
)
from shared.eventstore.events import Event
from shared.policy.policies import load_policies
from shared.reference.reference import is_psychosocial
from tests.public_form import public
from tests.unit.scenario import Given, Outcome, scenarios_of

AGREEMENT = UUID(int=1)
CONTROL = UUID(int=2)
OTHER_CONTROL = UUID(int=3)
UNBOOKED = UUID(int=7)
LIFT = UUID(int=4)
GLOVES = UUID(int=5)
REQUEST = UUID(int=6)
CVR, UNIT, INSPECTOR = "13748136", "1000000001", "inspector-1"
NOISE, PSYCHOSOCIAL = "011", "061"
"""Topics: noise in production, and one of the psychosocial group."""
POLICIES = load_policies()
COMPLIANCE_DAY = date(2026, 6, 22)
"""Three months from 20 March is Saturday 20 June; Monday follows."""
given = scenarios_of(COURSE)


def in_calendar(course: Given | Outcome) -> frozenset[str]:
    """The slots in calendars that a course holds; it holds half hours beside each, and what else must be unique."""
    return frozenset(name for name in course.reservations() if name.startswith("place/") and "/slot/" in name)


def at(day: str, time: str = "10:00") -> datetime:
    """A time of a summer day in Copenhagen."""
    return datetime.fromisoformat(f"{day}T{time}+02:00")


CONTROL_TIME = at("2026-07-01")
HEARING_TIME = at("2026-07-10")
ORDER_TIME = at("2026-07-16")
FOLLOW_UP_TIME = at("2027-07-01")


def accepted(topic: str = NOISE, months: int = 3) -> Accepted:
    return Accepted(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic=topic,
        inspector=INSPECTOR,
        period_months=months,
        accepted_at=at("2026-03-20"),
        accepted_by="person-1",
    )


def start(topic: str = NOISE, months: int = 3) -> StartCourse:
    fact = accepted(topic, months)
    return StartCourse(at=fact.accepted_at, policy=POLICIES.at(fact.accepted_at), fact=public(fact))


def started(topic: str = NOISE, months: int = 3) -> ComplianceDeadlineSet:
    return given().when(start(topic, months)).one(ComplianceDeadlineSet)


def measure(measure_id: UUID = LIFT, level: int = 3, psychosocial_level: int | None = None) -> Measure:
    return Measure(
        measure_id=measure_id, kind="technical-aid", ladder_level=level, psychosocial_level=psychosocial_level
    )


def document(
    day: str = "2026-06-01",
    *,
    complete: bool = True,
    places: tuple[UUID, ...] = (),
    measures: tuple[Measure, ...] = (measure(),),
    corrected: frozenset[UUID] = frozenset(),
) -> ReceiveDocumentation:
    return ReceiveDocumentation(
        at=at(day),
        policy=POLICIES.at(at(day)),
        sent_by="person-1",
        told=DocumentationPart(complete=complete, places=places, text="We have bought a lift.", files=()),
        measures=measures,
        corrected=corrected,
        measure_descriptions={one.measure_id: "A lift at station four." for one in measures},
    )


def documented(*history: Event, day: str = "2026-06-01", **changes: Any) -> DocumentationReceived:
    """The part that follows on this history (a course that has just started, where none is given)."""
    command = document(day, **changes)
    return given(*(history or (started(),))).when(command).one(DocumentationReceived)


def free_place(slot: int = 1) -> FreePlace:
    """A place as the calendar of somebody with the usual working day has it: three hours each, from 08:00 on."""
    return FreePlace(slot, VisitHours(begins=time((5 + 3 * slot) % 24), duration_minutes=180))


def book(day: str, *, on: str = "2026-06-02", **changes: Any) -> BookControl:
    values: dict[str, Any] = {
        "at": at(on),
        "policy": POLICIES.at(at(on)),
        "place_id": AGREEMENT,
        "control_id": CONTROL,
        "day": date.fromisoformat(day),
        "place": free_place(),
        "form": ContactForm.VISIT,
        "form_reason": None,
        "announced": False,
        "late_reason": None,
    }
    return BookControl(**with_told(ChosenDay, values | changes))


def booked(*history: Event, day: str = "2026-07-01", **changes: Any) -> ControlBooked:
    """The booking that follows on this history (a course that has just started, where none is given)."""
    return given(*(history or (started(),))).when(book(day, **changes)).one(ControlBooked)


def observed(
    measure_id: UUID = LIFT, use: MeasureUse = MeasureUse.IN_USE, non_use_reason: str | None = None
) -> MeasureObservation:
    return MeasureObservation(measure_id=measure_id, use=use, non_use_reason=non_use_reason)


def with_told(kind: type[Told], values: dict[str, Any]) -> dict[str, Any]:
    """The values of a command, those that somebody tells among them gathered into one."""
    told = {name: value for name, value in values.items() if name in kind.model_fields}
    return {name: value for name, value in values.items() if name not in told} | {"told": kind(**told)}


def complete(
    outcome: ControlOutcome = ControlOutcome.NO_VIOLATION, *, on: datetime = CONTROL_TIME, **changes: Any
) -> CompleteControl:
    values: dict[str, Any] = {
        "at": on,
        "policy": POLICIES.at(on),
        "place_id": AGREEMENT,
        "control_id": UNBOOKED,
        "inspector": INSPECTOR,
        "held_at": None,
        "form": ContactForm.VISIT,
        "form_reason": None,
        "late_reason": None,
        "from_meeting": None,
        "outcome": outcome,
        "concludes": False,
        "judged_by": (JudgedBy.SEEN_IN_USE,),
        "spoke_with": (SpokeWith.MANAGER, SpokeWith.SAFETY_REPRESENTATIVE),
        "measures": (observed(),),
        "involvement": Involvement(),
        "spread": SpreadFurther(),
        "other_findings": (),
        "minutes_spent": None,
        "findings": "The lift stood at station four, and was used.",
        "not_seen": None,
        "photos": (),
    }
    return CompleteControl(**with_told(FirstControlReport, values | changes))


def turn(on: datetime = CONTROL_TIME, reason: str = "work_unfinished", **changes: Any) -> TurnIntoGuidance:
    values: dict[str, Any] = {
        "at": on,
        "policy": POLICIES.at(on),
        "place_id": AGREEMENT,
        "inspector": INSPECTOR,
        "held_at": None,
        "form": ContactForm.VISIT,
        "reason": reason,
        "participants": ("manager", "safety_representative"),
        "purposes": ("how-to-approach",),
        "involvement": Involvement(),
        "minutes_spent": None,
        "summary": "The lift had not been delivered.",
    }
    return TurnIntoGuidance(**with_told(UndecidedControlReport, values | changes))


def turned(*history: Event, on: datetime = CONTROL_TIME) -> ControlTurnedIntoGuidance:
    return given(*history).when(turn(on)).one(ControlTurnedIntoGuidance)


def running(*history: Event) -> Running:
    """The state of a course that runs."""
    state = given(*history).state
    assert isinstance(state, Running)
    return state


def fulfilled_course(measures: tuple[Measure, ...] = (measure(),)) -> tuple[Event, ...]:
    """Documented, controlled on 1 July, and found in order."""
    history = _controlled_course(NOISE, measures)
    seen = tuple(observed(one.measure_id) for one in measures)
    return (*history, *given(*history).when(complete(measures=seen)).events)


def breached_course(topic: str = NOISE, **changes: Any) -> tuple[Event, ...]:
    """Documented, controlled on 1 July, and found in breach; the hearing is open until 15 July."""
    history = _controlled_course(topic, (measure(psychosocial_level=3 if is_psychosocial(topic) else None),))
    return (*history, *given(*history).when(complete(ControlOutcome.VIOLATION, **changes)).events)


def answer_hearing(on: datetime = HEARING_TIME) -> AnswerHearing:
    return AnswerHearing(at=on, person="person-1", answer="The lift is late; it comes next week.")


def note_oral_answer(on: datetime = HEARING_TIME, **changes: Any) -> NoteOralAnswer:
    values: dict[str, Any] = {
        "at": on,
        "noted_by": "supporter-1",
        "said_at": None,
        "participants": ("manager",),
        "answer": "The lift is late.",
    }
    return NoteOralAnswer(**{**values, **changes})


def hearing_answered() -> HearingAnswered:
    return given(*breached_course()).when(answer_hearing()).one(HearingAnswered)


def hearing_expired() -> HearingExpired:
    return HearingExpired(agreement_id=AGREEMENT, at=at("2026-07-16", "00:00"))


def request_order(on: datetime = ORDER_TIME) -> RequestOrder:
    return RequestOrder(
        at=on, request_id=REQUEST, inspector=INSPECTOR, reasons="The noise is as before.", policy=POLICIES.at(on)
    )


def hold_follow_up(on: datetime = FOLLOW_UP_TIME, **changes: Any) -> HoldFollowUp:
    values: dict[str, Any] = {
        "at": on,
        "inspector": INSPECTOR,
        "held_at": None,
        "form": ContactForm.PHONE,
        "spoke_with": (SpokeWith.MANAGER,),
        "measures": (observed(),),
        "spread": SpreadFurther(spread_further=True),
        "minutes_spent": 20,
    }
    return HoldFollowUp(**with_told(FollowUpReport, values | changes))


def order_requested(rule: str) -> OrderRequested:
    return OrderRequested(
        agreement_id=AGREEMENT,
        request_id=REQUEST,
        cvr=CVR,
        p_number=UNIT,
        topic="011",
        requested_at=at("2026-07-20"),
        requested_by=INSPECTOR,
        rule=rule,
        reasons="As before.",
    )


def after_a_no() -> tuple[Event, ...]:
    """Declined, inspected anew, and an order asked for."""
    return (
        OfferNotAcceptedNoted(
            agreement_id=AGREEMENT,
            kind=AgreementKind.SUSPICION,
            cvr=CVR,
            p_number=UNIT,
            topic="011",
            inspector=INSPECTOR,
            how="declined",
            noted_at=at("2026-04-01"),
        ),
        NewInspectionBooked(
            agreement_id=AGREEMENT,
            inspection_id=CONTROL,
            inspector=INSPECTOR,
            day=date(2026, 4, 20),
            slot=1,
            booked_at=at("2026-04-01"),
        ),
        InvestigationConcluded(
            agreement_id=AGREEMENT,
            inspection_id=CONTROL,
            held_at=at("2026-04-20"),
            inspector=INSPECTOR,
            outcome=InvestigationOutcome.ORDER,
            findings="As loud as before.",
        ),
        order_requested("R7"),
    )


def _controlled_course(topic: str, measures: tuple[Measure, ...]) -> tuple[Event, ...]:
    terms = started(topic)
    part = documented(terms, measures=measures)
    return (terms, part, booked(terms, part))
