"""When an inspector works: the half hours of each weekday, days away and closed days, and visits per day (R17, R42)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.policy.policy import Policy

_MONDAY_TO_FRIDAY = range(5)


@dataclass(frozen=True)
class DaysAway:
    """R42: an absence, both ends included; why is not asked."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Returns whether the day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class WorkingTime:
    """R17, R42: when visits may be booked in one inspector's calendar."""

    half_hours: Mapping[int, frozenset[int]]
    """The half hours that are worked, by weekday; Monday is 0. A weekday that is missing is not worked."""
    visits_per_day: int
    """Most visits on one day, however short they are."""
    away: Sequence[DaysAway] = ()
    closed: frozenset[date] = frozenset()
    """Days on which the inspector's centre is closed, beside the weekends and holidays of the calendar of R3."""

    def is_away_on(self, day: date) -> bool:
        """R42: returns whether the inspector is absent on the day."""
        return any(absence.covers(day) for absence in self.away)

    def on(self, day: date) -> frozenset[int]:
        """R17: returns the half hours that are worked on a day; none if it is closed, or the inspector is away."""
        if day in self.closed or self.is_away_on(day):
            return frozenset()
        return self.half_hours.get(day.weekday(), frozenset())


def default_working_time(policy: Policy) -> WorkingTime:
    """R17: returns the working time of who has no pattern of their own: the policy's day, from Monday to Friday."""
    half_hours = frozenset(policy.planning.working_day)
    return WorkingTime(dict.fromkeys(_MONDAY_TO_FRIDAY, half_hours), policy.control.controls_per_day)
