"""What an agreement includes, and what is owed and was found at each place (R10, R19, R20)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.reporting.cases.fold_rules import Rules
from shared.contracts import control, offers
from shared.contracts.vocabulary import Place


class PlaceRow(NamedTuple):
    """The columns of the table `places`."""

    case_id: UUID
    place_id: UUID
    p_number: str | None = None
    is_department: bool = False
    sampled: bool = False
    """Never shown to a company, because it would reveal where a control is to be expected (R18)."""
    documentation_parts: int = 0
    measures: int = 0
    control_id: UUID | None = None
    control_day: date | None = None
    control_announced: bool | None = None
    control_held_at: datetime | None = None
    outcome: str | None = None
    breached: bool = False
    planned_on: date | None = None
    """R17: the day in a calendar of a control that is not booked yet. No company is told, nor that there is one (R18).
    """


Places = Mapping[UUID, PlaceRow]
"""The places of one agreement, by place."""
_NOT_BOOKED: Mapping[str, Any] = {
    "control_id": None,
    "control_day": None,
    "control_announced": None,
    "planned_on": None,
}


rules = Rules[Places, Places]()


@rules.on
def _included(rows: Places, event: offers.Accepted | control.ComplianceDeadlineSet) -> Places:
    """R10, R19: the one place of a suspicion is to be controlled; of several a fact says which."""
    named = event.places or (Place(place_id=event.agreement_id, p_number=event.p_number),)
    unknown = PlaceRow(event.agreement_id, event.agreement_id, sampled=len(named) == 1)
    known = {
        place.place_id: rows.get(place.place_id, unknown)._replace(
            place_id=place.place_id, p_number=place.p_number, is_department=place.is_department
        )
        for place in named
    }
    return dict(rows) | known


@rules.on
def _sample_chosen(rows: Places, event: control.SampleChosen) -> Places:
    """R19: the places of the sample are controlled, the others are not, and no day is planned there."""
    chosen = set(event.places)
    return {
        place: row._replace(sampled=True) if place in chosen else row._replace(sampled=False, planned_on=None)
        for place, row in rows.items()
    }


@rules.on
def _documented(rows: Places, event: control.DocumentationReceived) -> Places:
    """R19: evidence counts for the places that it names, or for all."""
    about = set(event.places) or set(rows)
    after = dict(rows)
    for place in about & set(rows):
        applying = sum(not measure.places or place in measure.places for measure in event.measures)
        row = rows[place]
        after[place] = row._replace(documentation_parts=row.documentation_parts + 1, measures=row.measures + applying)
    return after


@rules.on
def _breached(rows: Places, event: control.Breached) -> Places:
    """R20, R22: the agreement was breached at these places."""
    breached = set(event.breached_places or (event.agreement_id,))
    return {place: row._replace(breached=place in breached) for place, row in rows.items()}


@rules.on
def _decision_revoked(rows: Places, event: control.DecisionRevoked) -> Places:
    """R30: with the decision, no place is breached any more."""
    return {place: row._replace(breached=False) for place, row in rows.items()}


@rules.on
def _control_booked(rows: Places, event: control.ControlBooked) -> Places:
    """R17, R18: a control is booked at the place."""
    booked = {"control_id": event.control_id, "control_day": event.day, "control_announced": event.announced}
    return _changed(rows, event.agreement_id, event.place_id, **booked, planned_on=None)


@rules.on
def _control_planned(rows: Places, event: control.ControlPlanned) -> Places:
    """R17: the control of the place has a day in a calendar before it is booked."""
    return _changed(rows, event.agreement_id, event.place_id, planned_on=event.day)


@rules.on
def _plans_end(rows: Places, event: control.InspectorChanged | control.Fulfilled | control.Breached) -> Places:
    """R15, R17: another inspector has another calendar; once the course is decided, nothing is planned."""
    return {place: _without_plan(row) for place, row in rows.items()}


@rules.on
def _unit_changed(rows: Places, event: control.AgreementUnitChanged) -> Places:
    """R17, R40: at a unit that has another legal entity, or ceased, nothing is planned until that is settled."""
    if event.settled:
        return rows
    return {place: _without_plan(row) if row.p_number == event.p_number else row for place, row in rows.items()}


@rules.on
def _announced_control_cancelled(rows: Places, event: control.AnnouncedControlCancelled) -> Places:
    """R18: the booking of an announced control that was cancelled is gone."""
    place = next((one for one, row in rows.items() if row.control_id == event.control_id), None)
    return rows if place is None else _changed(rows, event.agreement_id, place, **_NOT_BOOKED)


@rules.on
def _turned_into_guidance(rows: Places, event: control.ControlTurnedIntoGuidance) -> Places:
    """R21: a control that became guidance is no longer booked at the place."""
    return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED)


@rules.on
def _fresh_investigation_needed(rows: Places, event: control.FreshInvestigationNeeded) -> Places:
    """R21: the booking is gone where the matter is investigated on a later visit."""
    return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED) if event.later_visit else rows


@rules.on
def _control_completed(rows: Places, event: control.ControlCompleted) -> Places:
    """R17, R20: the control of the place was held, with this outcome."""
    held = {"control_held_at": event.held_at, "outcome": event.outcome}
    return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED, **held)


@rules.on
def _control_corrected(rows: Places, event: control.ControlCorrected) -> Places:
    """R30: the outcome of a corrected control replaces what was recorded before."""
    return _changed(rows, event.agreement_id, event.place_id, outcome=event.outcome)


@rules.on
def _terminated(rows: Places, event: control.Terminated) -> Places:
    """R14: a terminated agreement has no booked controls."""
    return {place: row._replace(**_NOT_BOOKED) for place, row in rows.items()}


def _without_plan(row: PlaceRow) -> PlaceRow:
    """The same row where no day was planned, so that it need not be written again."""
    return row if row.planned_on is None else row._replace(planned_on=None)


def _changed(rows: Places, agreement_id: UUID, place_id: UUID | None, **columns: object) -> Places:
    place = place_id or agreement_id
    row = rows.get(place) or PlaceRow(agreement_id, place)
    return dict(rows) | {place: row._replace(**columns)}  # type: ignore[arg-type]
