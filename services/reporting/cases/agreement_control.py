"""How facts of control change an agreement's row while it runs: dates, documentation, bookings, controls (R10-R21)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.reporting.cases.case import Case, Columns, answered, with_deadlines
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.problem_group import problem_group
from services.reporting.cases.time_spent import spent
from shared.contracts import control
from shared.contracts.vocabulary import ContactForm, ProposalKind, WorkPhase

rules = Rules[Case, Columns]()
WITHOUT_BOOKING: Columns = {
    "bookings": {},
    "control_id": None,
    "control_day": None,
    "control_booked_at": None,
    "control_announced": None,
    "control_late_reason": None,
}
"""No day is booked for a control."""
EVERY_PLACE_FOUND: Columns = {"places_not_found": {}}
"""R17: nothing is known of a control, or of an inspection after a no, that has no place in a calendar."""


@rules.on
def _started(case: Case, event: control.ComplianceDeadlineSet) -> Columns:
    """R10: it runs, until this deadline."""
    known = {
        "cvr": event.cvr,
        "p_number": event.p_number,
        "topic": event.topic,
        "problem_group": problem_group(event.topic),
        "inspector": event.inspector,
        "included_places": max(case.included_places, len(event.places)),
    }
    return known | with_deadlines(case, compliance=event.compliance_deadline, control_window=event.control_window)


@rules.on
def _extension_requested(case: Case, event: control.ExtensionRequested) -> Columns:
    """R13: the company asked for a longer deadline, and awaits its answer."""
    return {"extension_requested_at": event.requested_at}


@rules.on
def _extension_refused(case: Case, event: control.ExtensionRefused) -> Columns:
    """R13: the request is answered; the deadline stays."""
    return {"extension_requested_at": None}


@rules.on
def _extension_granted(case: Case, event: control.ExtensionGranted) -> Columns:
    """R13, R17: what complete documentation started stands."""
    longer = {"extension_requested_at": None, "extensions": case.extensions + 1}
    if case.documentation_complete_at is not None:
        return longer | with_deadlines(case, compliance=event.compliance_deadline)
    return longer | with_deadlines(case, compliance=event.compliance_deadline, control_window=event.control_window)


@rules.on
def _compliance_recounted(case: Case, event: control.ComplianceDeadlineRecounted) -> Columns:
    """R17, R27: what complete documentation started stands, as with an extension."""
    if case.documentation_complete_at is not None:
        return with_deadlines(case, compliance=event.compliance_deadline)
    return with_deadlines(case, compliance=event.compliance_deadline, control_window=event.control_window)


@rules.on
def _window_recounted(case: Case, event: control.ControlWindowRecounted) -> Columns:
    """R17, R27: the corrected calendar gives the window another last day."""
    return with_deadlines(case, control_window=event.control_window)


@rules.on
def _inspector_changed(case: Case, event: control.InspectorChanged) -> Columns:
    """R15, R17: another inspector, and that inspector's centre, is responsible; places are sought in that calendar."""
    changes = case.inspector_changes + 1
    moved = {"inspector": event.inspector, "centre": event.centre, "inspector_changes": changes}
    return moved | EVERY_PLACE_FOUND


@rules.on
def _terminated(case: Case, event: control.Terminated) -> Columns:
    """R14, R40: one side ended the agreement, or it goes on with the new owner; no control stays booked."""
    ended: Columns = {
        "terminated_at": event.terminated_at,
        "terminated_by": event.by,
        "termination_reason": event.reason,
        "carried_over_to": event.carried_over_to,
    }
    return ended | _booked({}) | EVERY_PLACE_FOUND


@rules.on
def _documented(case: Case, event: control.DocumentationReceived) -> Columns:
    """R16, R17: complete documentation starts the days within which control is held."""
    complete = case.documentation_complete_at or (event.received_at if event.complete else None)
    documented = {
        "documentation_at": case.documentation_at or event.received_at,
        "documentation_parts": max(case.documentation_parts, event.part),
        "documentation_complete_at": complete,
    }
    if event.control_window is None:
        return documented
    return documented | with_deadlines(case, control_window=event.control_window)


@rules.on
def _control_booked(case: Case, event: control.ControlBooked) -> Columns:
    """R17, R18: a control is booked at a place, within this window, and perhaps on one of few possible days."""
    booking = {
        "control_id": str(event.control_id),
        "day": event.day.isoformat(),
        "booked_at": event.booked_at.isoformat(),
        "announced": event.announced,
        "late_reason": event.late_reason,
        "among_few": event.drawn is not None and event.drawn.among_few,
        **({} if event.joins is None else {"joins": str(event.joins)}),
    }
    place = str(event.place_id or event.agreement_id)
    booked = _booked({**case.bookings, place: booking}) | _place_found(case, place)
    return booked | with_deadlines(case, control_window=event.window)


@rules.on
def _announced_control_cancelled(case: Case, event: control.AnnouncedControlCancelled) -> Columns:
    """R18: an announced control that was cancelled is no longer booked."""
    cancelled = str(event.control_id)
    return _booked({place: one for place, one in case.bookings.items() if one["control_id"] != cancelled})


@rules.on
def _sample_chosen(case: Case, event: control.SampleChosen) -> Columns:
    """R19: only places of the sample keep their booked controls, and need a day for one."""
    chosen = set(map(str, event.places))
    not_found = {place: one for place, one in case.places_not_found.items() if place in chosen}
    booked = _booked({place: one for place, one in case.bookings.items() if place in chosen})
    return booked | {"places_not_found": not_found}


@rules.on
def _turned_into_guidance(case: Case, event: control.ControlTurnedIntoGuidance) -> Columns:
    """R21: the control decided nothing, and its booking is gone."""
    undecided = {"controls_undecided": case.controls_undecided + 1}
    undecided |= _without_place(case, str(event.place_id or event.agreement_id))
    return undecided | spent(case, WorkPhase.CONTROL, event.minutes_spent)


@rules.on
def _fresh_investigation_needed(case: Case, event: control.FreshInvestigationNeeded) -> Columns:
    """R21: the control decided nothing; its booking is gone if the matter is investigated later."""
    undecided = {"controls_undecided": case.controls_undecided + 1}
    return undecided | _without_place(case, str(event.place_id)) if event.later_visit else undecided


@rules.on
def _completed(case: Case, event: control.ControlCompleted) -> Columns:
    """R17, R20: the control of one place; after the last one the row goes on naming the day that was booked for it."""
    place = str(event.place_id or event.agreement_id)
    told = {
        "outcome": event.outcome,
        "held_at": event.held_at.isoformat(),
        "in_time": event.within_window,
        "late_reason": event.late_reason or case.bookings.get(place, {}).get("late_reason"),
        "minutes": event.minutes_spent or 0,
    }
    saved = _visit_saved(event, case.bookings.get(place, {}))
    told |= {} if saved is None else {"saved": saved}
    others = {booked: one for booked, one in case.bookings.items() if booked != place}
    held = _booked(others) if others else {"bookings": {}}
    held |= {
        "control_form": event.form,
        "control_involvement": answered(case.control_involvement, event.involvement),
        "spread_further": case.spread_further if event.spread_further is None else event.spread_further,
    }
    held |= _without_risk(case, place) | _place_found(case, place)
    return held | _judged(case, place, told) | spent(case, WorkPhase.CONTROL, event.minutes_spent)


def _visit_saved(event: control.ControlCompleted, booking: Mapping[str, Any]) -> ProposalKind | None:
    """R18, R21: how the control did without a visit of its own; None if it did not."""
    if event.from_meeting is not None:
        return ProposalKind.MEETING_IS_CONTROL
    if event.form is not None and event.form is not ContactForm.VISIT:
        return ProposalKind.BY_PHONE
    return ProposalKind.JOINED_VISIT if "joins" in booking else None


@rules.on
def _corrected(case: Case, event: control.ControlCorrected) -> Columns:
    """R30: what is told anew takes the place of what was told; the rest stays."""
    place = str(event.place_id)
    told: dict[str, Any] = {"outcome": event.outcome}
    if event.held_at is not None:
        told |= {"held_at": event.held_at.isoformat(), "in_time": event.within_window}
        told |= {"late_reason": event.late_reason}
    more = 0
    if event.minutes_spent is not None:
        told |= {"minutes": event.minutes_spent}
        more = event.minutes_spent - case.controls.get(place, {}).get("minutes", 0)
    corrected = _judged(case, place, told) | {
        "control_form": event.form,
        "control_involvement": answered(case.control_involvement, event.involvement),
        "corrections": case.corrections + 1,
    }
    return corrected | spent(case, WorkPhase.CONTROL, more)


@rules.on
def _other_finding(case: Case, event: control.OtherFindingRecorded) -> Columns:
    """R20: findings beside the topic are counted."""
    return {"other_findings": case.other_findings + 1}


def _judged(case: Case, place: str, told: Mapping[str, Any]) -> Columns:
    """R17, R20: one violation is the agreement's, and one control that was late; they decide when the last was held."""
    controls = {**case.controls, place: {**case.controls.get(place, {}), **told}}
    held = [datetime.fromisoformat(one["held_at"]) for one in controls.values() if "held_at" in one]
    violation = any(one["outcome"] == "violation" for one in controls.values())
    return {
        "controls": controls,
        "control_outcome": "violation" if violation else told["outcome"],
        "control_held_at": max(held, default=case.control_held_at),
        "within_60_days": all(one.get("in_time", True) for one in controls.values()),
        # In an order of its own: a row that was read again has the places in another one than a row at hand.
        "control_late_reason": next(
            (why for _, one in sorted(controls.items()) if (why := one.get("late_reason"))), None
        ),
        "places_controlled": len(controls),
    }


def _without_place(case: Case, place: str) -> Columns:
    booked = _booked({one: booking for one, booking in case.bookings.items() if one != place})
    return booked | _place_found(case, place)


def _booked(bookings: dict[str, Any]) -> Columns:
    """R18, R19: of several booked controls the row names the next one."""
    following = min(bookings.values(), key=lambda one: (one["day"], one["control_id"]), default=None)
    if following is None:
        return WITHOUT_BOOKING
    return {
        "bookings": bookings,
        "control_id": UUID(following["control_id"]),
        "control_day": date.fromisoformat(following["day"]),
        "control_booked_at": datetime.fromisoformat(following["booked_at"]),
        "control_announced": following["announced"],
        "control_late_reason": following["late_reason"],
    }


@rules.on
def _window_at_risk(case: Case, event: control.WindowAtRisk) -> Columns:
    """R17: the control of a place may have to be held after its window."""
    return {"windows_at_risk": {**case.windows_at_risk, str(event.place_id): event.risk}}


@rules.on
def _window_safe_again(case: Case, event: control.WindowSafeAgain) -> Columns:
    """R17: it can be held inside its window after all."""
    return _without_risk(case, str(event.place_id))


def _without_risk(case: Case, place: str) -> Columns:
    return {"windows_at_risk": {one: risk for one, risk in case.windows_at_risk.items() if one != place}}


@rules.on
def _place_not_found(case: Case, event: control.PlaceNotFound) -> Columns:
    """R7, R17: no day inside its window was found for a control, or for the inspection after a no."""
    place = str(event.place_id)
    told = {
        "since": case.places_not_found.get(place, {}).get("since", event.sought_at.isoformat()),
        "last_day": event.last_day.isoformat(),
        "again_at": event.again_at.isoformat(),
        "cause": event.cause,
        "would_make_room": list(event.would_make_room),
        "late_too": event.late_too,
    }
    return {"places_not_found": {**case.places_not_found, place: told}}


@rules.on
def _place_fits(case: Case, event: control.PlaceFitsAgain | control.ControlPlanned) -> Columns:
    """R17: the control of the place has a day in the calendar."""
    return _place_found(case, str(event.place_id))


def _place_found(case: Case, place: str) -> Columns:
    return {"places_not_found": {one: told for one, told in case.places_not_found.items() if one != place}}


@rules.on
def _conflict_flagged(case: Case, event: control.ConflictFlagged) -> Columns:
    """R41: an order, or another agreement, on the topic at one of the units."""
    return {"open_conflicts": case.open_conflicts + 1}


@rules.on
def _conflict_ended(case: Case, event: control.ConflictEnded) -> Columns:
    """R41: nothing is left to be looked into; that there was a conflict stays told by the link."""
    return {"open_conflicts": case.open_conflicts - 1}
