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
    """The last day on which a control or inspection is in time, and the reasons for a later day."""

    last_day: date
    undecided: str | None = None
    """R21: code for how an earlier control decided nothing; it may be given only after such a control."""
    used_up: bool = False
    """R21: whether no day was left after that control, so that its code is the default reason."""

    def is_late(self, day: date) -> bool:
        """R7, R17: returns whether a day lies after the last one."""
        return day > self.last_day

    def reason(self, day: date, given: str | None) -> str | None:
        """R17: returns why a day is late, as facts record it: the given reason, or the earlier indecision.

        Returns None if the day is in time.
        """
        return self.explained(given) if self.is_late(day) else None

    def lacks_reason(self, day: date, given: str | None) -> bool:
        """R7, R17: returns whether a day is late without a known reason for it."""
        return self.is_late(day) and self.explained(given) not in self.reasons

    def explained(self, given: str | None) -> str | None:
        """R21: returns the reason for a late day.

        That is the given one, else that an earlier control decided nothing, if that left no day in time.
        """
        return given or (self.undecided if self.used_up else None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """R7, R17: returns the codes that may be given for a late day.

        R21: the code of an earlier control that decided nothing is included only if there was such a control.
        """
        return tuple(code for code in control_late_reasons() if code not in _OF_INDECISION or code == self.undecided)

    def reason_of_itself(self, day: date, days_left: Sequence[date]) -> str | None:
        """R7, R17: returns why the system books a late day: the days in time are full, or none was left.

        R21: if a control that decided nothing left no day, that is the reason. Returns None if the day is in time.
        """
        if not self.is_late(day):
            return None
        in_time = any(not self.is_late(one) for one in days_left)
        return CALENDAR_FULL if in_time else self.explained(None) or NO_DAY_LEFT
