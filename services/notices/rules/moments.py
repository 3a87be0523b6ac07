"""When a notice that belongs to a day is sent (R29)."""

from datetime import date, datetime, timedelta

from shared.contracts.notices import DigestRhythm
from shared.deadlines.copenhagen import local_day, moment_of
from shared.deadlines.deadlines import is_working_day, next_working_day
from shared.policy.policy import Policy

_ONE_DAY = timedelta(days=1)


def days_before(day: date, days: int, policy: Policy) -> datetime:
    """R29: returns when somebody is told so many days before a day: on a working day, and never later than that."""
    told_on = day - timedelta(days=days)
    while not is_working_day(told_on, policy):
        told_on -= _ONE_DAY
    return on(told_on, policy)


def days_after(day: date, days: int, policy: Policy) -> datetime:
    """R29: returns when somebody is told so many days after a day: on a working day, and never earlier than that."""
    return on(next_working_day(day + timedelta(days=days), policy), policy)


def on(day: date, policy: Policy) -> datetime:
    """Returns the instant on a day at which notices are sent."""
    return moment_of(day, policy.notices.told_at)


def not_at_night(moment: datetime, latest_at: datetime, policy: Policy) -> datetime:
    """R29: returns the morning for a moment of the night, as timers fire at midnight; not if it is pointless then."""
    morning = on(local_day(moment), policy)
    return morning if moment < morning < latest_at else moment


def next_digest(after: datetime, policy: Policy, rhythm: DigestRhythm = DigestRhythm.DAILY) -> datetime:
    """R29: returns when the next digest is sent, later than `after`: in the morning, in Copenhagen, of a working day.

    Of a weekly one, that is the first working day of a week.
    """
    day = next_working_day(after.date() - _ONE_DAY, policy)
    while (moment := moment_of(day, policy.notices.digest_at)) <= after or not _is_its_day(day, policy, rhythm):
        day = next_working_day(day + _ONE_DAY, policy)
    return moment


def _is_its_day(day: date, policy: Policy, rhythm: DigestRhythm) -> bool:
    monday = day - timedelta(days=day.weekday())
    return rhythm is DigestRhythm.DAILY or day == next_working_day(monday, policy)
