"""The phases of an agreement from the answer to its offer on, and how facts lead from one to the next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from services.control.rules.lateness import INVESTIGATED_AFRESH, TURNED_INTO_GUIDANCE, Limit
from services.control.rules.requested_order_state import RequestedOrder, orders_after
from shared.contracts.control import (
    AgreementUnitChanged,
    Breached,
    ComplianceDeadlineSet,
    ConflictEnded,
    ConflictFlagged,
    ControlBooked,
    ControlPlanned,
    CourseTakenOver,
    FollowUpFellDue,
    Fulfilled,
    GuidanceMeetingNoted,
    HearingExpired,
    HearingOpened,
    Judgement,
    NewInspectionBooked,
    OfferNotAcceptedNoted,
    PlaceFitsAgain,
    PlaceNotFound,
    SampleChosen,
    WindowAtRisk,
    WindowSafeAgain,
)
from shared.contracts.public_forms import (
    AnnouncedControlCancelled,
    ComplianceDeadlineRecounted,
    ControlCompleted,
    ControlCorrected,
    ControlTurnedIntoGuidance,
    ControlWindowRecounted,
    DecisionRevoked,
    DocumentationReceived,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    FollowUpHeld,
    FreshInvestigationNeeded,
    HearingAnswered,
    HearingDeadlineRecounted,
    InspectorChanged,
    InvestigationConcluded,
    OtherFindingRecorded,
    RedrawAsked,
    Terminated,
)
from shared.contracts.vocabulary import Measure, Place, PlanCause
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event

Value = TypeVar("Value")
DRAWN = "control"
"""Value of `chosen_by` in a sample that was drawn."""


FormerVisits = Mapping[tuple[str, UUID], date]
"""R17: by inspector and place, the day of the last visit that has left the inspector's calendar."""


@dataclass(frozen=True)
class Change:
    """The latest change in a course for which a control may need a place, or another one (R17)."""

    at: datetime
    cause: PlanCause


@dataclass(frozen=True)
class NotStarted:
    """No agreement runs."""


@dataclass(frozen=True)
class Running:
    """The agreement was accepted, and is not decided yet. What differs between places is kept by place (R19)."""

    started: ComplianceDeadlineSet
    inspector: str
    """R15: id of the inspector who is responsible now."""
    deadline: Deadline
    """R10, R13: the current compliance deadline."""
    window_after_deadline: Deadline
    """R17: the days for the control if no complete documentation was received."""
    books_control_at: datetime
    sample: tuple[UUID, ...]
    """R19: the places that are to be controlled."""
    latest_change: Change
    drawn: frozenset[UUID] = frozenset()
    """R19: the places of the sample that were drawn, and so cannot be left out."""
    parts: int = 0
    complete: DocumentationReceived | None = None
    measures: tuple[Measure, ...] = ()
    bookings: Mapping[UUID, ControlBooked] = field(default_factory=dict)
    plans: Mapping[UUID, ControlPlanned] = field(default_factory=dict)
    """R17: the places in a calendar of controls that are not booked yet."""
    not_found: Mapping[UUID, PlaceNotFound] = field(default_factory=dict)
    """R17: the places whose control found no place in a calendar when it was looked for last."""
    results: Mapping[UUID, ControlCompleted] = field(default_factory=dict)
    """The latest result of the control of each place, as corrected."""
    reopened: Mapping[UUID, datetime] = field(default_factory=dict)
    """R21: when a control of the place decided nothing and a new one became due."""
    undecided: Mapping[UUID, str] = field(default_factory=dict)
    """R21: for places where a control decided nothing, the code of the reason if the next control is late."""
    used_up: frozenset[UUID] = frozenset()
    """R21: the places for which no working day of the window was left after such a control."""
    in_former_windows: frozenset[UUID] = frozenset()
    """R21: ids of controls booked while a former rule lengthened the window; they keep their day."""
    meetings: Mapping[UUID, GuidanceMeetingNoted] = field(default_factory=dict)
    extension: ExtensionRequested | None = None
    """R13: a request that awaits its answer."""
    unit_changes: tuple[AgreementUnitChanged, ...] = ()
    """R40: the changes of its units, in the order of the days from which they hold."""
    conflicts: Mapping[UUID, ConflictFlagged] = field(default_factory=dict)
    """R41: the current conflicts, by the id of the order or of the other agreement."""
    at_risk: Mapping[UUID, WindowAtRisk] = field(default_factory=dict)
    """R17: by place, the controls that may have to be held after their window."""
    former_visits: FormerVisits = field(default_factory=dict)

    @property
    def changed_units(self) -> frozenset[str]:
        """R40: returns the P-numbers of units that have another legal entity now, or ceased."""
        return changed_by(self.unit_changes)

    @property
    def places(self) -> tuple[Place, ...]:
        """R10, R19: returns the included places; the first, where the matter arose, has the agreement's own id."""
        return places_of(self.started)

    @property
    def awaited(self) -> tuple[UUID, ...]:
        """R19: returns the places of the sample that no control has decided about yet."""
        return tuple(place for place in self.sample if place not in self.results)

    def window(self, place: UUID) -> Deadline:
        """R17: returns the days for the control of a place, from the complete documentation or else from the deadline.

        R19, R21: the days are equal for every place, and a control that decides nothing does not change them.
        """
        window = self.complete.control_window if self.complete is not None else None
        return self.window_after_deadline if window is None else window

    def limit(self, place: UUID) -> Limit:
        """R17, R21: returns until when the control of a place is in time, and why it may be held later."""
        return Limit(self.window(place).last_day, self.undecided.get(place), used_up=place in self.used_up)


@dataclass(frozen=True)
class Kept:
    """The agreement was fulfilled; a follow-up asks about the measures a year later (R24)."""

    course: Running
    """The course as it was at the decision; a correction may restore it (R30)."""
    fulfilled: Fulfilled
    follow_up_due: bool = False
    followed_up: bool = False


@dataclass(frozen=True)
class Broken:
    """The agreement was breached; the company is heard, then orders are requested (R22)."""

    course: Running
    breached: Breached
    hearing: HearingOpened | None = None
    heard: bool = False
    orders: tuple[RequestedOrder, ...] = ()


@dataclass(frozen=True)
class Stopped:
    """One side ended the agreement, which is neither fulfilled nor breached (R14)."""

    course: Running
    terminated: Terminated


@dataclass(frozen=True)
class AfterNo:
    """The offer was not accepted: a new inspection resumes the investigation, or an order is requested at once (R7)."""

    noted: OfferNotAcceptedNoted
    inspector: str
    """R15: id of the inspector who is responsible now."""
    booking: NewInspectionBooked | None = None
    not_found: PlaceNotFound | None = None
    """R17: that no place in a calendar was found for the inspection when it was looked for last."""
    concluded: InvestigationConcluded | None = None
    orders: tuple[RequestedOrder, ...] = ()
    unit_changes: tuple[AgreementUnitChanged, ...] = ()
    """R40: the changes of its unit, in the order of the days from which they hold."""
    former_visits: FormerVisits = field(default_factory=dict)

    @property
    def changed_units(self) -> frozenset[str]:
        """R40: returns the P-number of the unit if it has another legal entity now, or ceased."""
        return changed_by(self.unit_changes)


State = NotStarted | Running | Kept | Broken | Stopped | AfterNo


def changed_by(changes: Sequence[AgreementUnitChanged]) -> frozenset[str]:
    """R40: returns the units with an unsettled last change; the changes are in the order of their days."""
    last = {change.p_number: change for change in changes}
    return frozenset(p_number for p_number, change in last.items() if not change.settled)


def places_of(started: ComplianceDeadlineSet) -> tuple[Place, ...]:
    """R10, R19: returns the places that an agreement includes.

    Facts of the first release name no places: there the one place is where the suspicion arose.
    """
    return started.places or (Place(place_id=started.agreement_id, p_number=started.p_number),)


CHANGES_NOTHING: frozenset[type[Event]] = frozenset({OtherFindingRecorded, RedrawAsked, CourseTakenOver})
"""R20: a finding on another topic is handled outside of the agreement; it decides nothing here.

R18: that a redraw was asked for is kept; the day that was drawn is a fact of its own.

R28: that a case was taken over arms its timers again, and changes nothing else.
"""


def evolve(state: State, event: Event) -> State:
    """Returns the next phase; facts that do not fit leave it unchanged."""
    match state:
        case NotStarted():
            return _begun(state, event)
        case Running():
            return _run_on(state, event)
        case Kept():
            return _kept_on(state, event)
        case Broken():
            return _broken_on(state, event)
        case AfterNo():
            return _after_no(state, event)
        case Stopped():
            return replace(state, course=_conflicting(state.course, event))


def how_it_stands(state: State) -> str:
    """Returns a word for the phase, for refusals and views."""
    match state:
        case NotStarted():
            return "not_running"
        case Running():
            return "running"
        case Kept():
            return "fulfilled"
        case Broken():
            return "breached"
        case Stopped():
            return "terminated"
        case AfterNo():
            return "not_accepted"


def _begun(state: NotStarted, event: Event) -> State:
    match event:
        case ComplianceDeadlineSet():
            return Running(
                started=event,
                inspector=event.inspector,
                deadline=event.compliance_deadline,
                window_after_deadline=event.control_window,
                books_control_at=event.books_control_at,
                sample=(event.agreement_id,),
                latest_change=Change(event.accepted_at, PlanCause.ACCEPTED),
            )
        case OfferNotAcceptedNoted():
            return AfterNo(event, event.inspector)
        case _:
            return state


def _run_on(state: Running, event: Event) -> State:
    match event:
        case ExtensionRequested():
            return replace(state, extension=event)
        case ExtensionRefused():
            return replace(state, extension=None)
        case ExtensionGranted():
            return replace(
                state,
                extension=None,
                deadline=event.compliance_deadline,
                window_after_deadline=event.control_window,
                books_control_at=event.books_control_at,
                used_up=frozenset() if state.complete is None else state.used_up,
                latest_change=Change(event.granted_at, PlanCause.DEADLINE_EXTENDED),
            )
        case ComplianceDeadlineRecounted() | ControlWindowRecounted():
            return _recounted(state, event)
        case InspectorChanged():
            moved = Change(event.changed_at, PlanCause.INSPECTOR_CHANGED)
            return replace(state, inspector=event.inspector, plans={}, not_found={}, latest_change=moved)
        case AgreementUnitChanged():
            return _changed(state, event)
        case GuidanceMeetingNoted():
            return replace(state, meetings=_with(state.meetings, event.meeting_id, event))
        case Fulfilled():
            return Kept(_without_visits(state), event)
        case Breached():
            return Broken(_without_visits(state), event)
        case Terminated():
            return Stopped(_without_visits(state), event)
        case DocumentationReceived():
            measures = _corrected(state.measures, event.measures)
            documented = replace(state, parts=event.part, measures=measures)
            if state.complete is not None or not event.complete:
                return documented
            done = Change(event.received_at, PlanCause.DOCUMENTATION_COMPLETE)
            return replace(documented, complete=event, used_up=frozenset(), latest_change=done)
        case ConflictFlagged() | ConflictEnded():
            return _conflicting(state, event)
        case WindowAtRisk():
            return replace(state, at_risk=_with(state.at_risk, event.place_id, event))
        case WindowSafeAgain():
            return replace(state, at_risk=_without(state.at_risk, event.place_id))
        case _:
            return controlled(state, event)


def _recounted(state: Running, event: ComplianceDeadlineRecounted | ControlWindowRecounted) -> Running:
    """R27: with the dates of the corrected calendar; what was used up of a window that moves is left again."""
    change = Change(event.recounted_at, PlanCause.CALENDAR_CORRECTED)
    match event:
        case ComplianceDeadlineRecounted():
            return replace(
                state,
                deadline=event.compliance_deadline,
                window_after_deadline=event.control_window,
                books_control_at=event.books_control_at,
                used_up=frozenset() if state.complete is None else state.used_up,
                latest_change=change,
            )
        case _ if state.complete is None:
            window = event.control_window
            return replace(state, window_after_deadline=window, used_up=frozenset(), latest_change=change)
        case _:
            complete = state.complete.model_copy(update={"control_window": event.control_window})
            return replace(state, complete=complete, used_up=frozenset(), latest_change=change)


def _conflicting(state: Running, event: Event) -> Running:
    """R41: as it stands after a fact; facts that concern no conflict change nothing."""
    match event:
        case ConflictFlagged():
            return replace(state, conflicts=_with(state.conflicts, event.other_case_id, event))
        case ConflictEnded():
            return replace(state, conflicts=_without(state.conflicts, event.other_case_id))
        case _:
            return state


def controlled(state: Running, event: Event) -> Running:
    """Returns the state after a fact about controls. Whether it decides the matter is a fact of its own (R20)."""
    match event:
        case SampleChosen():
            return _sampled(state, event)
        case ControlBooked():
            return _booked(state, event.place_id or event.agreement_id, event)
        case ControlPlanned():
            plans = _with(state.plans, event.place_id, event)
            return replace(state, plans=plans, not_found=_without(state.not_found, event.place_id))
        case PlaceNotFound():
            return replace(state, not_found=_with(state.not_found, event.place_id, event))
        case PlaceFitsAgain():
            return replace(state, not_found=_without(state.not_found, event.place_id))
        case AnnouncedControlCancelled():
            kept = {
                place: booking for place, booking in state.bookings.items() if booking.control_id != event.control_id
            }
            return replace(state, bookings=kept)
        case ControlTurnedIntoGuidance():
            return _reopened(state, event.place_id or event.agreement_id, event)
        case FreshInvestigationNeeded(later_visit=True):
            return _reopened(state, event.place_id, event)
        case FreshInvestigationNeeded():
            return _undecided(state, event.place_id, event)
        case ControlCompleted():
            place = event.place_id or event.agreement_id
            return replace(_without_visit(state, place), results=_with(state.results, place, event))
        case ControlCorrected() if event.place_id in state.results:
            return _with_correction(state, event)
        case _:
            return state


def _kept_on(state: Kept, event: Event) -> State:
    match event:
        case FollowUpFellDue():
            return replace(state, follow_up_due=True)
        case FollowUpHeld():
            return replace(state, followed_up=True)
        case InspectorChanged():
            return replace(state, course=replace(state.course, inspector=event.inspector))
        case ControlCorrected() if event.place_id in state.course.results:
            return replace(state, course=_with_correction(state.course, event))
        case DecisionRevoked():
            return _resumed(state.course, event)
        case AgreementUnitChanged():
            return replace(state, course=_changed(state.course, event))
        case _:
            return replace(state, course=_conflicting(state.course, event))


def _broken_on(state: Broken, event: Event) -> State:
    match event:
        case HearingOpened():
            return replace(state, hearing=event)
        case HearingDeadlineRecounted() if state.hearing is not None:
            dates = {name: getattr(event, name) for name in ("answer_deadline", "expires_at")}
            return replace(state, hearing=state.hearing.model_copy(update=dates))
        case HearingAnswered() | HearingExpired():
            return replace(state, heard=True)
        case InspectorChanged():
            return replace(state, course=replace(state.course, inspector=event.inspector))
        case ControlCorrected() if event.place_id in state.course.results:
            return replace(state, course=_with_correction(state.course, event))
        case DecisionRevoked():
            return _resumed(state.course, event)
        case AgreementUnitChanged():
            return replace(state, course=_changed(state.course, event))
        case ConflictFlagged() | ConflictEnded():
            return replace(state, course=_conflicting(state.course, event))
        case _:
            return replace(state, orders=orders_after(state.orders, event))


def _after_no(state: AfterNo, event: Event) -> State:
    match event:
        case InspectorChanged():
            return replace(state, inspector=event.inspector, not_found=None)
        case NewInspectionBooked():
            return replace(state, booking=event, not_found=None)
        case PlaceNotFound():
            return replace(state, not_found=event)
        case PlaceFitsAgain():
            return replace(state, not_found=None)
        case InvestigationConcluded():
            return replace(state, booking=None, not_found=None, concluded=event)
        case AgreementUnitChanged():
            return replace(state, unit_changes=_with_change(state.unit_changes, event))
        case _:
            return replace(state, orders=orders_after(state.orders, event))


def _changed(course: Running, event: AgreementUnitChanged) -> Running:
    """R40: a place at a unit that changed loses its plan, which it gets anew once the change is settled."""
    changed = replace(
        course,
        unit_changes=_with_change(course.unit_changes, event),
        latest_change=Change(event.noted_at, PlanCause.UNIT_CHANGED),
    )
    at_changed = {place.place_id for place in changed.places if place.p_number in changed.changed_units}
    return replace(
        changed, plans=_among(course.plans, at_changed, False), not_found=_among(course.not_found, at_changed, False)
    )


def _with_change(
    changes: Sequence[AgreementUnitChanged], event: AgreementUnitChanged
) -> tuple[AgreementUnitChanged, ...]:
    return tuple(sorted((*changes, event), key=lambda change: change.holds_from))


def _booked(state: Running, place: UUID, event: ControlBooked) -> Running:
    # A booking names the window that holds. Only a former rule, which lengthened it, can have named another (R21).
    former = event.window != state.window(place)
    return replace(
        state,
        bookings=_with(state.bookings, place, event),
        plans=_without(state.plans, place),
        not_found=_without(state.not_found, place),
        in_former_windows=state.in_former_windows | {event.control_id} if former else state.in_former_windows,
    )


def _reopened(state: Running, place: UUID, event: ControlTurnedIntoGuidance | FreshInvestigationNeeded) -> Running:
    return replace(
        _without_visit(_undecided(state, place, event), place),
        reopened=_with(state.reopened, place, event.held_at),
        latest_change=Change(event.held_at, _cause(event)),
    )


def _cause(event: ControlTurnedIntoGuidance | FreshInvestigationNeeded) -> PlanCause:
    if isinstance(event, ControlTurnedIntoGuidance):
        return PlanCause.TURNED_INTO_GUIDANCE
    return PlanCause.INVESTIGATED_AFRESH


def _sampled(state: Running, event: SampleChosen) -> Running:
    """R19: places outside of the sample lose their visits."""
    chosen = set(event.places)
    return replace(
        state,
        sample=event.places,
        drawn=frozenset(chosen) if event.chosen_by == DRAWN else state.drawn & chosen,
        bookings=_among(state.bookings, chosen),
        plans=_among(state.plans, chosen),
        not_found=_among(state.not_found, chosen),
        latest_change=Change(event.chosen_at, PlanCause.ACCEPTED),
    )


def _without_visits(state: Running) -> Running:
    return replace(state, bookings={}, plans={}, not_found={})


def _without_visit(state: Running, place: UUID) -> Running:
    return replace(
        state,
        bookings=_without(state.bookings, place),
        plans=_without(state.plans, place),
        not_found=_without(state.not_found, place),
    )


def _resumed(course: Running, event: DecisionRevoked) -> Running:
    """R30: the course goes on as it was before the decision."""
    return replace(course, latest_change=Change(event.revoked_at, PlanCause.DECISION_REVOKED))


def _undecided(state: Running, place: UUID, event: ControlTurnedIntoGuidance | FreshInvestigationNeeded) -> Running:
    # Facts of the first release do not say it: there the days were used up once they had passed.
    used_up = event.window_used_up or state.window(place).has_passed(event.held_at)
    code = TURNED_INTO_GUIDANCE if isinstance(event, ControlTurnedIntoGuidance) else INVESTIGATED_AFRESH
    return replace(
        state,
        undecided=_with(state.undecided, place, code),
        used_up=state.used_up | {place} if used_up else state.used_up,
    )


def _with_correction(state: Running, event: ControlCorrected) -> Running:
    told: dict[str, Any] = {name: getattr(event, name) for name in Judgement.model_fields}
    if event.held_at is not None:
        told |= {name: getattr(event, name) for name in ("held_at", "within_window", "late_reason")}
    if event.minutes_spent is not None:
        told["minutes_spent"] = event.minutes_spent
    result = state.results[event.place_id].model_copy(update=told)
    return replace(state, results=_with(state.results, event.place_id, result))


def _corrected(known: tuple[Measure, ...], sent: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """R16: a measure that is sent again replaces what was said of it; the history keeps both."""
    measures = {measure.measure_id: measure for measure in (*known, *sent)}
    return tuple(measures.values())


def _with(values: Mapping[UUID, Value], key: UUID, value: Value) -> Mapping[UUID, Value]:
    return {**values, key: value}


def _among(values: Mapping[UUID, Value], keys: Collection[UUID], those: bool = True) -> Mapping[UUID, Value]:
    return {one: value for one, value in values.items() if (one in keys) is those}


def _without(values: Mapping[UUID, Value], key: UUID) -> Mapping[UUID, Value]:
    return {one: value for one, value in values.items() if one != key}
