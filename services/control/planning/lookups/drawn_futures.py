"""Draws futures of the calendars, to see which visits are often left without a place in their windows (R17)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from services.control.planning.rules.days_in_future import DaysInFuture, Window
from services.control.planning.rules.matching import InspectorDay
from services.control.planning.rules.windows_at_risk import AwaitedVisit, Room
from shared.eventstore.randomness import RandomSource
from shared.policy.policy import ExpectedChanges, Planning


class _Asked(NamedTuple):
    """A visit by the numbers of days in the calendar."""

    visit_id: UUID
    window: Window
    extended: Window | None
    """R13: the window if the company gets a longer deadline; None where it cannot."""
    day: int | None
    """Where it stands in its window, or was announced for; None if it has no place."""
    moves: Window | None
    """R18: the window inside of which it may move; None if it has no place, or the company was told of its day."""


class _Need(NamedTuple):
    """A visit that needs a day in one future; sorted as they get one."""

    window_ends: int
    visit_id: UUID
    window: Window
    since: int
    """The first day that is left when it becomes known that it needs one."""
    is_decided: bool
    """R21: whether it is not drawn any more if the control decides something."""


def shares_missed(
    visits: Sequence[AwaitedVisit], room: Room, planning: Planning, chance: RandomSource
) -> Mapping[UUID, float]:
    """R17: returns in which share of drawn futures each visit has no place in its window.

    A visit that has a place keeps it, unless something takes it. Who is away, which deadline is extended, and which
    control decides nothing and needs another (R21), is drawn by the policy's rates. What then needs a place gets one as
    it would in the calendar: a free one, or if the policy says so one that others make free, in the order in which
    windows end. Each visit is of one inspector. Raises ValueError for a visit that several may hold.
    """
    missed = dict.fromkeys((visit.visit_id for visit in visits), 0)
    by_inspector: dict[str, list[AwaitedVisit]] = {}
    for visit in visits:
        (inspector,) = visit.inspectors
        by_inspector.setdefault(inspector, []).append(visit)
    for inspector, of_one in by_inspector.items():
        days = room.days.get(inspector, ())
        futures = _futures(of_one, days, [room.places[InspectorDay(inspector, day)] for day in days], planning, chance)
        for _ in range(planning.futures):
            for visit_id in futures.without_place():
                missed[visit_id] += 1
    return {visit_id: number / planning.futures for visit_id, number in missed.items()}


def _futures(
    visits: Sequence[AwaitedVisit], dates: Sequence[date], room: Sequence[int], planning: Planning, chance: RandomSource
) -> "_Futures":
    asked = [_asked(visit, dates, planning.expected) for visit in visits]
    standing = DaysInFuture.empty(room, planning.makes_room)
    for one in asked:
        if one.day is not None:
            standing.stand(one.day, one.moves)
    return _Futures(asked, dates, standing, planning, chance)


def _asked(visit: AwaitedVisit, dates: Sequence[date], expected: ExpectedChanges) -> _Asked:
    def window(later: timedelta) -> Window:
        return Window(bisect_left(dates, visit.first + later), bisect_right(dates, visit.last + later) - 1)

    usual, is_announced = window(timedelta(0)), visit.announced_for is not None
    stands_on = visit.announced_for.day if visit.announced_for is not None else visit.stands_on
    number = bisect_left(dates, stands_on) if stands_on is not None else len(dates)
    day = number if number < len(dates) and dates[number] == stands_on else None
    may_be_extended = visit.may_be_extended and not is_announced
    extended = window(timedelta(days=expected.extension_days)) if may_be_extended else None
    return _Asked(visit.visit_id, usual, extended, day, None if is_announced or day is None else usual)


@dataclass(frozen=True)
class _Futures:
    """The calendar of one inspector as it stands, and what may happen to it."""

    asked: Sequence[_Asked]
    dates: Sequence[date]
    standing: DaysInFuture
    planning: Planning
    chance: RandomSource

    def without_place(self) -> Iterator[UUID]:
        """Draws a future, and yields the visits that have no place in it."""
        converted = self.planning.expected.converted
        days = self.standing.copy()
        away = days_away(self.dates, self.planning.expected, self.chance)
        needs = sorted(self._needs(days, away))
        for day in away:
            days.close(day)
        for need in needs:
            given = days.give(need.window, need.since)
            if given is not None and not need.is_decided and self.chance.random() < converted:
                given = days.give(need.window, given + 1)
            if given is None:
                yield need.visit_id

    def _needs(self, days: DaysInFuture, away: Mapping[int, int]) -> Iterator[_Need]:
        expected, chance = self.planning.expected, self.chance
        for visit_id, usual, extended, day, moves in self.asked:
            is_extended = extended is not None and chance.random() < expected.extended
            window = extended if extended is not None and is_extended else usual
            if day is None:
                yield _Need(window.last, visit_id, window, since=0, is_decided=False)
            elif day in away:
                yield _Need(window.last, visit_id, window, since=away[day], is_decided=False)
            elif day < window.first and is_extended:
                days.leave(day, moves)
                yield _Need(window.last, visit_id, window, since=0, is_decided=False)
            elif chance.random() < expected.converted:
                yield _Need(window.last, visit_id, window, since=day + 1, is_decided=True)


def days_away(days: Sequence[date], expected: ExpectedChanges, chance: RandomSource) -> Mapping[int, int]:
    """R17, R42: draws on which of these days an inspector is away, at random times and for random lengths.

    Returns their numbers, counted from 0, each with the number of the day on which that absence begins.
    """
    away: dict[int, int] = {}
    if not expected.absences_a_year or not days:
        return away
    begins = 0.0
    while True:
        begins += chance.expovariate(expected.absences_a_year / 365)
        first = days[0] + timedelta(days=int(begins))
        if first > days[-1]:
            return away
        last = first + timedelta(days=chance.randint(1, expected.longest_absence_days) - 1)
        number = bisect_left(days, first)
        away |= dict.fromkeys(range(number, bisect_right(days, last)), number)
