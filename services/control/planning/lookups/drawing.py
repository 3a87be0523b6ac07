"""Draws days that nobody can compute or guess, among those that are free in a calendar (R18)."""

from collections.abc import Iterable, Sequence
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
    among, free = _widened(calendar, spans, policy.control.least_days)
    if not free:
        late = (day for day in islice(after, _DAYS_LOOKED_AT) if calendar.has_room_on(day))
        among = free = list(islice(late, policy.control.late_days_drawn_from))
    if not free:
        return None
    day = chance.choice(free)
    place = calendar.take(day)
    assert place is not None, "only free days are drawn"
    how = Drawn(
        first=among[0],
        last=among[-1],
        spread=policy.control.day_spread,
        possible=len(free),
        least=policy.control.least_days,
    )
    return DrawnDay(day, place, how)


def _widened(calendar: Calendar, spans: Sequence[Sequence[date]], least: int) -> tuple[Sequence[date], Sequence[date]]:
    """Returns a span and the free days of it."""
    among: Sequence[date] = ()
    free: Sequence[date] = ()
    for among in spans:
        free = _free(calendar, among)
        if len(free) >= least:
            break
    return among, free


def _free(calendar: Calendar, days: Iterable[date]) -> list[date]:
    return [day for day in days if calendar.has_room_on(day)]
