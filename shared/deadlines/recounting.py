"""Counts open deadlines again by the calendar of this release, where a correction of it gives another last day (R3).

A deadline keeps the policy by which it was counted: a policy that begins later touches only what begins under it. What
can differ is the calendar itself, which comes with a release: a holiday that was wrong, or is new by law.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from shared.deadlines.danish_calendar import ExtraClosedDay, next_open_day
from shared.deadlines.deadline import Deadline, Recount
from shared.policy.policies import Policies
from shared.policy.policy import Policy


class DateName(StrEnum):
    """Which deadline of a case it is."""

    RESPONSE = "response"
    COMPLIANCE = "compliance"
    GUIDANCE = "guidance"
    CONTROL_WINDOW = "control_window"
    HEARING = "hearing"


class WhyItStays(StrEnum):
    """Why a deadline stays although the calendar gives another last day."""

    EARLIER = "earlier"
    """A company's deadline is never moved to an earlier day."""
    OVER = "over"
    """The other last day is over already."""


OF_COMPANY: Final = frozenset({DateName.RESPONSE, DateName.COMPLIANCE, DateName.HEARING})
"""The deadlines that bind the company; the others bind the authority."""


@dataclass(frozen=True)
class RecountDeadlines:
    """The operator's command to every case: move what the corrected calendar gives otherwise."""

    at: datetime
    by: str
    reason: str
    policies: Policies


@dataclass(frozen=True)
class OtherDate:
    """An open deadline of a case for which the calendar gives another last day than stands."""

    name: DateName
    standing: Deadline
    would_be: Deadline
    """As it is counted today, without a note that it was counted again."""
    stays: WhyItStays | None
    """None if a recount moves it."""

    def moved(self, at: datetime) -> Deadline:
        """R27: returns the deadline as a recount moves it, which keeps the day before."""
        recount = Recount(recounted_at=at.astimezone(UTC), previous_last_day=self.standing.last_day)
        recounts = (*self.standing.recounts, recount)
        return self.standing.moved_to(self.would_be.last_day, self.would_be.skipped, recounts=recounts)


def other_dates(open_deadlines: Mapping[DateName, Deadline], at: datetime, policies: Policies) -> tuple[OtherDate, ...]:
    """R3, R27: returns the deadlines for which the calendar gives another last day; none of those that have passed.

    Raises PolicyError if a policy is missing by which one was counted.
    """
    counted = {
        name: (standing, counted_today(standing, policies))
        for name, standing in open_deadlines.items()
        if not standing.has_passed(at)
    }
    return tuple(
        OtherDate(name, standing, would_be, _why_it_stays(name, standing, would_be, at))
        for name, (standing, would_be) in counted.items()
        if would_be.last_day != standing.last_day
    )


def counted_today(deadline: Deadline, policies: Policies) -> Deadline:
    """R3, R27: returns the deadline as the calendar of this release gives it, by the policy that it was counted by.

    The day from which it would move over closed days is known: the first that was skipped, or the last day itself.
    """
    policy = _policy_of(deadline, policies)
    closed_last_day = policy.control.closed_last_day if deadline.rule == "R17" else policy.calendar.closed_last_day
    if closed_last_day == "stays":
        return deadline
    nominal = deadline.skipped[0].day if deadline.skipped else deadline.last_day
    extra: Collection[ExtraClosedDay] = policy.calendar.extra_closed_days
    return deadline.moved_to(*next_open_day(nominal, extra))


def _policy_of(deadline: Deadline, policies: Policies) -> Policy:
    granted = deadline.last_grant
    if granted is None:
        return policies.version(deadline.policy)
    return policies.at(granted.granted_at) if granted.policy is None else policies.version(granted.policy)


def _why_it_stays(name: DateName, standing: Deadline, would_be: Deadline, at: datetime) -> WhyItStays | None:
    if name in OF_COMPANY and would_be.is_over_on(standing.last_day):
        return WhyItStays.EARLIER
    return WhyItStays.OVER if would_be.has_passed(at) else None
