"""Facts of the guidance service: contacts and meetings between offer and control."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import AgreementKind, ContactForm, Involvement, PrivateText, Side
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event


class GuidanceStands(StrEnum):
    """R12: how guidance stands, whether or not it is due: the dates are the authority's own."""

    NOT_OFFERED = "not_offered"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    HELD = "held"
    CLOSED = "closed"


class GuidanceOpened(Event):
    """R5: an offer was sent; contacts about it can be recorded from now on."""

    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    opened_at: datetime


class OfferUnderstandingAsked(Event):
    """R5: has the company received and understood the offer, and does it know the dates?"""

    agreement_id: UUID
    contact_id: UUID
    form: ContactForm
    held_at: datetime
    inspector: str
    initiated_by: Side
    reached: bool
    """Whether somebody at the company was reached at all; where nobody was, the three answers are None."""
    received: bool | None = None
    understood: bool | None = None
    knows_dates: bool | None = None
    participants: tuple[str, ...] = ()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    summary: PrivateText = None


class OfferUnderstandingCorrected(Event):
    """R5, R30: a contact about the unanswered offer was recorded wrongly; this is how it was."""

    agreement_id: UUID
    contact_id: UUID
    corrected_at: datetime
    corrected_by: str
    form: ContactForm
    held_at: datetime
    reached: bool
    received: bool | None
    understood: bool | None
    knows_dates: bool | None
    participants: tuple[str, ...]
    minutes_spent: Annotated[int, Field(ge=0)] | None
    reason: PrivateText = None
    summary: PrivateText = None


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


class GuidanceReassigned(Event):
    """R15: after guidance was closed another inspector is responsible for the agreement."""

    agreement_id: UUID
    inspector: str
    noted_at: datetime

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
    involvement: Involvement = Involvement()
    """R12, R33: the call also asks who is involved."""


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
    informal: bool = False
    """R12: a contact beside the guidance that was offered."""
    initiated_by: Side = Side.AUTHORITY
    purposes: tuple[str, ...] = ()
    """Codes from shared/reference: what it was for."""
    stands: GuidanceStands | None = None
    """How guidance stands with this meeting; None in facts of the first release."""
    summary: PrivateText = None


class MeetingCorrected(Event):
    """R30: a meeting was recorded wrongly; this is how it was."""

    agreement_id: UUID
    meeting_id: UUID
    corrected_at: datetime
    corrected_by: str
    form: ContactForm
    held_at: datetime
    participants: tuple[str, ...]
    involvement: Involvement
    minutes_spent: Annotated[int, Field(ge=0)] | None
    informal: bool
    purposes: tuple[str, ...]
    stands: GuidanceStands | None = None
    """How guidance stands now that this is known; None in facts of the first release."""
    reason: PrivateText = None
    summary: PrivateText = None


class UsefulnessRated(Event):
    """R12: the company says how useful a meeting was, if it wishes to."""

    agreement_id: UUID
    meeting_id: UUID
    usefulness: Annotated[int, Field(ge=1, le=5)]
    rated_at: datetime
    rated_by: str


class GuidanceClosed(Event):
    """The agreement ended; no guidance is due any more."""

    agreement_id: UUID
    at: datetime

    def seen_by_company(self) -> bool:
        return False


FACTS: tuple[type[Event], ...] = (
    GuidanceOpened,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
    GuidanceScheduled,
    GuidanceReassigned,
    GuidanceFellDue,
    GuidanceBecameOverdue,
    GuidanceOffered,
    GuidanceAccepted,
    GuidanceDeclined,
    GuidanceHeld,
    MeetingCorrected,
    UsefulnessRated,
    GuidanceClosed,
)
