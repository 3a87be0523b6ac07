"""How facts of control change an agreement's row while it runs: dates, documentation, bookings, controls (R10-R21)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.reporting.case import Case, answered, changed, with_deadline
from services.reporting.problem_group import problem_group
from services.reporting.time_spent import spent
from shared.contracts import control
from shared.contracts.vocabulary import WorkPhase
from shared.kernel.events import Event


def fold(case: Case, event: Event) -> Case:
    """The row after one more fact of control about a running agreement."""
    match event:
        case control.ComplianceDeadlineSet():
            return _started(case, event)
        case control.ExtensionRequested():
            return changed(case, extension_requested_at=event.requested_at)
        case control.ExtensionRefused():
            return changed(case, extension_requested_at=None)
        case control.ExtensionGranted():
            longer = changed(case, extension_requested_at=None, extensions=case.extensions + 1)
            longer = with_deadline(longer, "compliance", event.compliance_deadline)
            return (
                longer
                if case.documentation_complete_at
                else with_deadline(longer, "control_window", event.control_window)
            )
        case control.InspectorChanged():
            return changed(case, inspector=event.inspector, inspector_changes=case.inspector_changes + 1)
        case control.Terminated():
            ended = changed(
                case, terminated_at=event.terminated_at, terminated_by=event.by, termination_reason=event.reason
            )
            return _booked(ended, {})
        case control.DocumentationReceived():
            return _documented(case, event)
    return _controlled(case, event)


def _started(case: Case, event: control.ComplianceDeadlineSet) -> Case:
    known = changed(
        case,
        cvr=event.cvr,
        p_number=event.p_number,
        topic=event.topic,
        problem_group=problem_group(event.topic),
        inspector=event.inspector,
        included_places=max(case.included_places, len(event.places)),
    )
    running = with_deadline(known, "compliance", event.compliance_deadline)
    return with_deadline(running, "control_window", event.control_window)


def _documented(case: Case, event: control.DocumentationReceived) -> Case:
    complete = case.documentation_complete_at or (event.received_at if event.complete else None)
    documented = changed(
        case,
        documentation_at=case.documentation_at or event.received_at,
        documentation_parts=max(case.documentation_parts, event.part),
        documentation_complete_at=complete,
    )
    if event.control_window is None:
        return documented
    return with_deadline(documented, "control_window", event.control_window)


def _controlled(case: Case, event: Event) -> Case:
    match event:
        case control.ControlBooked():
            booking = {
                "control_id": str(event.control_id),
                "day": event.day.isoformat(),
                "booked_at": event.booked_at.isoformat(),
                "announced": event.announced,
                "late_reason": event.late_reason,
            }
            booked = _booked(case, {**case.bookings, str(event.place_id or event.agreement_id): booking})
            return with_deadline(booked, "control_window", event.window)
        case control.AnnouncedControlCancelled():
            return _without_control(case, str(event.control_id))
        case control.SampleChosen():
            kept = {place: one for place, one in case.bookings.items() if place in set(map(str, event.places))}
            return _booked(case, kept)
        case control.ControlTurnedIntoGuidance():
            undecided = changed(case, controls_undecided=case.controls_undecided + 1)
            undecided = _without_place(undecided, str(event.place_id or event.agreement_id))
            return spent(undecided, WorkPhase.CONTROL, event.minutes_spent)
        case control.FreshInvestigationNeeded():
            undecided = changed(case, controls_undecided=case.controls_undecided + 1)
            return _without_place(undecided, str(event.place_id)) if event.later_visit else undecided
        case control.ControlCompleted():
            return _completed(case, event)
        case control.ControlCorrected():
            return changed(
                _judged(case, event.place_id, event.outcome),
                control_form=event.form,
                control_involvement=answered(case.control_involvement, event.involvement),
                corrections=case.corrections + 1,
            )
        case control.OtherFindingRecorded():
            return changed(case, other_findings=case.other_findings + 1)
    return case


def _completed(case: Case, event: control.ControlCompleted) -> Case:
    """R17, R20: of several places each control counts; one that was late makes the agreement controlled late."""
    before, place = case.within_60_days, event.place_id or event.agreement_id
    booked_late = case.bookings.get(str(place), {}).get("late_reason")
    held = changed(
        _judged(case, place, event.outcome),
        control_held_at=event.held_at,
        control_form=event.form,
        within_60_days=event.within_window if before is None else before and event.within_window,
        control_involvement=answered(case.control_involvement, event.involvement),
        spread_further=case.spread_further if event.spread_further is None else event.spread_further,
        places_controlled=case.places_controlled + 1,
    )
    others = {booked: one for booked, one in case.bookings.items() if booked != str(place)}
    # After the last one the row goes on naming the day that was booked for it.
    held = _booked(held, others) if others else changed(held, bookings={})
    held = changed(held, control_late_reason=event.late_reason or booked_late or case.control_late_reason)
    return spent(held, WorkPhase.CONTROL, event.minutes_spent)


def _judged(case: Case, place: UUID, outcome: str) -> Case:
    """R20: one violation is the agreement's, whichever place is told of last."""
    outcomes = {**case.outcomes, str(place): outcome}
    return changed(
        case, outcomes=outcomes, control_outcome="violation" if "violation" in outcomes.values() else outcome
    )


def _without_place(case: Case, place: str) -> Case:
    return _booked(case, {one: booking for one, booking in case.bookings.items() if one != place})


def _without_control(case: Case, control_id: str) -> Case:
    return _booked(
        case, {one: booking for one, booking in case.bookings.items() if booking["control_id"] != control_id}
    )


def _booked(case: Case, bookings: dict[str, Any]) -> Case:
    """R18, R19: of several booked controls the row names the next one."""
    following = min(bookings.values(), key=lambda one: (one["day"], one["control_id"]), default=None)
    if following is None:
        return without_booking(case)
    return changed(
        case,
        bookings=bookings,
        control_id=UUID(following["control_id"]),
        control_day=date.fromisoformat(following["day"]),
        control_booked_at=datetime.fromisoformat(following["booked_at"]),
        control_announced=following["announced"],
        control_late_reason=following["late_reason"],
    )


def without_booking(case: Case) -> Case:
    """No day is booked for a control."""
    return changed(
        case,
        bookings={},
        control_id=None,
        control_day=None,
        control_booked_at=None,
        control_announced=None,
        control_late_reason=None,
    )
