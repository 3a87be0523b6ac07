"""Facts of the guidance service: contacts and meetings between offer and control."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import ContactForm, Involvement, PrivateText
from shared.deadlines.deadline import Deadline
from shared.kernel.events import Event


class GuidanceScheduled(Event):
    """R12: when guidance must be offered, a third into the period."""

    agreement_id: UUID
    cvr: str
    p_number: str
    inspector: str
    due: Deadline
    coming_due_at: datetime
    overdue_at: datetime

    def seen_by_company(self) -> bool:
        return False


class GuidanceFellDue(Event):
    """R12: the day has come on which the inspector must have offered guidance."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class GuidanceBecameOverdue(Event):
    """R12: guidance was not offered in time; it escalates and counts in the statistics."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class GuidanceOffered(Event):
    """R12: the inspector offered guidance."""

    agreement_id: UUID
    form: ContactForm
    offered_at: datetime
    offered_by: str


class GuidanceAccepted(Event):
    """R12: the company wants the guidance."""

    agreement_id: UUID
    answered_at: datetime


class GuidanceDeclined(Event):
    """R12: the company said no to guidance, which it may."""

    agreement_id: UUID
    answered_at: datetime
    reason: str | None = None


class GuidanceHeld(Event):
    """R12, R33: a meeting took place: in what form, with whom, and who was involved."""

    agreement_id: UUID
    meeting_id: UUID
    form: ContactForm
    held_at: datetime
    inspector: str
    participants: tuple[str, ...] = ()
    """Roles that took part, e.g. `manager`, `safety_representative`."""
    involvement: Involvement = Involvement()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    usefulness: Annotated[int, Field(ge=1, le=5)] | None = None
    """How useful the company found it, 1 to 5, if it wished to say."""
    from_control: UUID | None = None
    """R21: the control that was turned into this guidance."""
    summary: PrivateText = None


class GuidanceClosed(Event):
    """The agreement ended; no guidance is due any more."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


FACTS: tuple[type[Event], ...] = (
    GuidanceScheduled,
    GuidanceFellDue,
    GuidanceBecameOverdue,
    GuidanceOffered,
    GuidanceAccepted,
    GuidanceDeclined,
    GuidanceHeld,
    GuidanceClosed,
)
