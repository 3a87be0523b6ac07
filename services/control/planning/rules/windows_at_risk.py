"""Which visits may have to be late: few possible places are left, or they are missed in many drawn futures (R17).

An announced visit has one possible place, because it does not move. A visit that has a place inside its window keeps
one, though not always the same: another gets none at its cost. The others are looked at in the order in which their
windows end, each after all earlier ones have their places.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.control.planning.rules.matching import InspectorDay, Matching
from shared.contracts.vocabulary import WindowRisk
from shared.policy.policy import Planning


@dataclass(frozen=True)
class AwaitedVisit:
    """A visit that has to be held on one of the days of its window, both ends included."""

    visit_id: UUID
    inspectors: tuple[str, ...]
    """Who may hold it."""
    first: date
    last: date
    announced_for: InspectorDay | None = None
    """R18: the day that a company was told, which stays."""
    stands_on: date | None = None
    """The day inside its window that is planned or booked. Few other places are no risk to the visit then."""
    may_be_extended: bool = False
    """R13: whether the company may still get a longer deadline, which moves the window."""

    @property
    def order(self) -> tuple[bool, bool, date, date, UUID]:
        """Returns what the order in which visits get places is sorted by.

        Announced ones come first, then those that have a place, each by the ends of windows.
        """
        return self.announced_for is None, self.stands_on is None, self.last, self.first, self.visit_id


@dataclass(frozen=True)
class Prospect:
    """How a visit stands once all visits that come before it have their places."""

    visit: AwaitedVisit
    places_left: int
    """Counted up to the least number that the policy asks for."""
    in_the_way: frozenset[UUID]
    """Visits of which any would leave one more place by falling away; empty where enough are left."""


class Room:
    """How many visits each day of each inspector has room for, whoever has the places now."""

    def __init__(self, places: Mapping[InspectorDay, int]) -> None:
        self.places = places
        self._days: dict[str, list[date]] = {}
        self._in_order: dict[str, list[InspectorDay]] = {}
        for place in sorted(places):
            self._days.setdefault(place.inspector, []).append(place.day)
            self._in_order.setdefault(place.inspector, []).append(place)

    @property
    def days(self) -> Mapping[str, Sequence[date]]:
        """Returns the days of each inspector on which there is room, in order."""
        return self._days

    def possible(self, visit: AwaitedVisit) -> tuple[InspectorDay, ...]:
        """R17, R18: returns the days on which a visit could be held; of an announced visit, its day."""
        if visit.announced_for is not None:
            return (visit.announced_for,)
        return tuple(
            place for inspector in visit.inspectors for place in self.days_of(inspector, visit.first, visit.last)
        )

    def days_of(self, inspector: str, first: date, last: date) -> list[InspectorDay]:
        """Returns the days of an inspector from one day to another, both included, on which there is room."""
        days = self._days.get(inspector, ())
        return self._in_order.get(inspector, [])[bisect_left(days, first) : bisect_right(days, last)]


def prospects(visits: Sequence[AwaitedVisit], room: Room, least: int) -> tuple[list[Prospect], Matching]:
    """R17: returns how each visit stands that is not announced, and a matching of as many visits as possible."""
    matching = Matching(room.places)
    return [
        found
        for visit in sorted(visits, key=lambda one: one.order)
        if (found := _prospect(matching, visit, room.possible(visit), least)) is not None
    ], matching


def _prospect(
    matching: Matching, visit: AwaitedVisit, possible: tuple[InspectorDay, ...], least: int
) -> Prospect | None:
    if visit.announced_for is not None:
        matching.give(visit.visit_id, possible)
        return None
    left, in_the_way = places_left(matching, visit.visit_id, possible, least)
    if left:
        matching.give(visit.visit_id, possible)
    return Prospect(visit, left, in_the_way)


def places_left(
    matching: Matching, visit_id: UUID, possible: Sequence[InspectorDay], least: int
) -> tuple[int, frozenset[UUID]]:
    """R17: returns how many places a visit could have, up to `least`, and what is in the way of more.

    Everybody who has a place keeps one. The places are counted by giving them to copies of the visit.
    """
    copies = [(visit_id, "copy", number) for number in range(least)]
    given = 0
    while given < least and matching.give(copies[given], possible):
        given += 1
    reached = matching.in_the_way(possible) if given < least else ()
    for copy in copies[:given]:
        matching.take_back(copy)
    return given, frozenset(one for one in reached if isinstance(one, UUID))


def risk(prospect: Prospect, missed: float, planning: Planning, standing: bool = False) -> WindowRisk | None:
    """R17: returns why a visit may have to be late; None if it is safe. `standing`: it was at risk before."""
    if not prospect.places_left:
        return WindowRisk.IMPOSSIBLE
    if prospect.places_left < planning.least_places_left and prospect.visit.stands_on is None:
        return WindowRisk.FEW_PLACES
    most = planning.safe_again_share if standing else planning.missed_share
    return WindowRisk.OFTEN_MISSED if missed > most else None
