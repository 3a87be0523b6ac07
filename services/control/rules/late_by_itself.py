"""Why a day that was found in a calendar by itself is a late one (R7, R17)."""

from collections.abc import Sequence
from datetime import date

CALENDAR_FULL = "calendar-full"
NO_DAY_LEFT = "no-day-left"


def reason_for_being_late(day: date, last_day: date, days_in_time: Sequence[date]) -> str | None:
    """R7, R17: those that were left in time were all full, or none was left; None where the day is in time."""
    if day <= last_day:
        return None
    return CALENDAR_FULL if days_in_time else NO_DAY_LEFT
