"""Why a day is a late one: what the system says by itself, and what somebody may say (R7, R17, R21)."""

from collections.abc import Sequence
from datetime import date

from shared.reference.reference import control_late_reasons

CALENDAR_FULL = "calendar-full"
NO_DAY_LEFT = "no-day-left"
TURNED_INTO_GUIDANCE = "turned-into-guidance"
INVESTIGATED_AFRESH = "investigated-afresh"
_OF_INDECISION = frozenset({TURNED_INTO_GUIDANCE, INVESTIGATED_AFRESH})


def reason_for_being_late(
    day: date, last_day: date, days_in_time: Sequence[date], indecision: str | None = None
) -> str | None:
    """R7, R17: those that were left in time were all full, or none was left; None where the day is in time.

    R21: `indecision` is why none was left, where a control that decided nothing is the cause.
    """
    if day <= last_day:
        return None
    return CALENDAR_FULL if days_in_time else indecision or NO_DAY_LEFT


def reasons_to_choose_from(undecided: str | None = None) -> tuple[str, ...]:
    """R7, R17: codes that may be given for a late day; R21: of indecision only the one by which it came to that."""
    return tuple(code for code in control_late_reasons() if code not in _OF_INDECISION or code == undecided)
