"""What would make room for a visit that may have to be late: whose day, which colleague, which centre, which later day.

Each way is exact: everybody else who has a place keeps one inside their window (R17).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.control.planning.rules.matching import InspectorDay, Matching
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Prospect, Room, places_left
from shared.contracts.vocabulary import Centre


@dataclass(frozen=True)
class VisitMoves:
    """Another visit falls away, goes to a colleague, or is held outside its window."""

    visit_id: UUID
    place: InspectorDay
    """Where it could be now."""


@dataclass(frozen=True)
class ColleagueVisits:
    """A colleague of the same centre holds the visit."""

    inspector: str
    places: int


@dataclass(frozen=True)
class OtherCentreVisits:
    """Somebody of another centre holds the visit."""

    centre: Centre
    places: int
    """Free as its calendars stand, without moving anything there."""


@dataclass(frozen=True)
class HeldLater:
    """The visit is held after its window, on the first day that is possible, with one of these coded reasons."""

    day: date
    reasons: tuple[str, ...]


Way = VisitMoves | ColleagueVisits | OtherCentreVisits | HeldLater


@dataclass(frozen=True)
class Elsewhere:
    """Who else could hold a visit, and why it may be late."""

    colleagues: Sequence[str]
    """R42: of the same centre, competent for the topic."""
    free_at_centres: Mapping[Centre, Sequence[InspectorDay]]
    """The free places of competent people at the other centres, one entry for each."""
    late_reasons: tuple[str, ...]


def ways_to_make_room(
    prospect: Prospect, matching: Matching, room: Room, elsewhere: Elsewhere, *, least: int, most: int
) -> tuple[Way, ...]:
    """R17: returns what would make room for a visit; at most `most` ways of each kind.

    `matching` has all visits in it. Places are counted up to `least`, and those with most places come first.
    """
    return (
        *list(_other_visits(prospect, matching))[:most],
        *_colleagues(prospect.visit, matching, room, elsewhere, least)[:most],
        *_centres(prospect.visit, elsewhere)[:most],
        *_later(prospect.visit, matching, room, elsewhere),
    )


def _other_visits(prospect: Prospect, matching: Matching) -> Iterator[VisitMoves]:
    for visit_id in sorted(prospect.in_the_way):
        place = matching.place_of(visit_id)
        if place is not None:
            yield VisitMoves(visit_id, place)


def _colleagues(
    visit: AwaitedVisit, matching: Matching, room: Room, elsewhere: Elsewhere, least: int
) -> list[ColleagueVisits]:
    found = []
    for colleague in elsewhere.colleagues:
        if colleague not in visit.inspectors:
            possible = room.days_of(colleague, visit.first, visit.last)
            places, _ = places_left(matching, visit.visit_id, possible, least)
            if places:
                found.append(ColleagueVisits(colleague, places))
    return sorted(found, key=lambda way: (-way.places, way.inspector))


def _centres(visit: AwaitedVisit, elsewhere: Elsewhere) -> list[OtherCentreVisits]:
    inside = {
        centre: sum(visit.first <= place.day <= visit.last for place in free)
        for centre, free in elsewhere.free_at_centres.items()
    }
    found = [OtherCentreVisits(centre, places) for centre, places in inside.items() if places]
    return sorted(found, key=lambda way: (-way.places, way.centre))


def _later(visit: AwaitedVisit, matching: Matching, room: Room, elsewhere: Elsewhere) -> Iterator[HeldLater]:
    later = {place for inspector in visit.inspectors for place in room.days_of(inspector, visit.last, date.max)}
    for place in sorted(later, key=lambda one: (one.day, one.inspector)):
        if place.day > visit.last and places_left(matching, visit.visit_id, [place], 1)[0]:
            yield HeldLater(place.day, elsewhere.late_reasons)
            return
