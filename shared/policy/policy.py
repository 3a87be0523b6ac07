"""One policy: the choices that are in force from a day on. Comments in the policy files explain each value."""

import re
from datetime import date, time
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from shared.contracts.vocabulary import ContactForm
from shared.deadlines.danish_calendar import ExtraClosedDay

Positive = Annotated[int, Field(ge=1)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
"""One line of text, without spaces at its ends."""
NotNegative = Annotated[int, Field(ge=0)]
ClosedLastDay = Literal["moves", "stays"]
"""R3: a last day that is closed moves to the next open day, or stays where it is."""

_USUAL_VISIT = 6
"""Half hours of a visit with its travel and preparation, where they fit into the day."""
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
"""A part of a whole, written `1/3` in policy files."""


Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(_Section):
    """R3, R10: sets how the company's deadlines are counted."""

    first_day_counts: bool
    closed_last_day: ClosedLastDay
    extra_closed_days: frozenset[ExtraClosedDay]


class Offer(_Section):
    """R3-R6, R8, R9: sets who may get an offer, how long it is open, and how it is sent again, withdrawn or lapses."""

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
    """R10, R40: sets the compliance periods, and whether an agreement may go on when its unit changes legal entity."""

    periods_months: Annotated[frozenset[Positive], Field(min_length=1)]
    """Lengths in months that need no reason; every other length needs one."""
    carried_over_to_new_owner: bool = True
    """R40: a running agreement may be carried over to the unit's new owner, if that company consents."""


class ExtensionOfPeriod(_Section):
    """R13: sets until when a longer compliance deadline may be asked for and granted."""

    asked_until: Literal["control_decided", "deadline"]
    granted_after_deadline: bool


class Guidance(_Section):
    """R12: sets when guidance must be offered."""

    due_fraction: Fraction
    coming_due_days: NotNegative
    overdue_days: NotNegative
    choose_within_days: Positive = 7
    """Days that the company has to choose one of the times that it was offered for a meeting."""


class SampleStep(_Section):
    """R19: up to `up_to` places, at least `at_least` of them are controlled."""

    up_to: Positive
    at_least: Positive


class Sample(_Section):
    """R19: sets how many of the included places are controlled."""

    origin_counts: bool = True
    """R19: whether the steps count the place where the agreement arose, too. Earlier files do not set this value."""
    steps: tuple[SampleStep, ...]
    above: Positive

    @model_validator(mode="after")
    def _rises(self) -> Self:
        limits = [step.up_to for step in self.steps]
        if limits != sorted(set(limits)):
            raise ValueError("the steps must rise in up_to")
        return self

    def size(self, places: int) -> int:
        """R19: returns how many of `places` must be controlled at least; `places` includes the one where it arose."""
        counted = places if self.origin_counts else places - 1
        wanted = next((step.at_least for step in self.steps if counted <= step.up_to), self.above)
        return min(wanted, places)


class Control(_Section):
    """R17, R19, R21: sets the window of the control, its booking, and the sample."""

    days_after_documentation: Positive
    days_after_deadline: Positive
    closed_last_day: ClosedLastDay
    target_days: Positive | None = None
    """R17: has no effect any more; it is accepted because files of earlier releases contain it."""
    day_spread: Literal["evenly"] = "evenly"
    """R18: how the system draws a day: each free working day of the window is equally likely."""
    draw_fraction: Fraction = 2 / 3
    """R18: the part of the working days of the window that a control is drawn from; the rest is left for R21."""
    least_days: Positive = 8
    """R18: free days that a draw needs at least; with fewer in its part, it is made from the whole window."""
    late_days_drawn_from: Positive = 10
    """R7, R17, R18: number of free working days after the window from which one is drawn if the window is full."""
    recent_visit_days: Positive = 30
    """R18: days after guidance at the company within which a control by phone is proposed."""
    booking_lead_days: NotNegative
    controls_per_day: Positive
    guidance_into_control_not_for: frozenset[str]
    sample: Sample


class ExpectedChanges(_Section):
    """R17: sets how often something happens in the futures that are drawn to see which visits may have to be late."""

    absences_a_year: Annotated[float, Field(ge=0)] = 6
    """Of one inspector, beside the absences that the directory knows already."""
    longest_absence_days: Positive = 10
    """Each length from one day to this one is equally likely; days that are not worked count."""
    extended: Share = 0.1
    """R13: the part of the agreements that may still get a longer deadline, and get one."""
    extension_days: Positive = 28
    converted: Share = 0.05
    """R21: the part of the controls that decide nothing, so that another one is needed inside the same window."""


class Planning(_Section):
    """R17: sets how the calendars of inspectors count time. Earlier files lack this section."""

    quantum_minutes: Literal[30, 60] = 30
    """A visit begins on a multiple of this, and takes a multiple of it."""
    visit_quanta: Positive | None = None
    """A visit with its travel and preparation. None: three hours, or less if the controls of a day need it."""
    remote_meeting_quanta: Positive = 2
    """R12: a guidance meeting by phone or virtually; one at the company takes as long as a visit."""
    places_held_days: Positive = 9
    """R12: days for which places are kept free for a guidance meeting if nothing is heard of it."""
    day_begins: time = time(8)
    """The working day of who has no pattern of their own, in Copenhagen."""
    day_ends: time = time(16)
    plans_from_acceptance: bool = False
    """The controls of agreements that are accepted from now on get a place in the calendar at once."""
    makes_room: bool = False
    """Where a control has no place in its window, hidden visits of the same calendar move inside of theirs."""
    looks_at_windows: bool = False
    """Every working day each centre's windows are looked through; begins with the next agreement that is accepted."""
    least_places_left: Positive = 3
    """A window is at risk if fewer possible places are left once all visits with earlier windows have theirs."""
    missed_share: Fraction = 1 / 5
    """A window is at risk if its visit has no place in more than this part of the drawn futures."""
    safe_again_share: Fraction = 3 / 20
    """One that was at risk is safe again at this part, so that the chance of the draws does not change it daily."""
    futures: Positive = 200
    """How many futures are drawn."""
    expected: ExpectedChanges = ExpectedChanges()

    @model_validator(mode="after")
    def _visit_fits(self) -> Self:
        if any((moment.minute % 30, moment.second) != (0, 0) for moment in (self.day_begins, self.day_ends)):
            raise ValueError("day_begins and day_ends must be full or half hours")
        if (self.visit_quanta or 1) * self.quantum_half_hours > len(self.working_day):
            raise ValueError("a visit must fit between day_begins and day_ends")
        return self

    @property
    def quantum_half_hours(self) -> int:
        """Returns the length of a quantum in half hours."""
        return self.quantum_minutes // 30

    @property
    def working_day(self) -> range:
        """Returns the half hours of the working day, numbered from midnight."""
        return range(_half_hours_until(self.day_begins), _half_hours_until(self.day_ends))


def _half_hours_until(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) // 30


class Breach(_Section):
    """R22: sets how the company is heard, and how long and how far a quarantine reaches."""

    heard_first: bool
    hearing_weeks: Positive
    hearing_in_writing_for: frozenset[str]
    quarantine_months: Positive
    quarantine_reach: Literal["legal_entity", "unit"]
    quarantine_reading: Literal["by_breach", "by_day"]


class OrderRequests(_Section):
    """R7, R22: sets when a requested order that is not issued is reminded of, and when it is overdue."""

    reminder_after_days: Positive
    overdue_after_days: Positive


class NotAccepted(_Section):
    """R7: sets by when a new inspection follows an offer that was not accepted."""

    inspection_within_days: Positive


class FollowUp(_Section):
    """R24: sets whether and when a follow-up asks if the measures are still in use."""

    held: bool
    after_months: Positive


class Statistics(_Section):
    """R38: sets the smallest count that statistics and published figures show."""

    smallest_count: Positive


class Authority(_Section):
    """R1, R23: names the authority that signs the letter of an offer, and how a company reaches it."""

    name: Line = "Arbejdstilsynet"
    address: Line = "Landskronagade 33, 2100 København Ø"
    telephone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ]{3,28}[0-9]$")] = "70 12 12 88"
    email: Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")] = "at@at.dk"


class Input(_Section):
    """Limits on input: the days that a request may name, its size and time, and the size of a case."""

    days_back: Positive = 3660
    """Days before today that a request may name."""
    days_ahead: Positive = 1830
    """Days after today that a request may name."""
    documentation_parts: Positive = 500
    """R16: most parts of documentation of one agreement."""
    attachments: Positive = 1000
    """Most files of one case that one service stores."""
    facts_of_a_case: Positive = 10_000
    """Number of facts of a case in one service at which it accepts no more commands; a company may fill half of it."""
    body_bytes: Positive = 1_048_576
    """Most bytes of a request's body, except for a file."""
    nesting: Positive = 20
    """Most levels of lists and objects in a body."""
    body_seconds: Positive = 20
    """Most seconds for a whole body; for a file, most seconds between two parts of it."""
    file_seconds: Positive = 600
    """Most seconds for the bytes of a file."""
    answers_kept_days: Positive = 90
    """Days for which the answer under an Idempotency-Key is repeated; afterwards the key is free."""
    header_bytes: Positive = 32_768
    """Most bytes of the path and the headers. This and the next two values take effect when a process starts."""
    header_seconds: Positive = 10
    """Most seconds from the first byte, or from connecting, until the headers are complete."""
    connections: Positive = 1000
    """Most connections to one process at the same time."""


class CalendarFeeds(_Section):
    """R17, R18: sets what calendar feeds tell beside case, kind and time, since others keep copies of what is read."""

    company: bool = False
    """The CVR number of the company that is visited."""
    place: bool = False
    """The P-number of the production unit that is visited."""


class Notices(_Section):
    """R29: sets when somebody is told. Earlier files lack this section."""

    company_link: Line = "https://portal.invalid/agreements/{case}"
    """Where a company opens its case; `{case}` stands for its id. An installation sets its own."""
    inspector_link: Line = "https://cases.invalid/agreements/{case}"
    """Where the authority does."""
    told_at: time = time(8)
    """When notices that belong to a day are sent, in Copenhagen."""
    digest_at: time = time(7)
    """When digests are sent, on working days, in Copenhagen."""
    not_opened_days: Positive = 7
    """R5: days after its delivery on which a company is reminded of an offer that nobody opened."""
    ends_soon_days: Positive = 3
    """R3, R22: days before the end of the time to answer."""
    documentation_days: tuple[Positive, ...] = (14, 3)
    """R16: days before the compliance deadline."""
    meeting_days: Positive = 7
    """R12, R21: days before a guidance meeting."""
    visit_days: Positive = 2
    """R17: days before a control, for who goes."""
    kept_days: Positive = 14
    """A notice without an end of its own is pointless after so many days."""
    tried_days: Positive = 3
    """R29: days for which a failing channel is tried again."""
    first_pause_minutes: Positive = 5
    """Before the second try; each later pause is twice as long."""
    longest_pause_minutes: Positive = 720


class Policy(_Section):
    """All choices that are in force together from `effective_from` on, in Copenhagen."""

    version: str
    """The name of the file without its ending; facts and deadlines carry it."""
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
    """Earlier files lack this section and the next one."""
    input: Input = Input()
    planning: Planning = Planning()
    calendar_feeds: CalendarFeeds = CalendarFeeds()
    notices: Notices = Notices()

    @model_validator(mode="after")
    def _held_long_enough(self) -> Self:
        if self.planning.places_held_days <= self.guidance.choose_within_days:
            raise ValueError("planning.places_held_days must be more than guidance.choose_within_days")
        return self

    def meeting_half_hours(self, form: ContactForm) -> int:
        """R12: returns the half hours that a guidance meeting of this form takes."""
        if form is ContactForm.VISIT:
            return self.visit_half_hours
        return self.planning.remote_meeting_quanta * self.planning.quantum_half_hours

    @property
    def visit_half_hours(self) -> int:
        """R17: returns the half hours that a visit takes, with its travel and preparation."""
        planning = self.planning
        if planning.visit_quanta is not None:
            return planning.visit_quanta * planning.quantum_half_hours
        quantum = planning.quantum_half_hours
        fits = len(planning.working_day) // self.control.controls_per_day
        return max(quantum, min(_USUAL_VISIT, fits) // quantum * quantum)
