"""When an inspector works: the half hours of each weekday, days away and closed days, and visits per day (R17, R42)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.control.planning.rules.half_hours import within
from shared.contracts.vocabulary import PersonDescription, Span
from shared.eventstore.decider import Guard
from shared.policy.policy import Policy

_MONDAY_TO_FRIDAY = range(5)


@dataclass(frozen=True)
class WorkingTime:
    """R17, R42: when visits may be booked in one inspector's calendar."""

    half_hours: Mapping[int, frozenset[int]]
    """The half hours that are worked, by weekday; Monday is 0. A weekday that is missing is not worked."""
    visits_per_day: int
    """Most visits on one day, however short they are."""
    away: Sequence[Span] = ()
    """R42: absences, both ends included."""
    closed: frozenset[date] = frozenset()
    """Days on which the inspector's centre is closed, beside the weekends and holidays of the calendar of R3."""
    works_until: date | None = None
    """R42: the last day of work of somebody who leaves the authority."""
    read_from: tuple[Guard, ...] = field(default=(), compare=False)
    """The streams of the person and of the centre, at the versions that were read."""

    def has_left_on(self, day: date) -> bool:
        """R42: returns whether the day comes after the inspector's last one."""
        return self.works_until is not None and day > self.works_until

    def is_away_on(self, day: date) -> bool:
        """R42: returns whether the inspector is absent on the day."""
        return any(absence.first <= day <= absence.last for absence in self.away)

    def on(self, day: date) -> frozenset[int]:
        """R17: returns the half hours that are worked on a day; none if it is closed, or the inspector is away."""
        if day in self.closed or self.is_away_on(day) or self.has_left_on(day):
            return frozenset()
        return self.half_hours.get(day.weekday(), frozenset())


def default_working_time(policy: Policy) -> WorkingTime:
    """R17: returns the working time of who has no pattern of their own: the policy's day, from Monday to Friday."""
    half_hours = frozenset(policy.planning.working_day)
    return WorkingTime(dict.fromkeys(_MONDAY_TO_FRIDAY, half_hours), policy.control.controls_per_day)


def working_time(
    policy: Policy, described: PersonDescription, away: Sequence[Span], closed: Iterable[date]
) -> WorkingTime:
    """R17, R42: returns the working time of somebody as the directory has it; what it leaves open is the policy's."""
    usual = default_working_time(policy)
    half_hours: dict[int, frozenset[int]] = {}
    for worked in described.working_pattern:
        weekday = worked.weekday - 1
        half_hours[weekday] = half_hours.get(weekday, frozenset()) | frozenset(within(worked.begins, worked.ends))
    visits = usual.visits_per_day if described.visits_per_day is None else described.visits_per_day
    return WorkingTime(half_hours or usual.half_hours, visits, away, frozenset(closed))
