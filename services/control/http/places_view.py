"""The agreement by place: measures, documentation, control, result (R19)."""

from collections.abc import Sequence
from datetime import date, time
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.control.http.deadline_view import DeadlineView
from services.control.planning.rules.half_hours import Booking, begins_at, half_hours_of
from services.control.rules.measures_in_use import measures_at
from services.control.rules.phases import Running
from shared.contracts.control import DocumentationReceived, SampleChosen
from shared.contracts.vocabulary import ContactForm, ControlOutcome, Place
from shared.deadlines.in_words import Language
from shared.eventstore.events import Event


class HoursView(BaseModel):
    """R17: when a visit begins and ends on its day, in Copenhagen, with its travel and preparation."""

    begins: time
    ends: time

    @classmethod
    def of(cls, booking: Booking) -> Self | None:
        """Returns None where the asker may not know of it, or an earlier release made the booking."""
        if booking.hours is None:
            return None
        return cls(begins=booking.hours.begins, ends=begins_at(half_hours_of(booking.hours)[-1] + 1))


class ControlView(BaseModel):
    """R17, R18: the booked control, where the asker may know of it."""

    control_id: UUID
    day: date
    form: ContactForm
    announced: bool
    late_reason: str | None
    hours: HoursView | None
    """R17: from when to when it stands in the inspector's calendar; the authority's to see."""


class PlaceView(BaseModel):
    """R19: one row of the matrix: a place, what is said and documented of it, and its control."""

    place_id: UUID
    p_number: str
    is_department: bool
    measures: tuple[UUID, ...]
    """Those that are used here."""
    documentation: tuple[int, ...]
    """Parts that are evidence for it."""
    control_window: DeadlineView
    control: ControlView | None
    """R18: the booked one, where the asker may know of it."""
    result: ControlOutcome | None
    """R20: what its control found."""
    sampled: bool | None
    """R19: whether it is to be controlled; None where the asker may not know, or nothing was drawn."""


def places_view(course: Running, events: Sequence[Event], language: Language) -> list[PlaceView]:
    """Returns every place that the agreement includes, first the one where the suspicion arose."""
    parts = [event for event in events if isinstance(event, DocumentationReceived)]
    # A company never sees the choice of a sample, and its own state knows none: what is not seen is not said (R18).
    drawn = next((event.places for event in reversed(events) if isinstance(event, SampleChosen)), None)

    def row(place: Place) -> PlaceView:
        place_id = place.place_id
        result = course.results.get(place_id)
        return PlaceView(
            place_id=place_id,
            p_number=place.p_number,
            is_department=place.is_department,
            measures=tuple(measure.measure_id for measure in measures_at(course, place_id)),
            documentation=tuple(part.part for part in parts if not part.places or place_id in part.places),
            control_window=DeadlineView.of(course.window(place_id), language),
            control=booked_view(course, place_id),
            result=result.outcome if result else None,
            sampled=None if drawn is None else place_id in drawn,
        )

    return [row(place) for place in course.places]


def booked_view(course: Running, place: UUID) -> ControlView | None:
    """Returns the booking of a place; in a company's view there is one only if the control was announced."""
    booking = course.bookings.get(place)
    if booking is None:
        return None
    return ControlView.model_validate({**booking.model_dump(), "hours": HoursView.of(booking)})
