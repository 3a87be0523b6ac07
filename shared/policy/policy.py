"""One policy: the choices that hold from a day on. What each serves is told beside its value in the files."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from shared.deadlines.danish_calendar import ExtraClosedDay

Positive = Annotated[int, Field(ge=1)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
"""A line of text as people read it."""
NotNegative = Annotated[int, Field(ge=0)]
ClosedLastDay = Literal["moves", "stays"]
"""R3: a last day that is closed moves to the next open day, or stays where it is."""

_FRACTION = r"([1-9]\d*)/([1-9]\d*)"


def _as_number(written: Any) -> Any:
    if isinstance(written, float):
        return written
    parts = re.fullmatch(_FRACTION, written, re.ASCII) if isinstance(written, str) else None
    if parts is None:
        raise ValueError("must be a fraction such as '1/3'")
    return int(parts[1]) / int(parts[2])


Fraction = Annotated[
    float,
    BeforeValidator(_as_number),
    Field(gt=0, lt=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_FRACTION}$", "examples": ["1/3"]},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""A part of a whole, written `1/3` in the files."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(_Section):
    """R3, R10: how the company's deadlines are counted."""

    first_day_counts: bool
    closed_last_day: ClosedLastDay
    extra_closed_days: frozenset[ExtraClosedDay]


class Offer(_Section):
    """R3-R6, R8, R9: offers and their answers."""

    response_weeks: Positive
    halfway_fraction: Fraction
    lapse_grace_minutes: NotNegative
    excluded_industries: frozenset[str]
    open_per_topic_and_unit: Positive
    resend_after_hours: Positive
    resend_attempts: NotNegative
    may_be_withdrawn: bool
    acceptance_before_breach_was_known: Literal["stands", "is_annulled"]


class Agreement(_Section):
    """R10, R40: the compliance period, and what becomes of it when the unit changes its legal entity."""

    periods_months: Annotated[frozenset[Positive], Field(min_length=1)]
    """Lengths that need no reason; every other length does."""
    carried_over_to_new_owner: bool = True
    """R40: a running agreement may be carried over to who has its unit now, with that company's consent."""


class ExtensionOfPeriod(_Section):
    """R13: a longer compliance deadline."""

    asked_until: Literal["control_decided", "deadline"]
    granted_after_deadline: bool


class Guidance(_Section):
    """R12: when guidance must be offered."""

    due_fraction: Fraction
    coming_due_days: NotNegative
    overdue_days: NotNegative


class SampleStep(_Section):
    """R19: up to so many places, at least so many controls."""

    up_to: Positive
    at_least: Positive


class Sample(_Section):
    """R19: how many of the included places are controlled."""

    origin_counts: bool = True
    """R19: whether the place where it arose is one of those that the steps count. Files of before do not say so."""
    steps: tuple[SampleStep, ...]
    above: Positive

    @model_validator(mode="after")
    def _rises(self) -> Self:
        limits = [step.up_to for step in self.steps]
        if limits != sorted(set(limits)):
            raise ValueError("the steps must rise in up_to")
        return self

    def size(self, places: int) -> int:
        """R19: how many of so many places, the one where it arose among them, are controlled at least."""
        counted = places if self.origin_counts else places - 1
        wanted = next((step.at_least for step in self.steps if counted <= step.up_to), self.above)
        return min(wanted, places)


class Control(_Section):
    """R17, R19, R21: the window of the control, its booking, and the sample."""

    days_after_documentation: Positive
    days_after_deadline: Positive
    closed_last_day: ClosedLastDay
    target_days: Positive | None = None
    """R17: of files from before days were drawn. It is read and decides nothing any more."""
    day_spread: Literal["evenly"] = "evenly"
    """R18: how a day that the system chooses is drawn: each free working day of its window is equally likely."""
    late_days_drawn_from: Positive = 10
    """R7, R17, R18: where no day of the window is free, one is drawn among so many free working days after it."""
    booking_lead_days: NotNegative
    controls_per_day: Positive
    guidance_into_control_not_for: frozenset[str]
    sample: Sample


class Breach(_Section):
    """R22: hearing the company, and the quarantine."""

    heard_first: bool
    hearing_weeks: Positive
    hearing_in_writing_for: frozenset[str]
    quarantine_months: Positive
    quarantine_reach: Literal["legal_entity", "unit"]
    quarantine_reading: Literal["by_breach", "by_day"]


class OrderRequests(_Section):
    """R7, R22: following an order that was asked for until it is issued."""

    reminder_after_days: Positive
    overdue_after_days: Positive


class NotAccepted(_Section):
    """R7: the new inspection after a no."""

    inspection_within_days: Positive


class FollowUp(_Section):
    """R24: asking later whether the measures are still in use."""

    held: bool
    after_months: Positive


class Statistics(_Section):
    """R38, and the figures that are published."""

    smallest_count: Positive


class Authority(_Section):
    """R1, R23: who signs the letter of an offer, and how a company reaches it."""

    name: Line = "Arbejdstilsynet"
    address: Line = "Landskronagade 33, 2100 København Ø"
    telephone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ]{3,28}[0-9]$")] = "70 12 12 88"
    email: Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")] = "at@at.dk"


class Input(_Section):
    """What is taken from outside: days that may be named, and how much of a case."""

    days_back: Positive = 3660
    """Days before today that a request may name."""
    days_ahead: Positive = 1830
    """Days after today that a request may name."""
    documentation_parts: Positive = 500
    """R16: parts of documentation that one agreement takes."""
    attachments: Positive = 1000
    """Files that one service keeps of one case."""
    facts_of_a_case: Positive = 10_000
    """Facts of one case in one service, from which on it takes no command; the company's side may fill half of them."""
    body_bytes: Positive = 1_048_576
    """A request, but for the bytes of a file."""
    nesting: Positive = 20
    """Levels of lists and objects in a body."""
    body_seconds: Positive = 20
    """Time for a body; of a file, time in which something more of it must come."""
    file_seconds: Positive = 600
    """Time for the bytes of a file."""
    answers_kept_days: Positive = 90
    """Days for which the answer under an Idempotency-Key is given again; afterwards the key is free."""
    header_bytes: Positive = 32_768
    """The path and the headers of a request; holds from the start of a process on, as do the next two."""
    header_seconds: Positive = 10
    """Time from the first byte, or from connecting, until the headers are whole."""
    connections: Positive = 1000
    """Connections to one process at the same time."""


class Policy(_Section):
    """All choices that hold together from `effective_from` on, in Copenhagen."""

    version: str
    """Name of the file without its ending; facts and deadlines carry it."""
    effective_from: date
    calendar: Calendar
    offer: Offer
    agreement: Agreement
    extension: ExtensionOfPeriod
    guidance: Guidance
    control: Control
    breach: Breach
    order_requests: OrderRequests
    not_accepted: NotAccepted
    follow_up: FollowUp
    statistics: Statistics
    authority: Authority = Authority()
    """Files of before have no such section, nor the next."""
    input: Input = Input()
