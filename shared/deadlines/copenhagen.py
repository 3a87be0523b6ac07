"""Days and instants in Copenhagen: where a day begins and ends, and on which day an instant falls."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
_DAYS_KEPT = 4096
"""The results for so many days are kept: most facts and deadlines are about days of the same few years."""


def local_day(instant: datetime) -> date:
    """Returns the day in Copenhagen on which an instant falls. Raises ValueError for an instant without an offset."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no offset from UTC, so it falls on no day")
    return instant.astimezone(COPENHAGEN).date()


@lru_cache(_DAYS_KEPT)
def start_of(day: date) -> datetime:
    """Returns the beginning of the day, midnight in Copenhagen, in UTC."""
    return datetime.combine(day, time(), COPENHAGEN).astimezone(UTC)


@lru_cache(_DAYS_KEPT)
def end_of(day: date) -> datetime:
    """Returns the exclusive end of the day, the next midnight in Copenhagen, in UTC."""
    return start_of(day + timedelta(days=1))


def moment_of(day: date, clock: time) -> datetime:
    """Returns the instant of a time of day in Copenhagen, in UTC; of an hour that comes twice, the first."""
    return datetime.combine(day, clock, COPENHAGEN).astimezone(UTC)
