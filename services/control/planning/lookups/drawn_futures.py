"""Draws futures of the calendars, to see which visits are often left without a place in their windows (R17)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from services.control.planning.rules.earliest_days import EarliestDays
from services.control.planning.rules.matching import InspectorDay
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room
from shared.eventstore.randomness import RandomSource
from shared.policy.policy import ExpectedChanges, Planning


class _Window(NamedTuple):
    """The days of one visit in one future, by their numbers in the calendar; sorted as visits get their days."""

    moves: bool
    """R18: False for an announced visit, which gets its day before all others."""
    last: int
    first: int
    visit_id: UUID


@dataclass(frozen=True)
class _Asked:
    """A visit with its windows in the futures in which nothing changes, its inspector is away, or it is extended."""

    usual: _Window
    not_announced: _Window
    extended: _Window | None


def shares_missed(
    visits: Sequence[AwaitedVisit], room: Room, planning: Planning, chance: RandomSource
) -> Mapping[UUID, float]:
    """R17: returns in which share of drawn futures each visit has no place in its window.

    In each future everything is placed as well as can be, in the order in which windows end. Who is away, which
    deadline is extended, and which control decides nothing and needs another (R21), is drawn by the policy's rates.
    Each visit is of one inspector. Raises ValueError for a visit that several may hold.
    """
    missed = dict.fromkeys((visit.visit_id for visit in visits), 0)
    by_inspector: dict[str, list[AwaitedVisit]] = {}
    for visit in visits:
        (inspector,) = visit.inspectors
        by_inspector.setdefault(inspector, []).append(visit)
    for inspector, of_one in by_inspector.items():
        days = room.days.get(inspector, ())
        places = [room.places[InspectorDay(inspector, day)] for day in days]
        asked = [_asked(visit, days, planning.expected) for visit in of_one]
        for _ in range(planning.futures):
            away = days_away(days, planning.expected, chance)
            windows = sorted(_drawn(one, away, planning.expected, chance) for one in asked)
            left = EarliestDays([0 if number in away else fits for number, fits in enumerate(places)])
            for visit_id in _without_place(windows, left, planning.expected, chance):
                missed[visit_id] += 1
    return {visit_id: number / planning.futures for visit_id, number in missed.items()}


def _asked(visit: AwaitedVisit, days: Sequence[date], expected: ExpectedChanges) -> _Asked:
    def window(first: date, last: date, moves: bool = True) -> _Window:
        return _Window(moves, bisect_right(days, last) - 1, bisect_left(days, first), visit.visit_id)

    usual, later = window(visit.first, visit.last), timedelta(days=expected.extension_days)
    if visit.announced_for is not None:
        day = visit.announced_for.day
        return _Asked(window(day, day, moves=False), usual, None)
    return _Asked(usual, usual, window(visit.first + later, visit.last + later) if visit.may_be_extended else None)


def _drawn(asked: _Asked, away: set[int], expected: ExpectedChanges, chance: RandomSource) -> _Window:
    if not asked.usual.moves and asked.usual.first in away:
        return asked.not_announced
    if asked.extended is not None and chance.random() < expected.extended:
        return asked.extended
    return asked.usual


def _without_place(
    windows: Sequence[_Window], left: EarliestDays, expected: ExpectedChanges, chance: RandomSource
) -> Iterator[UUID]:
    for _, last, first, visit_id in windows:
        if not left.give(first, last) or (chance.random() < expected.converted and not left.give(first, last)):
            yield visit_id


def days_away(days: Sequence[date], expected: ExpectedChanges, chance: RandomSource) -> set[int]:
    """R17, R42: draws on which of these days an inspector is away, at random times and for random lengths.

    Returns their numbers, counted from 0.
    """
    away = set[int]()
    if not expected.absences_a_year or not days:
        return away
    begins = 0.0
    while True:
        begins += chance.expovariate(expected.absences_a_year / 365)
        first = days[0] + timedelta(days=int(begins))
        if first > days[-1]:
            return away
        last = first + timedelta(days=chance.randint(1, expected.longest_absence_days) - 1)
        away.update(range(bisect_left(days, first), bisect_right(days, last)))
