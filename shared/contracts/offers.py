"""Facts of the offers service: everything up to the answer, and the register of quarantines."""

from datetime import date, datetime
from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

from pydantic import Field

from shared.contracts.vocabulary import (
    AgreementKind,
    Centre,
    ContactDetails,
    ContactRole,
    FileReference,
    Grounds,
    NextInspector,
    Place,
    PrivateText,
    Told,
    Value,
    WorkPhase,
)
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Event, PrivatePart, TakenOver
from shared.visibility import Shown, ShownToCompany

T = TypeVar("T")
_WhenOwnBreach = Annotated[T, ShownToCompany(where="breach_is_own")]
"""R8: another company's breach is not named."""


class OfferTerms(Told):
    """R1: what the inspector says that an offer is: where, on what topic, on what grounds, and for how long."""

    kind: Shown[AgreementKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    inspection_id: Shown[str]
    """The inspection from which the suspicion arose, by its id."""
    period_months: Shown[int]
    period_reason: Shown[PrivateText] = None
    """R10: told where the period is neither 3 nor 6 months."""
    observations: Shown[PrivateText] = None
    photos: Shown[Annotated[tuple[FileReference, ...] | None, PrivatePart()]] = None
    grounds: Shown[Grounds | None] = None
    """R2: None in facts of the first release, which knew offers on suspicion only."""
    department: Shown[PrivateText] = None
    """`spread`: name of the department where the violation was found, where it is not the whole unit."""
    follows: Shown[UUID | None] = None
    """R7: the offer on suspicion that was not accepted, and whose resumed investigation led to this offer."""
    carries_over: UUID | None = None
    """R40: the running agreement of the unit's former legal entity that goes on here, once the new one accepts.

    It is the former owner's case, and no company is told which one it is.
    """


class OfferSent(OfferTerms, Event):
    """R1: the authority offered an agreement on one topic at one production unit."""

    held: ClassVar[str] = "sent_at"
    agreement_id: Shown[UUID]
    inspector: Shown[str]
    response_rule: Shown[str]
    letter_version: Shown[str]
    sent_at: Shown[datetime]
    slot: Annotated[int, Field(ge=1)] = 1
    """R8: which of the open agreements on the topic at the unit this is."""
    is_carried_over: Shown[bool] = False
    """R40: whether an agreement of the unit's former legal entity goes on here, if the company consents."""
    centre: Centre | None = None
    """R42: of the inspector at that time; None where the directory did not know the inspector, or had not begun."""
    number: Shown[str | None] = None
    """R26: by which people name the case: year and running number (2027-000123), or what an import says.

    None in facts of earlier releases.
    """

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """Returns the number, which only an offer that is sent gets."""
        return frozenset({"number"})


class OfferDelivered(Event):
    """R3: the offer became available in the company portal; the clock runs from here."""

    held: ClassVar[str] = "available_at"
    agreement_id: Shown[UUID]
    available_at: Shown[datetime]
    response_deadline: Shown[Deadline]
    halfway_at: datetime
    """R5: from when on an unanswered offer is the inspector's to ask about."""
    lapses_at: datetime
    """R6: a while after the deadline, so that an answer on its way is not overtaken."""


class DeliveryFailed(Event):
    """R4: the offer did not arrive; no clock started and nothing closed."""

    held: ClassVar[str] = "failed_at"
    agreement_id: Shown[UUID]
    attempt: Shown[int]
    reason: Shown[str]
    failed_at: Shown[datetime]
    resend_at: datetime | None = None
    """When it is sent again by itself; None where only somebody can do so."""


class OfferResent(Event):
    """R4: the portal is asked to deliver the offer once more."""

    held: ClassVar[str] = "resent_at"
    agreement_id: UUID
    attempt: int
    """2 for the first time that it is sent again."""
    resent_at: datetime
    resent_by: str


class DeliveryCorrected(Event):
    """R3, R30: the offer became available at another time than was recorded; the clock runs from there."""

    held: ClassVar[str] = "available_at"
    agreement_id: Shown[UUID]
    available_at: Shown[datetime]
    response_deadline: Shown[Deadline]
    halfway_at: datetime
    lapses_at: datetime
    corrected_at: Shown[datetime]
    corrected_by: Shown[str]
    reason: PrivateText = None


class ResponseDeadlineRecounted(Event):
    """R3, R27: the calendar was corrected, and gives the company a later last day to answer."""

    held: ClassVar[str] = "recounted_at"
    agreement_id: Shown[UUID]
    previous: Shown[Deadline]
    response_deadline: Shown[Deadline]
    halfway_at: datetime
    lapses_at: datetime
    recounted_at: Shown[datetime]
    recounted_by: Shown[str]
    reason: Shown[PrivateText] = None


class OfferReassigned(NextInspector, Event):
    """R15: an unanswered offer has another responsible inspector."""

    held: ClassVar[str] = "reassigned_at"
    agreement_id: Shown[UUID]
    previous: Shown[str]
    reassigned_at: Shown[datetime]
    reassigned_by: Shown[str]
    centre: Centre | None = None
    """R42: of the new inspector; None where the directory does not know it."""


class InspectorNoted(Event):
    """R15: another inspector is responsible for what became of the offer, as control decided."""

    held: ClassVar[str] = "noted_at"
    agreement_id: Shown[UUID]
    inspector: Shown[str]
    noted_at: Shown[datetime]


class ContactNamed(Event):
    """R34: somebody stands for the company in a role; a later one of the same role takes the place."""

    held: ClassVar[str] = "named_at"
    agreement_id: Shown[UUID]
    contact_id: Shown[UUID]
    role: Shown[ContactRole]
    named_at: Shown[datetime]
    named_by: Shown[str]
    details: Shown[Annotated[ContactDetails | None, PrivatePart(about="contact_id")]] = None


class OfferOpened(Event):
    """R5: somebody at the company opened the offer."""

    held: ClassVar[str] = "opened_at"
    agreement_id: Shown[UUID]
    opened_at: Shown[datetime]


class QuestionAsked(Event):
    """R5: somebody at the company has a question about the offer before answering it; the inspector makes contact."""

    held: ClassVar[str] = "asked_at"
    agreement_id: Shown[UUID]
    question_id: Shown[UUID]
    asked_at: Shown[datetime]
    asked_by: Shown[str]
    text: Shown[PrivateText] = None


class OfferUnansweredHalfway(Event):
    """R5: half of the response time has passed without an answer; the inspector asks whether it was understood."""

    held: ClassVar[str] = "at"
    agreement_id: UUID
    opened: bool
    at: datetime


class Accepted(Event):
    """R10: the company accepted. Names what control and guidance need to run the course."""

    held: ClassVar[str] = "accepted_at"
    agreement_id: Shown[UUID]
    kind: Shown[AgreementKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    inspector: Shown[str]
    period_months: Shown[int]
    accepted_at: Shown[datetime]
    accepted_by: Shown[str]
    reason: Shown[str | None] = None
    places: Shown[tuple[Place, ...]] = ()
    """R10, R19: what the agreement includes, first the place where it arose; none in facts of the first release."""
    place_names: Shown[Annotated[dict[UUID, str] | None, PrivatePart()]] = None
    """Names of departments by place."""
    carries_over: UUID | None = None
    """R40: the agreement of the unit's former legal entity that goes on here, with the company's consent."""


class NotAccepted(Value):
    """R7: what an offer that was not accepted was about, for what follows a no; None in facts of the first release."""

    kind: Shown[AgreementKind]
    cvr: Shown[str]
    p_number: Shown[str]
    topic: Shown[str]
    inspector: Shown[str]


class Declined(Event):
    """R7: the company said no."""

    held: ClassVar[str] = "declined_at"
    agreement_id: Shown[UUID]
    declined_at: Shown[datetime]
    declined_by: Shown[str]
    reason: Shown[str | None] = None
    offer: Shown[NotAccepted | None] = None


class Lapsed(Event):
    """R6: no answer by the deadline, which is never an acceptance."""

    held: ClassVar[str] = "lapsed_at"
    agreement_id: Shown[UUID]
    last_day: Shown[date]
    lapsed_at: Shown[datetime]
    offer: Shown[NotAccepted | None] = None


class Withdrawn(Event):
    """R8, R9: the authority took an unanswered offer back."""

    held: ClassVar[str] = "withdrawn_at"
    agreement_id: Shown[UUID]
    rule: Shown[str]
    withdrawn_at: Shown[datetime]
    because_of: _WhenOwnBreach[UUID | None] = None
    """R8: the breached agreement whose quarantine overtook this offer."""
    breach_is_own: Shown[bool] = False
    """R8: whether that was an agreement of the same legal entity, which may be told of it."""
    reason: Shown[PrivateText] = None


class AcceptanceConflictFlagged(Event):
    """R8: the acceptance was recorded before a breach became known; it stands and is shown as a conflict."""

    held: ClassVar[str] = "flagged_at"
    agreement_id: UUID
    because_of: UUID
    flagged_at: datetime


class AcceptanceConflictEnded(Event):
    """R8, R41: the breach had been recorded by mistake, so the acceptance is in conflict with it no more."""

    held: ClassVar[str] = "ended_at"
    agreement_id: UUID
    because_of: UUID
    ended_at: datetime


class AcceptanceAnnulled(Event):
    """R8: an acceptance is annulled, as policy allows, because a breach came first; the agreement ends."""

    held: ClassVar[str] = "annulled_at"
    agreement_id: Shown[UUID]
    because_of: UUID
    annulled_at: Shown[datetime]


class CaseTakenOver(TakenOver):
    """R28, R30: a case that was history goes on here. The other services take it over when they receive this fact."""

    held: ClassVar[str] = "live_from"
    agreement_id: Shown[UUID]
    live_from: Shown[datetime]
    taken_over_at: Shown[datetime]
    taken_over_by: Shown[str]
    reason: PrivateText = None


class AgreementEndNoted(Event):
    """R8: the agreement ended elsewhere; unit and topic are free for a new offer."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    outcome: str
    """`fulfilled`, `breached`, `terminated` or `annulled`; `running` where a correction took the decision back."""
    noted_at: datetime


class PlaceTakenNoted(Event):
    """R30, R41: control has taken its decision back and the agreement runs again, but another offer has its place here.

    For new offers the agreement stays ended.
    """

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    noted_at: datetime


class ViolationNoted(Event):
    """R14: what a control of an agreement that runs has found at one of its places, for what may be offered there."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    place_id: UUID
    p_number: str
    """The unit of the place."""
    found: bool
    """Whether a violation stands there; False where a correction took it back (R30)."""
    noted_at: datetime


class OfferUnitChanged(Event):
    """R40: the unit of an unanswered offer has another legal entity, or ceased; nothing lapses until it is decided."""

    held: ClassVar[str] = "holds_from"
    agreement_id: Shown[UUID]
    p_number: Shown[str]
    holds_from: Shown[date]
    """The day from which the register's fact holds."""
    noted_at: Shown[datetime]
    ceased: Shown[bool] = False
    settled: Shown[bool] = False
    """Whether nothing is left to decide: in time to answer, the unit is again the legal entity's that was asked."""
    cvr: str | None = None
    """The legal entity that has the unit now; None where it ceased. No company is told of another one here."""


class UnitChangeNoted(Event):
    """R40: tells control of a change at a unit of a running agreement; control records it in the course."""

    held: ClassVar[str] = "holds_from"
    agreement_id: UUID
    p_number: str
    holds_from: date
    noted_at: datetime
    ceased: bool = False
    settled: bool = False
    """Whether the unit belongs again to the legal entity whose agreement it is."""
    cvr: str | None = None


class UnitChangeLearned(Event):
    """R40: the register tells that a unit changes its legal entity or ceases, on a day that is over or lies ahead."""

    held: ClassVar[str] = "holds_from"
    p_number: str
    holds_from: date
    cvr: str | None = None
    """The legal entity from that day on; None where the unit ceases."""
    learned_at: datetime


class UnitChangeReachedCases(Event):
    """R40: the open offers and running agreements at the unit have been told of the changes that hold by then."""

    held: ClassVar[str] = "reached_at"
    p_number: str
    reached_at: datetime


class QuarantineImposed(Event):
    """R22: no new agreements for a while, for one unit or (before 2024) every unit of the legal entity."""

    held: ClassVar[str] = "imposed_at"
    agreement_id: Shown[UUID]
    cvr: Shown[str]
    p_number: Shown[str | None]
    """The unit; None when the whole legal entity is in quarantine."""
    imposed_at: Shown[datetime]
    ends_at: Shown[datetime]
    policy: Shown[str]


class QuarantineEnded(Event):
    """R22: the quarantine that this breach had imposed is over."""

    held: ClassVar[str] = "ended_at"
    agreement_id: Shown[UUID]
    cvr: Shown[str]
    p_number: Shown[str | None]
    ended_at: Shown[datetime]
    revoked: Shown[bool] = False
    """R30: the breach was recorded by mistake."""


class SpentTime(Told):
    """R37: what an inspector's time went into."""

    phase: WorkPhase
    minutes: Annotated[int, Field(ge=0)]
    """0 in a correction, where none was spent."""


class TimeSpent(SpentTime, Event):
    """R37: an inspector's time on an agreement."""

    held: ClassVar[str] = "on_day"
    agreement_id: UUID
    minutes: Annotated[int, Field(ge=1)]
    inspector: str
    on_day: date
    entry_id: UUID | None = None
    """By which it can be corrected; None in facts of the first release."""


class TimeCorrected(SpentTime, Event):
    """R30, R37: time was recorded wrongly; this is how it was."""

    held: ClassVar[str] = "on_day"
    agreement_id: UUID
    entry_id: UUID
    inspector: str
    """Whose time it was."""
    on_day: date
    previous_phase: WorkPhase
    previous_minutes: Annotated[int, Field(ge=0)]
    """What stood before, and no longer counts."""
    corrected_at: datetime
    corrected_by: str
    reason: PrivateText = None


class InternalNoteWritten(Event):
    """R18: somebody at the authority wrote a note on the case that no company reads."""

    held: ClassVar[str] = "written_at"
    agreement_id: UUID
    note_id: UUID
    written_at: datetime
    written_by: str
    text: PrivateText = None


FACTS: tuple[type[Event], ...] = (
    OfferSent,
    OfferDelivered,
    DeliveryFailed,
    OfferResent,
    DeliveryCorrected,
    ResponseDeadlineRecounted,
    CaseTakenOver,
    OfferReassigned,
    InspectorNoted,
    ContactNamed,
    OfferOpened,
    QuestionAsked,
    OfferUnansweredHalfway,
    Accepted,
    Declined,
    Lapsed,
    Withdrawn,
    AcceptanceConflictFlagged,
    AcceptanceConflictEnded,
    AcceptanceAnnulled,
    AgreementEndNoted,
    PlaceTakenNoted,
    ViolationNoted,
    OfferUnitChanged,
    UnitChangeNoted,
    UnitChangeLearned,
    UnitChangeReachedCases,
    QuarantineImposed,
    QuarantineEnded,
    TimeSpent,
    TimeCorrected,
    InternalNoteWritten,
)
