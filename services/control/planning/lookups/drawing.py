"""Draws days that nobody can compute or guess, among those that are free in a calendar (R18)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from services.control.planning.rules.calendar import Calendar, FreePlace
from shared.contracts.vocabulary import Drawn
from shared.eventstore.randomness import RandomSource
from shared.policy.policy import Policy

_DAYS_LOOKED_AT = 400
"""Most days after the window that are tried; far more than any window has."""


@dataclass(frozen=True)
class DrawnDay:
    """R18: a day that was drawn, the place on it, and how it was drawn."""

    day: date
    place: FreePlace
    how: Drawn


def draw(
    calendar: Calendar, spans: Sequence[Sequence[date]], after: Iterable[date], policy: Policy, chance: RandomSource
) -> DrawnDay | None:
    """R18: draws a day at random and takes a place on it; returns None if no day is free.

    Each span of days includes the one before. Each free day of the first span that has as many of them as the policy
    asks for is equally likely, or of the last span; if none is free there, each of the next free days after it.
    """
    among, free = _widened(calendar.has_room_on, spans, policy.control.least_days)
    if not free:
        late = (day for day in islice(after, _DAYS_LOOKED_AT) if calendar.has_room_on(day))
        among = free = list(islice(late, policy.control.late_days_drawn_from))
    if not free:
        return None
    day, how = _one_of(free, among, policy, chance)
    place = calendar.take(day)
    assert place is not None, "only free days are drawn"
    return DrawnDay(day, place, how)


def draw_among(
    spans: Sequence[Sequence[date]], is_possible: Callable[[date], bool], policy: Policy, chance: RandomSource
) -> tuple[date, Drawn] | None:
    """R18: draws a possible day in the same way, and takes no place on it; returns None if none is possible."""
    among, free = _widened(is_possible, spans, policy.control.least_days)
    return _one_of(free, among, policy, chance) if free else None


def _widened(
    is_possible: Callable[[date], bool], spans: Sequence[Sequence[date]], least: int
) -> tuple[Sequence[date], Sequence[date]]:
    """Returns a span and the possible days of it."""
    among: Sequence[date] = ()
    free: Sequence[date] = ()
    for among in spans:
        free = [day for day in among if is_possible(day)]
        if len(free) >= least:
            break
    return among, free


def _one_of(free: Sequence[date], among: Sequence[date], policy: Policy, chance: RandomSource) -> tuple[date, Drawn]:
    how = Drawn(
        first=among[0],
        last=among[-1],
        spread=policy.control.day_spread,
        possible=len(free),
        least=policy.control.least_days,
    )
    return chance.choice(free), how
