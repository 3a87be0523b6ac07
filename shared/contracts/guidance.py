"""Facts of the guidance service: contacts and meetings between offer and control."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import AgreementKind, ContactForm, Involvement, PrivateText, Side
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import OCCURRED, Event
from shared.visibility import Shown


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

    held: ClassVar[str] = "opened_at"
    agreement_id: Shown[UUID]
    kind: Shown[AgreementKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    inspector: Shown[str]
    opened_at: Shown[datetime]


class OfferUnderstandingAsked(Event):
    """R5: has the company received and understood the offer, and does it know the dates?"""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    contact_id: Shown[UUID]
    form: Shown[ContactForm]
    held_at: Shown[datetime]
    inspector: Shown[str]
    initiated_by: Shown[Side]
    reached: Shown[bool]
    """Whether somebody at the company was reached at all; where nobody was, the three answers are None."""
    received: Shown[bool | None] = None
    understood: Shown[bool | None] = None
    knows_dates: Shown[bool | None] = None
    participants: Shown[tuple[str, ...]] = ()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    summary: Shown[PrivateText] = None


class OfferUnderstandingCorrected(Event):
    """R5, R30: a contact about the unanswered offer was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    contact_id: Shown[UUID]
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    form: Shown[ContactForm]
    held_at: Shown[datetime]
    reached: Shown[bool]
    received: Shown[bool | None]
    understood: Shown[bool | None]
    knows_dates: Shown[bool | None]
    participants: Shown[tuple[str, ...]]
    minutes_spent: Annotated[int, Field(ge=0)] | None
    reason: PrivateText = None
    summary: Shown[PrivateText] = None


class GuidanceScheduled(Event):
    """R12: when guidance must be offered, a third into the period."""

    held: ClassVar[str] = OCCURRED
    agreement_id: UUID
    cvr: str
    p_number: str
    inspector: str
    due: Deadline
    coming_due_at: datetime
    overdue_at: datetime


class GuidanceReassigned(Event):
    """R15: after guidance was closed another inspector is responsible for the agreement."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    inspector: str
    noted_at: datetime


class GuidanceFellDue(Event):
    """R12: the day has come on which the inspector must have offered guidance."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    at: datetime


class GuidanceBecameOverdue(Event):
    """R12: guidance was not offered in time; it escalates and counts in the statistics."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    at: datetime


class GuidanceOffered(Event):
    """R12: the inspector offered guidance."""

    held: ClassVar[str] = "offered_at"
    agreement_id: Shown[UUID]
    form: Shown[ContactForm]
    offered_at: Shown[datetime]
    offered_by: Shown[str]
    involvement: Shown[Involvement] = Involvement()
    """R12, R33: the call also asks who is involved."""


class GuidanceAccepted(Event):
    """R12: the company wants the guidance."""

    held: ClassVar[str] = "answered_at"
    agreement_id: Shown[UUID]
    answered_at: Shown[datetime]


class GuidanceDeclined(Event):
    """R12: the company said no to guidance, which it may."""

    held: ClassVar[str] = "answered_at"
    agreement_id: Shown[UUID]
    answered_at: Shown[datetime]
    reason: Shown[str | None] = None


class GuidanceHeld(Event):
    """R12, R33: a meeting took place: in what form, with whom, and who was involved."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    form: Shown[ContactForm]
    held_at: Shown[datetime]
    inspector: Shown[str]
    participants: Shown[tuple[str, ...]] = ()
    """Roles that took part, e.g. `manager`, `safety_representative`."""
    involvement: Shown[Involvement] = Involvement()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    usefulness: Shown[Annotated[int, Field(ge=1, le=5)] | None] = None
    """How useful the company found it, 1 to 5, if it wished to say."""
    from_control: Shown[UUID | None] = None
    """R21: the control that was turned into this guidance."""
    informal: Shown[bool] = False
    """R12: a contact beside the guidance that was offered."""
    initiated_by: Shown[Side] = Side.AUTHORITY
    purposes: Shown[tuple[str, ...]] = ()
    """Codes from shared/reference: what it was for."""
    stands: Shown[GuidanceStands | None] = None
    """How guidance stands with this meeting; None in facts of the first release."""
    summary: Shown[PrivateText] = None


class MeetingCorrected(Event):
    """R30: a meeting was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    form: Shown[ContactForm]
    held_at: Shown[datetime]
    participants: Shown[tuple[str, ...]]
    involvement: Shown[Involvement]
    minutes_spent: Annotated[int, Field(ge=0)] | None
    informal: Shown[bool]
    purposes: Shown[tuple[str, ...]]
    stands: Shown[GuidanceStands | None] = None
    """How guidance stands now that this is known; None in facts of the first release."""
    reason: PrivateText = None
    summary: Shown[PrivateText] = None


class UsefulnessRated(Event):
    """R12: the company says how useful a meeting was, if it wishes to."""

    held: ClassVar[str] = "rated_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    usefulness: Shown[Annotated[int, Field(ge=1, le=5)]]
    rated_at: Shown[datetime]
    rated_by: Shown[str]


class GuidanceClosed(Event):
    """The agreement ended; no guidance is due any more."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    at: datetime


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
