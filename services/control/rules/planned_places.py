"""The place in a calendar that a control has before it is booked, and what happens when none is found (R17, R18)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.planning.rules.calendar import FreePlace, RestsOnCalendars
from services.control.rules.booking import (
    BookControl,
    awaits_its_booking,
    booked,
    fall_away,
    is_late_enough,
    is_left_at,
)
from services.control.rules.included_places import refuse_not_awaited
from services.control.rules.phases import Running
from shared.contracts.control import ControlPlanned, PlaceFitsAgain, PlaceNotFound, RedrawAsked
from shared.contracts.vocabulary import Drawn, MakesRoom, PlanCause
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class PlanControl(RestsOnCalendars):
    """A place that was found for a control that is not booked yet."""

    at: datetime
    place_id: UUID
    plan_id: UUID
    day: date
    place: FreePlace
    drawn: Drawn
    cause: PlanCause


@dataclass(frozen=True)
class NoteNoPlace:
    """No place was found for a control inside its window."""

    at: datetime
    place_id: UUID
    again_at: datetime
    cause: PlanCause
    would_make_room: tuple[MakesRoom, ...]
    late_too: bool = False
    """Days after the window were tried as well."""


@dataclass(frozen=True)
class NoteFit:
    """The control can stay where it is after all."""

    at: datetime
    place_id: UUID


Found = PlanControl | BookControl | NoteNoPlace | NoteFit
"""What came of looking for a place; BookControl moves a control that is booked."""


@dataclass(frozen=True)
class PlanPlaces(RestsOnCalendars):
    """Places that were found, or not found, for controls whose place is missing or does not fit any more."""

    policy: Policy
    """Which the places were chosen by."""
    found: tuple[Found, ...]


@dataclass(frozen=True)
class RedrawPlace(RestsOnCalendars):
    """Somebody wants another day for a hidden control."""

    at: datetime
    policy: Policy
    by: str
    place_id: UUID
    reason: str
    found: PlanControl | BookControl | None
    """On another day, which was drawn; None if no other day is free, or nothing stands that could be drawn again."""


def redraw(course: Running, command: RedrawPlace) -> tuple[Event, ...]:
    """R18: records another drawn day, and why it was asked for. Refuses for a control that the company was told of."""
    refuse_not_awaited(course, command.place_id)
    booking = course.bookings.get(command.place_id)
    if booking is not None and booking.announced:
        raise Refused("R18", "the company was told of {day}, so that nothing is drawn", day=booking.day)
    if booking is None and command.place_id not in course.plans:
        raise Refused("R18", "no control is planned or booked there yet")
    if command.found is None:
        raise Refused("R18", "no other day of the window is free")
    asked = RedrawAsked(
        agreement_id=course.started.agreement_id,
        place_id=command.place_id,
        requested_at=command.at,
        requested_by=command.by,
        reason=command.reason,
    )
    drawn = tuple(recorded(course, [command.found]))
    if not drawn:
        raise Refused("R18", "the control is about to be booked; ask again once it is")
    return asked, *drawn


def plan(course: Running, command: PlanPlaces) -> tuple[Event, ...]:
    """R17: records what was found for places that a control still needs; keeps what was announced unless it must go."""
    return tuple(recorded(course, command.found))


def recorded(course: Running, found: Iterable[Found]) -> Iterator[Event]:
    """R17, R18: yields the facts of what was found; the company is told of an announced control that moves."""
    for one in found:
        match one:
            case PlanControl() if is_planned(course, one.place_id):
                yield _planned(course, one)
            case BookControl() if one.place_id in course.bookings:
                yield from _moved(course, one)
            case NoteNoPlace() if is_left_at(course, one.place_id):
                yield not_found(course, one)
            case NoteFit() if one.place_id in course.not_found:
                yield PlaceFitsAgain(agreement_id=course.started.agreement_id, place_id=one.place_id, found_at=one.at)


def _moved(course: Running, command: BookControl) -> tuple[Event, ...]:
    """R18: an announced control is cancelled before it is booked on another day, so that the company is told."""
    standing = course.bookings[command.place_id]
    cancelled = fall_away([standing], command.at) if standing.day != command.told.day and command.told.announced else ()
    return *cancelled, *booked(course, command)


def _planned(course: Running, command: PlanControl) -> ControlPlanned:
    former = course.plans.get(command.place_id)
    return ControlPlanned(
        agreement_id=course.started.agreement_id,
        plan_id=command.plan_id,
        place_id=command.place_id,
        inspector=course.inspector,
        day=command.day,
        slot=command.place.slot,
        hours=command.place.hours,
        window=course.window(command.place_id),
        planned_at=command.at,
        drawn=command.drawn,
        cause=command.cause,
        replaces=former.plan_id if former else None,
    )


def not_found(course: Running, command: NoteNoPlace) -> PlaceNotFound:
    """R17: returns that a control has no place inside its window, with what would make room."""
    return PlaceNotFound(
        agreement_id=course.started.agreement_id,
        place_id=command.place_id,
        inspector=course.inspector,
        last_day=course.window(command.place_id).last_day,
        sought_at=command.at,
        again_at=command.again_at,
        cause=command.cause,
        would_make_room=command.would_make_room,
        late_too=command.late_too,
    )


def planning_due(course: Running) -> datetime | None:
    """R17: returns when the next control must get a place, or another one; None where every place fits."""
    return min((due for place in course.awaited if (due := plan_due(course, place)) is not None), default=None)


def places_to_plan(course: Running, at: datetime) -> tuple[UUID, ...]:
    """R17: returns the places whose control must get a place, or another one, by now."""
    dues = {place: plan_due(course, place) for place in course.awaited}
    return tuple(place for place, due in dues.items() if due is not None and due <= at)


def plan_due(course: Running, place: UUID) -> datetime | None:
    """R17: returns when the control of a place must get a place in the calendar; None where it has one that fits.

    At once after the change that made it necessary; where none was found, on the next working day, or after the next
    change. A control that is booked at once by its own timer needs no plan.
    """
    if not course.started.plans_controls:
        return None
    sought = course.not_found.get(place)
    if place in course.bookings:
        return sought.again_at if sought is not None and is_left_at(course, place) else None
    if not is_planned(course, place):
        return None
    if sought is not None and sought.sought_at >= course.latest_change.at:
        return sought.again_at
    standing = course.plans.get(place)
    if standing is not None and sought is None and plan_fits(course, standing):
        return None
    return course.latest_change.at


def is_planned(course: Running, place: UUID) -> bool:
    """R17: returns whether the control of a place has a plan rather than a booking now, by the agreement's policy."""
    return course.started.plans_controls and awaits_its_booking(course, place)


def plan_fits(course: Running, standing: ControlPlanned) -> bool:
    """R17, R18: returns whether a planned day lies inside the window as it is now, so that nothing is drawn again."""
    return not course.window(standing.place_id).is_over_on(standing.day) and is_late_enough(course, standing.day)
