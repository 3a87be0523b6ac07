"""Until which day a control, or the inspection after a no, is in time, and why a later one is late (R7, R17, R21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.reference.reference import control_late_reasons

CALENDAR_FULL = "calendar-full"
NO_DAY_LEFT = "no-day-left"
TURNED_INTO_GUIDANCE = "turned-into-guidance"
INVESTIGATED_AFRESH = "investigated-afresh"
_OF_INDECISION = frozenset({TURNED_INTO_GUIDANCE, INVESTIGATED_AFRESH})


@dataclass(frozen=True)
class Limit:
    """Until when something is in time, and which reasons there are for a later day."""

    last_day: date
    undecided: str | None = None
    """R21: the code that tells how an earlier control decided nothing; only after such a one may it be given."""
    used_up: bool = False
    """R21: whether no day was left then, so that this is the reason where nobody gives another."""

    def is_late(self, day: date) -> bool:
        """R7, R17: whether a day lies after the last one."""
        return day > self.last_day

    def reason(self, day: date, given: str | None) -> str | None:
        """R17: why a day is late, as the facts have it: what is given, or the indecision; None where it is in time."""
        return self.explained(given) if self.is_late(day) else None

    def lacks_reason(self, day: date, given: str | None) -> bool:
        """R7, R17: whether a day is late and nothing that may be given says why."""
        return self.is_late(day) and self.explained(given) not in self.reasons

    def explained(self, given: str | None) -> str | None:
        """R21: the reason of what is late: the one that is given, else that nothing was decided before."""
        return given or (self.undecided if self.used_up else None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """R7, R17: codes that may be given for a late day; R21: of indecision only the one by which it came to that."""
        return tuple(code for code in control_late_reasons() if code not in _OF_INDECISION or code == self.undecided)

    def reason_of_itself(self, day: date, days_left: Sequence[date]) -> str | None:
        """R7, R17: why the system takes a late day: all that were left in time were full, or none was left.

        R21: where a control that decided nothing is why none was left, that is the reason.
        """
        if not self.is_late(day):
            return None
        in_time = any(not self.is_late(one) for one in days_left)
        return CALENDAR_FULL if in_time else self.explained(None) or NO_DAY_LEFT
