"""The one place that decides which days are closed in Denmark: computed for any year, never listed."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import holidays
from pydantic import BaseModel, ConfigDict

from shared.visibility import Shown

_WEEKEND: Final = {5: ("lørdag", "Saturday"), 6: ("søndag", "Sunday")}
_ASCENSION_DAY: Final = "Kristi himmelfartsdag"
_DAYS_KEPT = 4096
"""The results for so many days are kept: every window is made of days of the same few years."""


class ExtraClosedDay(StrEnum):
    """R3: days that are no public holidays and still count as closed, where the policy says so."""

    CONSTITUTION_DAY = "constitution_day"
    CHRISTMAS_EVE = "christmas_eve"
    NEW_YEARS_EVE = "new_years_eve"
    FRIDAY_AFTER_ASCENSION = "friday_after_ascension"


_EXTRA_NAMES: Final[Mapping[ExtraClosedDay, tuple[str, str]]] = {
    ExtraClosedDay.CONSTITUTION_DAY: ("grundlovsdag", "Constitution Day"),
    ExtraClosedDay.CHRISTMAS_EVE: ("juleaftensdag", "Christmas Eve"),
    ExtraClosedDay.NEW_YEARS_EVE: ("nytårsaftensdag", "New Year's Eve"),
    ExtraClosedDay.FRIDAY_AFTER_ASCENSION: ("fredag efter Kristi himmelfartsdag", "Friday after Ascension Day"),
}
_EXTRA_ON_A_FIXED_DATE: Final[Mapping[tuple[int, int], ExtraClosedDay]] = {
    (6, 5): ExtraClosedDay.CONSTITUTION_DAY,
    (12, 24): ExtraClosedDay.CHRISTMAS_EVE,
    (12, 31): ExtraClosedDay.NEW_YEARS_EVE,
}


class ClosedDay(BaseModel):
    """A day on which no deadline of the company's ends, and why."""

    model_config = ConfigDict(frozen=True)

    day: Shown[date]
    danish: Shown[str]
    english: Shown[str]


def closed_day(day: date, extra: Collection[ExtraClosedDay]) -> ClosedDay | None:
    """R3: returns why a day is closed, or None if it is open.

    The reasons are a public holiday, an extra closed day or a weekend; the first of these that applies is returned.
    """
    return _closed_day(day, frozenset(extra))


@lru_cache(_DAYS_KEPT)
def _closed_day(day: date, extra: frozenset[ExtraClosedDay]) -> ClosedDay | None:
    names = _holiday_names(day) or _extra_names(day, extra) or _WEEKEND.get(day.weekday())
    return None if names is None else ClosedDay(day=day, danish=names[0], english=names[1])


def next_open_day(day: date, extra: Collection[ExtraClosedDay]) -> tuple[date, tuple[ClosedDay, ...]]:
    """R3: returns the first open day from this day on, and the closed days that were skipped."""
    skipped: list[ClosedDay] = []
    while (closed := closed_day(day, extra)) is not None:
        skipped.append(closed)
        day += timedelta(days=1)
    return day, tuple(skipped)


def _holiday_names(day: date) -> tuple[str, str] | None:
    danish = _public_holidays(day.year, "da").get(day)
    return None if danish is None else (danish, _public_holidays(day.year, "en_US")[day])


def _extra_names(day: date, extra: Collection[ExtraClosedDay]) -> tuple[str, str] | None:
    found = _EXTRA_ON_A_FIXED_DATE.get((day.month, day.day))
    if found is None and _is_ascension_day(day - timedelta(days=1)):
        found = ExtraClosedDay.FRIDAY_AFTER_ASCENSION
    return None if found is None or found not in extra else _EXTRA_NAMES[found]


def _is_ascension_day(day: date) -> bool:
    return _ASCENSION_DAY in _public_holidays(day.year, "da").get(day, "")


@cache
def _public_holidays(year: int, language: str) -> Mapping[date, str]:
    """Store Bededag is among them until 2023 and not from 2024 on."""
    return dict(holidays.country_holidays("DK", years=year, language=language, observed=False))
