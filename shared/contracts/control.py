"""Facts of the control service: everything from the acceptance on that decides the course."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import (
    ContactForm,
    ControlOutcome,
    FileReference,
    Involvement,
    JudgedBy,
    Measure,
    MeasureObservation,
    PrivateText,
    SpokeWith,
)
from shared.deadlines.deadline import Deadline
from shared.kernel.events import Event, PrivatePart


class ComplianceDeadlineSet(Event):
    """R10: the agreement runs, until this deadline."""

    agreement_id: UUID
    cvr: str
    p_number: str
    topic: str
    inspector: str
    accepted_at: datetime
    compliance_deadline: Deadline
    control_window: Deadline
    """R17: when the control takes place if no complete documentation comes."""
    books_control_at: datetime
    """R17: from when on a control is booked by itself, so that a booking exists before the deadline expires."""


class DocumentationReceived(Event):
    """R16: the company sent a part of its documentation; it decides nothing by itself."""

    agreement_id: UUID
    part: int
    """1 for the first part, dense."""
    received_at: datetime
    sent_by: str
    complete: bool
    """R17: the company says that the agreement is met. The first such part starts the 60 days."""
    control_window: Deadline | None = None
    """R17: when the control takes place; only in the part that starts the 60 days."""
    measures: tuple[Measure, ...] = ()
    measure_descriptions: Annotated[dict[UUID, str] | None, PrivatePart()] = None
    text: PrivateText = None
    files: Annotated[tuple[FileReference, ...] | None, PrivatePart()] = None


class ControlBooked(Event):
    """R17, R18: a control stands in the inspector's calendar."""

    agreement_id: UUID
    control_id: UUID
    inspector: str
    day: date
    slot: int
    """Which of the inspector's controls on that day, from 1."""
    form: ContactForm
    form_reason: str | None = None
    """R18: code of the special situation where it is not to be a visit."""
    announced: bool
    window: Deadline
    booked_at: datetime
    replaces: UUID | None = None
    """The booked control that this one replaces, because its window moved or nothing could be decided."""
    late_reason: str | None = None
    """R17: code of the reason where the day lies after the window."""

    def seen_by_company(self) -> bool:
        """R18: an unannounced date is never visible to the company."""
        return self.announced


class ControlCompleted(Event):
    """R20: the control took place and decided the matter: how it was judged, with whom, what was seen."""

    agreement_id: UUID
    control_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    form_reason: str | None = None
    """R18: code of the special situation where it was not a visit."""
    outcome: ControlOutcome
    judged_by: tuple[JudgedBy, ...]
    spoke_with: tuple[SpokeWith, ...]
    measures: tuple[MeasureObservation, ...] = ()
    involvement: Involvement = Involvement()
    within_window: bool
    """R17: held no later than the last day of its 60 days."""
    spread_further: bool | None = None
    """R39: measures carried on to other departments, or added beyond the agreement."""
    findings: PrivateText = None
    not_seen: PrivateText = None
    photos: Annotated[tuple[FileReference, ...] | None, PrivatePart()] = None


class ControlTurnedIntoGuidance(Event):
    """R21: the control could not decide; nothing is decided, and a new one is booked inside the window."""

    agreement_id: UUID
    control_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    reason: str
    """Code: `work_unfinished` or `processes_not_running`."""
    involvement: Involvement = Involvement()
    summary: PrivateText = None


class Fulfilled(Event):
    """R20: the control found no violation on the topic."""

    agreement_id: UUID
    fulfilled_at: datetime
    follow_up_on: date | None = None
    """R24: when the follow-up is due; None when the policy has it switched off."""


class Breached(Event):
    """R20, R22: the control found a violation on the topic."""

    agreement_id: UUID
    cvr: str
    p_number: str
    topic: str
    breached_at: datetime
    breached_units: tuple[str, ...]
    """P-numbers of the units where the violation was found."""


class HearingOpened(Event):
    """R22: the company is heard before the order."""

    agreement_id: UUID
    in_writing: bool
    opened_at: datetime
    answer_deadline: Deadline
    expires_at: datetime
    """A while after the deadline, so that an answer on its way is not overtaken."""


class HearingAnswered(Event):
    """R22: what the company said to the intended order."""

    agreement_id: UUID
    answered_at: datetime
    answered_by: str
    answer: PrivateText = None


class HearingExpired(Event):
    """R22: the company did not use its time to be heard."""

    agreement_id: UUID
    at: datetime


class OrderRequested(Event):
    """R22: an order with deadline was asked for from the order system."""

    agreement_id: UUID
    request_id: UUID
    cvr: str
    p_number: str
    topic: str
    requested_at: datetime
    requested_by: str
    reasons: PrivateText = None


class FollowUpFellDue(Event):
    """R24: a year has passed since fulfilment."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class FollowUpHeld(Event):
    """R24, R35, R39: whether the measures are still in use, and whether they spread."""

    agreement_id: UUID
    held_at: datetime
    inspector: str
    form: ContactForm
    measures: tuple[MeasureObservation, ...]
    spread_further: bool | None = None
    minutes_spent: Annotated[int, Field(ge=0)] | None = None


FACTS: tuple[type[Event], ...] = (
    ComplianceDeadlineSet,
    DocumentationReceived,
    ControlBooked,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    Fulfilled,
    Breached,
    HearingOpened,
    HearingAnswered,
    HearingExpired,
    OrderRequested,
    FollowUpFellDue,
    FollowUpHeld,
)
