"""One row of the view: a case as one audience sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from services.reporting.cases.errors import UnknownColumn
from services.reporting.cases.steps import Party, Step
from shared.contracts.vocabulary import Involvement
from shared.deadlines.deadline import Deadline

Audience = Literal["authority", "company"]
AUDIENCES: tuple[Audience, ...] = ("authority", "company")


class CaseType(StrEnum):
    """R26: what stands in the one view."""

    AGREEMENT = "agreement"
    ORDER = "order"
    OTHER = "other"


class Status(StrEnum):
    """Where a case stands."""

    OFFERED = "offered"
    DELIVERED = "delivered"
    RUNNING = "running"
    AWAITING_CONTROL = "awaiting_control"
    FULFILLED = "fulfilled"
    BREACHED = "breached"
    TERMINATED = "terminated"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    ISSUED = "issued"
    APPEALED = "appealed"
    COMPLIED_WITH = "complied_with"
    REVOKED = "revoked"
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """The fact that opens the case has not come yet."""


@dataclass(frozen=True)
class Case:
    """The columns of the table `cases`, which says what they mean. Without slots, for the sake of `changed`."""

    audience: Audience
    case_id: UUID
    case_type: CaseType
    opened_at: datetime
    updated_at: datetime
    status: Status = Status.UNKNOWN
    kind: str | None = None
    cvr: str | None = None
    p_number: str | None = None
    topic: str | None = None
    problem_group: str | None = None
    inspector: str | None = None
    inspection_id: str | None = None
    agreement_id: UUID | None = None
    ended_at: datetime | None = None

    next_step: Step | None = None
    next_by: Party | None = None
    next_due: datetime | None = None
    deadlines: Mapping[str, Any] = field(default_factory=dict)

    period_months: int | None = None
    delivered_at: datetime | None = None
    delivery_failures: int = 0
    undelivered: bool = False
    resent: int = 0
    read_at: datetime | None = None
    halfway_at: datetime | None = None
    accepted_at: datetime | None = None
    accept_reason: str | None = None
    declined_at: datetime | None = None
    decline_reason: str | None = None
    lapsed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_rule: str | None = None
    acceptance_conflict: bool = False
    open_conflicts: int = 0
    """R8, R41: those that nobody has looked into yet, as far as they stand."""
    understanding_asked_at: datetime | None = None
    offer_understood: bool | None = None
    terminated_at: datetime | None = None
    terminated_by: str | None = None
    termination_reason: str | None = None
    inspector_changes: int = 0
    extension_requested_at: datetime | None = None
    extensions: int = 0

    guidance_stands: str | None = None
    guidance_in_time: bool | None = None
    guidance_fell_due_at: datetime | None = None
    guidance_overdue_at: datetime | None = None
    guidance_offered_at: datetime | None = None
    guidance_accepted_at: datetime | None = None
    guidance_declined_at: datetime | None = None
    guidance_decline_reason: str | None = None
    guidance_held_at: datetime | None = None
    guidance_meetings: int = 0
    guidance_minutes: int = 0
    guidance_involvement: Mapping[str, Any] | None = None
    guidance_usefulness: int | None = None
    informal_contacts: int = 0
    contacts: Mapping[str, Any] = field(default_factory=dict)
    """R5: about the unanswered offer, as told now."""
    meetings: Mapping[str, Any] = field(default_factory=dict)

    documentation_at: datetime | None = None
    documentation_parts: int = 0
    documentation_complete_at: datetime | None = None

    bookings: Mapping[str, Any] = field(default_factory=dict)
    control_id: UUID | None = None
    control_day: date | None = None
    control_booked_at: datetime | None = None
    control_announced: bool | None = None
    control_late_reason: str | None = None
    controls_undecided: int = 0
    control_held_at: datetime | None = None
    control_form: str | None = None
    controls: Mapping[str, Any] = field(default_factory=dict)
    """R17, R20: what was found at each place, when, whether in time, and the minutes that it took."""
    control_outcome: str | None = None
    within_60_days: bool | None = None
    control_involvement: Mapping[str, Any] | None = None
    spread_further: bool | None = None
    included_places: int = 1
    places_controlled: int = 0
    other_findings: int = 0
    corrections: int = 0

    fulfilled_at: datetime | None = None
    breached_at: datetime | None = None
    hearing_opened_at: datetime | None = None
    hearing_ended_at: datetime | None = None
    order_requested_at: datetime | None = None
    orders: Mapping[str, Any] = field(default_factory=dict)
    """R22: those that were asked for, by request: at which unit, whether it is overdue, whether it is issued."""
    orders_requested: int = 0
    orders_issued: int = 0
    order_reminded_at: datetime | None = None
    order_overdue_at: datetime | None = None
    new_inspection_day: date | None = None
    investigation_outcome: str | None = None
    investigation_concluded_at: datetime | None = None
    followed_by: UUID | None = None
    followed_at: datetime | None = None
    follow_up_on: date | None = None
    follow_up_fell_due_at: datetime | None = None
    follow_up_held_at: datetime | None = None
    follow_up_minutes: int | None = None

    order_deadline: date | None = None
    appealed_at: datetime | None = None
    suspended: bool = False

    minutes_investigation: int = 0
    minutes_offer: int = 0
    minutes_guidance: int = 0
    minutes_documentation: int = 0
    minutes_control: int = 0
    minutes_system: int = 0
    unknown_codes: Mapping[str, Any] = field(default_factory=dict)
    changed_units: Mapping[str, Any] = field(default_factory=dict)
    """R40: the units that are another's than the case says, or ceased, by P-number: since which day, and whether."""

    visible_version: int = 0
    centre: str | None = None
    """R26, R42: of the responsible inspector, as the fact said that made the inspector responsible."""
    carried_over_to: UUID | None = None
    """R40: the agreement of the unit's new owner with which this one goes on. No company is told."""


Columns = dict[str, Any]
"""Columns of a case by name: what a rule says that a fact changes, and no more."""
_BLANK = Case("authority", UUID(int=0), CaseType.AGREEMENT, datetime.min, datetime.min)  # noqa: DTZ901 - replaced


_COLUMNS = len(fields(Case))


def refuse_unknown(columns: Columns) -> None:
    """What a rule sets is a column of the row; a row to which something was added has one too many."""
    if len(columns) != _COLUMNS:
        raise UnknownColumn(", ".join(sorted(columns.keys() - vars(_BLANK).keys())))


def changed(case: Case, columns: Columns) -> Case:
    """Like dataclasses.replace, which takes ten times as long for so many fields. Raises UnknownColumn."""
    after = vars(case) | columns
    refuse_unknown(after)
    return of_columns(after)


def of_columns(columns: dict[str, Any]) -> Case:
    """The row with these columns, which must be all there are; it keeps the dict for itself."""
    case = object.__new__(Case)
    object.__setattr__(case, "__dict__", columns)
    return case


def unopened(audience: Audience, case_id: UUID, case_type: CaseType, at: datetime) -> Case:
    """The row of a case of which nothing is known yet but that a fact at `at` names it."""
    known = {"audience": audience, "case_id": case_id, "case_type": case_type, "opened_at": at, "updated_at": at}
    return changed(_BLANK, known)


def with_deadlines(case: Case, **deadlines: Deadline) -> Columns:
    """R27: a deadline is kept with all that explains it."""
    return {"deadlines": {**case.deadlines, **{name: deadline.as_json for name, deadline in deadlines.items()}}}


def answered(before: Mapping[str, Any] | None, involvement: Involvement) -> Mapping[str, Any] | None:
    """R33: a side is as it was told last; who did not ask again has not taken an answer back."""
    told = {side: participation for side, participation in involvement if participation is not None}
    return {**(before or {}), **told} if told else before
