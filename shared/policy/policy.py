"""One policy: the choices that hold from a day on. What each serves is told beside its value in the files."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.deadlines.danish_calendar import ExtraClosedDay

Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
ClosedLastDay = Literal["moves", "stays"]
"""R3: a last day that is closed moves to the next open day, or stays where it is."""

_FRACTION = re.compile(r"([1-9]\d*)/([1-9]\d*)")


def _as_number(written: Any) -> Any:
    if isinstance(written, float):
        return written
    parts = _FRACTION.fullmatch(written) if isinstance(written, str) else None
    if parts is None:
        raise ValueError("must be a fraction such as '1/3'")
    return int(parts[1]) / int(parts[2])


Fraction = Annotated[float, BeforeValidator(_as_number), Field(gt=0, lt=1)]
"""A part of a whole, written `1/3` in the files."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(_Section):
    """R3, R10: how the company's deadlines are counted."""

    first_day_counts: bool
    closed_last_day: ClosedLastDay
    extra_closed_days: frozenset[ExtraClosedDay]


class Offer(_Section):
    """R3, R5, R6, R8: offers and their answers."""

    response_weeks: Positive
    halfway_fraction: Fraction
    lapse_grace_minutes: NotNegative
    excluded_industries: frozenset[str]
    open_per_topic_and_unit: Positive


class Agreement(_Section):
    """R10: the compliance period."""

    periods_months: Annotated[frozenset[Positive], Field(min_length=1)]
    """Lengths that need no reason; every other length does."""


class Guidance(_Section):
    """R12: when guidance must be offered."""

    due_fraction: Fraction
    coming_due_days: NotNegative
    overdue_days: NotNegative


class Control(_Section):
    """R17, R21: the window of the control and its booking."""

    days_after_documentation: Positive
    days_after_deadline: Positive
    closed_last_day: ClosedLastDay
    target_days: Positive
    booking_lead_days: NotNegative
    controls_per_day: Positive
    guidance_into_control_not_for: frozenset[str]


class Breach(_Section):
    """R22: hearing the company, and the quarantine."""

    hearing_weeks: Positive
    hearing_in_writing_for: frozenset[str]
    quarantine_months: Positive
    quarantine_reach: Literal["legal_entity", "unit"]
    quarantine_reading: Literal["by_breach", "by_day"]


class FollowUp(_Section):
    """R24: asking later whether the measures are still in use."""

    held: bool
    after_months: Positive


class Statistics(_Section):
    """R38, and the figures that are published."""

    smallest_count: Positive


class Policy(_Section):
    """All choices that hold together from `effective_from` on, in Copenhagen."""

    version: str
    """Name of the file without its ending; facts and deadlines carry it."""
    effective_from: date
    calendar: Calendar
    offer: Offer
    agreement: Agreement
    guidance: Guidance
    control: Control
    breach: Breach
    follow_up: FollowUp
    statistics: Statistics
