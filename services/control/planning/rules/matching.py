"""Gives visits their places as well as can be: a visit that has a place gives it up if it can have another (R17).

This is a maximum matching of visits with the days of inspectors, found by augmenting paths (Berge 1957, Kuhn 1955). It
is exact, because all visits take equally long, so that a day has room for a whole number of them.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple


class InspectorDay(NamedTuple):
    """A day in the calendar of an inspector."""

    inspector: str
    day: date


class Matching:
    """Visits with their places. A visit that was given a place keeps one, but not always the same."""

    def __init__(self, room: Mapping[InspectorDay, int]) -> None:
        """`room` says how many visits fit into each day; a day that is missing has no room."""
        self._room = room
        self._possible: dict[Hashable, Sequence[InspectorDay]] = {}
        self._place: dict[Hashable, InspectorDay] = {}
        self._visits: defaultdict[InspectorDay, set[Hashable]] = defaultdict(set)

    def copy(self) -> "Matching":
        """Returns the same matching, which changes apart from this one."""
        other = Matching(self._room)
        other._possible, other._place = self._possible.copy(), self._place.copy()
        other._visits.update({place: visits.copy() for place, visits in self._visits.items()})
        return other

    def place_of(self, visit: Hashable) -> InspectorDay | None:
        """Returns where a visit is; None if it has no place."""
        return self._place.get(visit)

    def give(self, visit: Hashable, possible: Sequence[InspectorDay]) -> bool:
        """Gives one more visit a place, and moves as few others as that takes; returns False if it is impossible."""
        self._possible[visit] = possible
        for place in possible:  # most find room without a search
            if len(self._visits[place]) < self._room.get(place, 0):
                self._shift(visit, place, {place: visit})
                return True
        asked_by: dict[InspectorDay, Hashable] = {}
        for place in self._search(visit, asked_by):
            if len(self._visits[place]) < self._room.get(place, 0):
                self._shift(visit, place, asked_by)
                return True
        del self._possible[visit]
        return False

    def take_back(self, visit: Hashable) -> None:
        """Frees the place of a visit."""
        self._visits[self._place.pop(visit)].discard(visit)
        del self._possible[visit]

    def in_the_way(self, possible: Collection[InspectorDay]) -> frozenset[Hashable]:
        """Returns the visits of which any could make room by falling away, if no room is left for another visit.

        They have all places that it could have, or that they could move to themselves (Hall 1935).
        """
        one_more, asked_by = object(), dict[InspectorDay, Hashable]()
        self._possible[one_more] = tuple(possible)
        reached = frozenset(visit for place in self._search(one_more, asked_by) for visit in self._visits[place])
        del self._possible[one_more]
        return reached

    def _search(self, visit: Hashable, asked_by: dict[InspectorDay, Hashable]) -> Iterator[InspectorDay]:
        """Yields the places that can be reached by moving visits, those for which fewest have to move first."""
        asking = deque([visit])
        while asking:
            one = asking.popleft()
            for place in self._possible[one]:
                if place not in asked_by:
                    asked_by[place] = one
                    yield place
                    asking.extend(self._visits[place])

    def _shift(self, visit: Hashable, free: InspectorDay, asked_by: Mapping[InspectorDay, Hashable]) -> None:
        place: InspectorDay | None = free
        while place is not None:
            moves = asked_by[place]
            left = self._place.get(moves)
            if left is not None:
                self._visits[left].discard(moves)
            self._place[moves] = place
            self._visits[place].add(moves)
            place = None if moves == visit else left
