"""What an agreement includes, and what is owed and was found at each place (R10, R19, R20)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts import control, offers
from shared.contracts.vocabulary import Place
from shared.kernel.events import Event


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """The columns of the table `places`."""

    case_id: UUID
    place_id: UUID
    p_number: str | None = None
    is_department: bool = False
    sampled: bool = False
    """Never for a company's eyes: it would tell where a control is to be expected (R18)."""
    documentation_parts: int = 0
    measures: int = 0
    control_id: UUID | None = None
    control_day: date | None = None
    control_announced: bool | None = None
    control_held_at: datetime | None = None
    outcome: str | None = None
    breached: bool = False


Places = Mapping[UUID, PlaceRow]
"""The places of one agreement, by place."""
_NOT_BOOKED: Mapping[str, Any] = {"control_id": None, "control_day": None, "control_announced": None}


def fold(rows: Places, event: Event) -> Places:
    """The places of an agreement after one more fact."""
    match event:
        case offers.Accepted() | control.ComplianceDeadlineSet():
            return _included(rows, event.agreement_id, event.places, event.p_number)
        case control.SampleChosen():
            chosen = set(event.places)
            return {place: replace(row, sampled=place in chosen) for place, row in rows.items()}
        case control.DocumentationReceived():
            return _documented(rows, event)
        case control.Breached():
            breached = set(event.breached_places or (event.agreement_id,))
            return {place: replace(row, breached=place in breached) for place, row in rows.items()}
        case control.DecisionRevoked():
            return {place: replace(row, breached=False) for place, row in rows.items()}
    return _controlled(rows, event)


def _controlled(rows: Places, event: Event) -> Places:
    match event:
        case control.ControlBooked():
            booked = {"control_id": event.control_id, "control_day": event.day, "control_announced": event.announced}
            return _changed(rows, event.agreement_id, event.place_id, **booked)
        case control.AnnouncedControlCancelled():
            place = next((one for one, row in rows.items() if row.control_id == event.control_id), None)
            return rows if place is None else _changed(rows, event.agreement_id, place, **_NOT_BOOKED)
        case control.ControlTurnedIntoGuidance():
            return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED)
        case control.FreshInvestigationNeeded(later_visit=True):
            return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED)
        case control.ControlCompleted():
            held = {"control_held_at": event.held_at, "outcome": event.outcome}
            return _changed(rows, event.agreement_id, event.place_id, **_NOT_BOOKED, **held)
        case control.ControlCorrected():
            return _changed(rows, event.agreement_id, event.place_id, outcome=event.outcome)
        case control.Terminated():
            return {place: replace(row, **_NOT_BOOKED) for place, row in rows.items()}
    return rows


def _included(rows: Places, agreement_id: UUID, places: tuple[Place, ...], p_number: str) -> Places:
    """R10, R19: the one place of a suspicion is to be controlled; of several a fact says which."""
    named = places or (Place(place_id=agreement_id, p_number=p_number),)
    alone = len(named) == 1
    known = {
        place.place_id: replace(
            rows.get(place.place_id) or PlaceRow(agreement_id, place.place_id, sampled=alone),
            p_number=place.p_number,
            is_department=place.is_department,
        )
        for place in named
    }
    return dict(rows) | known


def _documented(rows: Places, event: control.DocumentationReceived) -> Places:
    """R19: evidence counts for the places that it names, or for all."""
    about = set(event.places) or set(rows)
    after = dict(rows)
    for place in about & set(rows):
        applying = sum(not measure.places or place in measure.places for measure in event.measures)
        row = rows[place]
        after[place] = replace(row, documentation_parts=row.documentation_parts + 1, measures=row.measures + applying)
    return after


def _changed(rows: Places, agreement_id: UUID, place_id: UUID | None, **columns: object) -> Places:
    place = place_id or agreement_id
    row = rows.get(place) or PlaceRow(agreement_id, place)
    return dict(rows) | {place: replace(row, **columns)}  # type: ignore[arg-type]
