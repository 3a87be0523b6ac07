"""The reference's own Danish calendar and clock, written from the rules and sharing nothing with the product's (R3)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ONE_DAY = timedelta(days=1)


def day_of(instant: datetime) -> date:
    """The day in Copenhagen."""
    return instant.astimezone(_COPENHAGEN).date()


def midnight(day: date) -> datetime:
    """When a day begins in Copenhagen."""
    return datetime.combine(day, time(), _COPENHAGEN).astimezone(UTC)


def after(day: date) -> datetime:
    """The first instant that is too late for a deadline with this last day."""
    return midnight(day + ONE_DAY)


def is_open(day: date) -> bool:
    """Neither weekend nor closed."""
    return day.weekday() < 5 and day not in _closed(day.year)


def open_from(day: date) -> date:
    """The day, or the first open one after it."""
    while not is_open(day):
        day += ONE_DAY
    return day


def months_later(day: date, months: int) -> date:
    """The same number in a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


@cache
def _closed(year: int) -> frozenset[date]:
    easter = _easter(year)
    by_easter = [-3, -2, 1, 39, 40, 50] + ([26] if year < 2024 else [])
    fixed = [(1, 1), (6, 5), (12, 24), (12, 25), (12, 26), (12, 31)]
    return frozenset(
        [*(easter + timedelta(days=days) for days in by_easter), *(date(year, month, day) for month, day in fixed)]
    )


def _easter(year: int) -> date:
    """Gauss's rule with the corrections of the Gregorian calendar, for 1900 to 2099."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if d == 29 and e == 6:
        days = 28
    elif d == 28 and e == 6 and a > 10:
        days = 27
    else:
        days = d + e
    return date(year, 3, 22) + timedelta(days=days)
