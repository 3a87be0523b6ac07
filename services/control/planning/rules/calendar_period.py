"""The days that a calendar is asked about: a day, a week, a month, or from one day to another (R17)."""

import re
from calendar import monthrange
from datetime import date, timedelta

from shared.contracts.vocabulary import Span
from shared.deadlines.deadlines import is_working_day
from shared.policy.policy import Policy

LONGEST_DAYS = 92
"""Most days of a period: three months."""
PERIOD = r"^[0-9]{4}-([0-9]{2}(-[0-9]{2}(/[0-9]{4}-[0-9]{2}-[0-9]{2})?)?|W[0-9]{2})$"
"""ISO 8601: `2026-12-07`, `2026-W50`, `2026-12` or `2026-12-07/2026-12-20`."""
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def period_of(told: str) -> Span:
    """R17: returns the days of a period as ISO 8601 writes it. Raises ValueError if there is none such, or no end."""
    if week := _WEEK.fullmatch(told):
        monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
        return Span(first=monday, last=monday + timedelta(days=6))
    if month := _MONTH.fullmatch(told):
        first = date(int(month[1]), int(month[2]), 1)
        return Span(first=first, last=first.replace(day=monthrange(first.year, first.month)[1]))
    begins, _, ends = told.partition("/")
    span = Span(first=date.fromisoformat(begins), last=date.fromisoformat(ends or begins))
    if not 0 <= (span.last - span.first).days < LONGEST_DAYS:
        raise ValueError("ends before it begins, or has too many days")
    return span


def days_of(span: Span) -> list[date]:
    """Returns every day of a period, both ends included."""
    return [span.first + timedelta(days=number) for number in range((span.last - span.first).days + 1)]


def working_days_of(span: Span, policy: Policy) -> list[date]:
    """R17: returns the days of a period on which the authority works, whoever else is away or closed."""
    return [day for day in days_of(span) if is_working_day(day, policy)]
