"""Facts of the guidance service: contacts and meetings between offer and control."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    Involvement,
    MeetingCancelCause,
    MeetingTime,
    PrivateText,
    Side,
    Told,
)
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import OCCURRED, Event, TakenOver
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


class GuidanceTakenOver(TakenOver):
    """R12, R28: guidance of a case that was history falls due from now on, as the case was taken over at offers."""

    held: ClassVar[str] = "live_from"
    agreement_id: UUID


class UnderstandingReport(Told):
    """R5: what is told of a contact about an unanswered offer. Where nobody was reached, the three answers are None."""

    form: Shown[ContactForm]
    reached: Shown[bool]
    """Whether somebody at the company was reached at all."""
    received: Shown[bool | None] = None
    understood: Shown[bool | None] = None
    knows_dates: Shown[bool | None] = None
    participants: Shown[tuple[str, ...]] = ()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    summary: Shown[PrivateText] = None


class FirstUnderstandingReport(UnderstandingReport):
    """R5: the same when it is recorded; from which side it came is not corrected."""

    initiated_by: Shown[Side]


class OfferUnderstandingAsked(FirstUnderstandingReport, Event):
    """R5: has the company received and understood the offer, and does it know the dates?"""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    contact_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]


class OfferUnderstandingCorrected(UnderstandingReport, Event):
    """R5, R30: a contact about the unanswered offer was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    contact_id: Shown[UUID]
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    held_at: Shown[datetime]
    received: Shown[bool | None]
    understood: Shown[bool | None]
    knows_dates: Shown[bool | None]
    participants: Shown[tuple[str, ...]]
    minutes_spent: Annotated[int, Field(ge=0)] | None
    """These five are said in every correction; a contact of an early release may lack them."""
    reason: PrivateText = None


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


class GuidanceDueRecounted(Event):
    """R12, R27: the calendar was corrected, and gives another last day on which guidance is offered in time."""

    held: ClassVar[str] = "recounted_at"
    agreement_id: UUID
    previous: Deadline
    due: Deadline
    coming_due_at: datetime
    overdue_at: datetime
    recounted_at: datetime
    recounted_by: str
    reason: PrivateText = None


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


class OfferedGuidance(Told):
    """R12: in what form guidance is offered, by the inspector's judgement."""

    form: Shown[ContactForm]
    involvement: Shown[Involvement] = Involvement()
    """R12, R33: the call also asks who is involved."""


class GuidanceOffered(OfferedGuidance, Event):
    """R12: the inspector offered guidance."""

    held: ClassVar[str] = "offered_at"
    agreement_id: Shown[UUID]
    offered_at: Shown[datetime]
    offered_by: Shown[str]


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


class MeetingTimesOffered(Event):
    """R12: the company may choose one of these times for a guidance meeting; they are kept free until then."""

    held: ClassVar[str] = "offered_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    inspector: Shown[str]
    """Who holds the meeting."""
    form: Shown[ContactForm]
    times: Shown[tuple[MeetingTime, ...]]
    choose_before: Shown[datetime]
    """Exclusive: at this instant the times fall away if none was chosen."""
    offered_at: Shown[datetime]
    offered_by: Shown[str]

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """R18: returns what chance decides."""
        return frozenset({"times", "choose_before"})


class GuidanceMeetingBooked(Event):
    """R12: the guidance meeting is held at this time. R15: recorded again if another inspector is to hold it."""

    held: ClassVar[str] = "booked_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    inspector: Shown[str]
    form: Shown[ContactForm]
    time: Shown[MeetingTime]
    booked_at: Shown[datetime]


class MeetingTimesExpired(Event):
    """R12: the company chose none of the times in time; guidance can be offered again."""

    held: ClassVar[str] = "at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    at: Shown[datetime]


class GuidanceMeetingCancelled(Event):
    """R12: the times that were offered, or the meeting that was booked, fall away."""

    held: ClassVar[str] = "cancelled_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    cause: Shown[MeetingCancelCause]
    was_booked: Shown[bool | None] = None
    """Whether a time had been chosen; None in facts of before release 2026-12."""
    cancelled_at: Shown[datetime]
    reason: Shown[PrivateText] = None


class MeetingReport(Told):
    """R12, R33: what is told of a meeting or an informal contact."""

    form: Shown[ContactForm]
    participants: Shown[tuple[str, ...]] = ()
    """Roles that took part, e.g. `manager`, `safety_representative`; at least one, unless it was informal."""
    involvement: Shown[Involvement] = Involvement()
    minutes_spent: Annotated[int, Field(ge=0)] | None = None
    informal: Shown[bool] = False
    """R12: a contact beside the guidance that was offered."""
    purposes: Shown[tuple[str, ...]] = ()
    """Codes from shared/reference: what it was for."""
    summary: Shown[PrivateText] = None


class FirstMeetingReport(MeetingReport):
    """R12: the same when it is recorded."""

    initiated_by: Shown[Side] = Side.AUTHORITY
    usefulness: Shown[Annotated[int, Field(ge=1, le=5)] | None] = None
    """How useful the company found it, 1 to 5, if it wished to say."""


class GuidanceHeld(FirstMeetingReport, Event):
    """R12, R33: a meeting took place: in what form, with whom, and who was involved."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    held_at: Shown[datetime]
    inspector: Shown[str]
    from_control: Shown[UUID | None] = None
    """R21: the control that was turned into this guidance."""
    stands: Shown[GuidanceStands | None] = None
    """How guidance stands with this meeting; None in facts of the first release."""


class MeetingCorrected(MeetingReport, Event):
    """R30: a meeting was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "held_at"
    agreement_id: Shown[UUID]
    meeting_id: Shown[UUID]
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    held_at: Shown[datetime]
    participants: Shown[tuple[str, ...]]
    involvement: Shown[Involvement]
    minutes_spent: Annotated[int, Field(ge=0)] | None
    informal: Shown[bool]
    purposes: Shown[tuple[str, ...]]
    """These five are said in every correction; a meeting of an early release may lack them."""
    stands: Shown[GuidanceStands | None] = None
    """How guidance stands now that this is known; None in facts of the first release."""
    reason: PrivateText = None


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
    GuidanceTakenOver,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
    GuidanceScheduled,
    GuidanceDueRecounted,
    GuidanceReassigned,
    GuidanceFellDue,
    GuidanceBecameOverdue,
    GuidanceOffered,
    GuidanceAccepted,
    GuidanceDeclined,
    MeetingTimesOffered,
    GuidanceMeetingBooked,
    MeetingTimesExpired,
    GuidanceMeetingCancelled,
    GuidanceHeld,
    MeetingCorrected,
    UsefulnessRated,
    GuidanceClosed,
)
