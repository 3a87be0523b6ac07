"""Facts of the notices service: who is to be told of what, when, and what became of it (R4, R5, R28, R29).

They carry ids, codes and times: no name, no address and no text of a message. A company is shown its own choices only.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.vocabulary import AgreementKind, ContactRole
from shared.eventstore.events import Event, TakenOver
from shared.visibility import Shown

SOURCE = "notices"
"""The `ce_source` of these facts, and their topic."""


class Recipient(StrEnum):
    """R29, R34, R42: whom a notice is for, by what they do in the case."""

    INSPECTOR = "inspector"
    """Who is responsible for the case, or the stand-in while that person is away."""
    VISITOR = "visitor"
    """Who goes on the visit that the notice is about."""
    LEADER = "leader"
    """Who leads the centre of the responsible inspector."""
    UNIT_MANAGER = "unit_manager"
    LEGALLY_RESPONSIBLE = "legally_responsible"
    SAFETY_REPRESENTATIVE = "safety_representative"


class Occasion(StrEnum):
    """R29: what a notice is about. Each has a module with its rule, and a text per language."""

    OFFER_WAITING = "offer-waiting"
    """R1, R29: an offer is available in the portal."""
    OFFER_NOT_OPENED = "offer-not-opened"
    """R5: nobody at the company has opened the offer."""
    OFFER_HALFWAY = "offer-halfway"
    """R5: half of the time to answer has passed."""
    OFFER_ENDS_SOON = "offer-ends-soon"
    """R3, R29: three days are left to answer."""
    OFFER_WITHDRAWN = "offer-withdrawn"
    """R8, R9: the authority took the offer back."""
    OFFER_TO_ASK_ABOUT = "offer-to-ask-about"
    """R5: the inspector is to ask whether the offer was received and understood."""
    QUESTION_ASKED = "question-asked"
    """R5: the company has a question about the offer."""
    OFFER_ANSWERED = "offer-answered"
    """R10, R7: the company said yes or no."""
    OFFER_LAPSED = "offer-lapsed"
    """R6: the company gave no answer."""
    DELIVERY_FAILED = "delivery-failed"
    """R4: the offer did not reach the portal; no clock runs."""
    UNIT_CHANGED = "unit-changed"
    """R40: the unit has another legal entity, or ceased."""
    GUIDANCE_COMING_DUE = "guidance-coming-due"
    """R12: guidance has to be offered soon."""
    GUIDANCE_DUE = "guidance-due"
    """R12: guidance has to be offered today."""
    GUIDANCE_OVERDUE = "guidance-overdue"
    """R12: guidance was not offered in time."""
    GUIDANCE_OFFERED = "guidance-offered"
    """R12: the company is offered help and guidance."""
    GUIDANCE_TIMES_OFFERED = "guidance-times-offered"
    """R12: the company may choose a time for the guidance meeting."""
    GUIDANCE_ANSWERED = "guidance-answered"
    """R12: the company said yes or no to guidance."""
    MEETING_IN_A_WEEK = "meeting-in-a-week"
    """R12, R21: a guidance meeting is near; it can be the control of a company that reports back before it."""
    MEETING_CANCELLED = "meeting-cancelled"
    """R12: a guidance meeting, or the times offered for it, fell away."""
    DOCUMENTATION_DUE_SOON = "documentation-due-soon"
    """R16: the documentation is owed by the compliance deadline, which is near."""
    DOCUMENTATION_RECEIVED = "documentation-received"
    """R16: the company sent documentation."""
    EXTENSION_ASKED = "extension-asked"
    """R13: the company asks for a longer deadline."""
    EXTENSION_DECIDED = "extension-decided"
    """R13: a longer deadline was granted or refused."""
    CONTROL_ANNOUNCED = "control-announced"
    """R18: the company is told of the day of a control."""
    CONTROL_CANCELLED = "control-cancelled"
    """R18: an announced control is not held on its day."""
    CONTROL_SOON = "control-soon"
    """R29: a control is held in two days."""
    WINDOW_AT_RISK = "window-at-risk"
    """R17: a control may have to be held after its window."""
    PLACE_NOT_FOUND = "place-not-found"
    """R17: no place in the calendar was found for a control."""
    RESULT = "result"
    """R20, R29: the agreement is kept or breached."""
    HEARING_OPENED = "hearing-opened"
    """R22: the company may say what it thinks before the order."""
    HEARING_ENDS_SOON = "hearing-ends-soon"
    """R22: three days are left to answer the hearing."""
    HEARING_ANSWERED = "hearing-answered"
    """R22: the company answered the hearing."""
    QUARANTINE = "quarantine"
    """R22: the unit gets no new agreement for a while."""
    FOLLOW_UP = "follow-up"
    """R24: the inspector asks soon whether the measures are still in use."""
    CASE_TAKEN_OVER = "case-taken-over"
    """R15: the case has a new responsible inspector, who is told what stands."""
    CONTACT_NAMED = "contact-named"
    """R34: somebody stands for the company from now on, and is told what stands."""
    CONTACT_LACKS_ADDRESS = "contact-lacks-address"
    """R4, R34: somebody at the company could not be told, and the letter asks to pass it on."""


class MatterOwner(StrEnum):
    """The service whose fact raised a matter: it alone says whether the matter still stands."""

    OFFERS = "offers"
    GUIDANCE = "guidance"
    CONTROL = "control"


class Untold(StrEnum):
    """R28, R29: why somebody was not told, or not told again."""

    SETTLED = "settled"
    """What it was about had been done before the notice was sent."""
    OVERTAKEN = "overtaken"
    """Another notice on the same matter has taken its place, because a date moved."""
    POINTLESS = "pointless"
    """It is too late: the last moment at which it would have helped has passed."""
    NO_ADDRESS = "no-address"
    """Nobody stands in the role, or no address is known."""
    UNWANTED = "unwanted"
    """The recipient chose not to get notices of this kind."""
    CASE_ERASED = "case-erased"
    """R31: the keys of the case, or of the contact, are destroyed."""
    UNDELIVERABLE = "undeliverable"
    """The other side refused for good, or tries failed for as long as the policy says."""
    IN_DOUBT = "in-doubt"
    """It may have been sent before the process ended, and has no legal effect: it is not sent twice."""


class Channel(StrEnum):
    """R29: how somebody is told."""

    EMAIL = "email"
    DIGEST = "digest"
    """Several matters in one e-mail, once a day or once a week."""
    PORTAL = "portal"
    """The company portal, by signed webhook, and by a feed that it reads."""


class TryFailure(StrEnum):
    """R29: why a try to tell somebody failed. A server's own words are kept sealed."""

    UNREACHABLE = "unreachable"
    """No connection, or it broke before anything was sent."""
    REFUSED_FOR_NOW = "refused-for-now"
    """The other side says: later."""
    REFUSED = "refused"
    """The other side says: never."""
    IN_DOUBT = "in-doubt"
    """The connection broke on the way: the other side may have it. It is sent again, under the same Message-ID."""
    NOT_WORDED = "not-worded"
    """What the text needs is missing: a fault of ours, which the log names."""
    BOUNCED = "bounced"
    """It was accepted at first, and a report said later that it was not delivered."""


class DigestRhythm(StrEnum):
    """R29: how often somebody at the authority gets a digest."""

    DAILY = "daily"
    """In the morning of each working day."""
    WEEKLY = "weekly"
    """In the morning of the first working day of a week; what would be pointless by then comes the next morning."""


class AgreementFollowed(Event):
    """R29: an agreement was offered; whoever has to do with it is told from now on."""

    held: ClassVar[str] = "followed_at"
    agreement_id: UUID
    cvr: str
    p_number: str
    topic: str
    kind: AgreementKind
    inspector: str
    followed_at: datetime


class ResponsibleNoted(Event):
    """R15: another inspector is responsible, and is told from now on."""

    held: ClassVar[str] = "noted_at"
    agreement_id: UUID
    inspector: str
    noted_at: datetime


class NoticesTakenOver(TakenOver):
    """R29, R30: the case was history; from a day on people are told of it. What was due before is not told."""

    held: ClassVar[str] = "live_from"
    agreement_id: UUID


class MatterRaised(Event):
    """R29: somebody is to be told of something, once."""

    held: ClassVar[str] = "raised_at"
    agreement_id: UUID
    matter_id: UUID
    occasion: Occasion
    recipient: Recipient
    owner: MatterOwner
    about: str
    """What of the case it is about, e.g. the id of a control or a day; empty where the occasion comes once."""
    due_at: datetime
    """When it is told at the earliest."""
    latest_at: datetime
    """From then on it is pointless."""
    person: str | None = None
    """R18: who goes on the visit, where it is told to that person."""
    code: str | None = None
    """How something ended that the occasion is about, e.g. `accepted`."""
    raised_at: datetime


class MatterEnded(Event):
    """R29: somebody is not told, or not again, and why."""

    held: ClassVar[str] = "ended_at"
    agreement_id: UUID
    matter_id: UUID
    why: Untold
    ended_at: datetime


class MatterReopened(Event):
    """R29: an operator has a matter told that was given up because nobody could be reached."""

    held: ClassVar[str] = "reopened_at"
    agreement_id: UUID
    matter_id: UUID
    due_at: datetime
    """When it is told: not at night."""
    reopened_by: str
    """Pseudonymous id of the operator."""
    reopened_at: datetime


class NoticePostponed(Event):
    """R15, R42: the recipient is away and nobody stands in; it is told later."""

    held: ClassVar[str] = "postponed_at"
    agreement_id: UUID
    matter_id: UUID
    until: datetime
    postponed_at: datetime


class NoticeQueued(Event):
    """R29: it is told in the next digest of the person."""

    held: ClassVar[str] = "queued_at"
    agreement_id: UUID
    matter_id: UUID
    person: str
    queued_at: datetime


class NoticeSent(Event):
    """R29: the message was taken over by the channel. Whether somebody read it is not known."""

    held: ClassVar[str] = "sent_at"
    agreement_id: UUID
    matter_id: UUID
    channel: Channel
    message_id: str
    """Of the message, as the header Message-ID has it; a digest has one for all its matters."""
    text_version: str
    """The version of the text that was sent."""
    in_doubt: bool = False
    """Whether it may have been sent before, too: a process ended between sending and recording."""
    contact_id: UUID | None = None
    """R34: the contact who was told; None for somebody at the authority."""
    person: str | None = None
    """The person at the authority who was told."""
    sent_at: datetime


class NoticeFailed(Event):
    """R29: a try to tell somebody failed; it is tried again."""

    held: ClassVar[str] = "failed_at"
    agreement_id: UUID
    matter_id: UUID
    channel: Channel
    failure: TryFailure
    tries: int
    """How many tries have failed."""
    again_at: datetime
    failed_at: datetime
    status: str | None = None
    """The code with which the other side answered, e.g. `5.1.1` (RFC 3463). Its words are kept nowhere."""


class NoticeReturned(Event):
    """R4: a report says that a message was not delivered. No clock starts, stops or moves for it."""

    held: ClassVar[str] = "returned_at"
    agreement_id: UUID
    matter_id: UUID
    message_id: str
    status: str
    """The enhanced status code of RFC 3463, e.g. `5.1.1`."""
    returned_at: datetime


class DigestEntryAdded(Event):
    """R29: a matter waits for the next digest of a person."""

    held: ClassVar[str] = "added_at"
    person_id: str
    agreement_id: UUID
    matter_id: UUID
    added_at: datetime
    digest_at: datetime
    """When the next digest is sent."""


class DigestBegun(Event):
    """R29: what waited for the digest is about to be told in one; what comes from now on waits for the next."""

    held: ClassVar[str] = "begun_at"
    person_id: str
    digest_id: UUID
    """What the Message-ID of the digest is made from."""
    matters: tuple[UUID, ...]
    begun_at: datetime


class DigestSent(Event):
    """R29: a digest went out, or everything in it had been settled."""

    held: ClassVar[str] = "sent_at"
    person_id: str
    message_id: str | None
    """None where nothing was left to tell."""
    matters: tuple[UUID, ...]
    sent_at: datetime
    in_doubt: bool = False
    """Whether it is not known if it went out: it is not sent again, and its matters end as in doubt."""


class DigestFailed(Event):
    """R29: a digest could not be sent; it is tried again."""

    held: ClassVar[str] = "failed_at"
    person_id: str
    failure: TryFailure
    tries: int
    again_at: datetime
    failed_at: datetime


class NoticesChosen(Event):
    """R29, R34: a company chose what the contact in a role is not told of; a later choice takes its place."""

    held: ClassVar[str] = "chosen_at"
    agreement_id: Shown[UUID]
    role: Shown[ContactRole]
    unwanted: Shown[tuple[Occasion, ...]]
    chosen_by: Shown[str]
    chosen_at: Shown[datetime]


class DigestChosen(Event):
    """R29: somebody at the authority chose how often a digest comes, and what not to be told of."""

    held: ClassVar[str] = "chosen_at"
    person_id: str
    rhythm: DigestRhythm
    unwanted: tuple[Occasion, ...]
    chosen_at: datetime


class DigestReturned(Event):
    """R4: a report says that a digest was not delivered. What it told stands in the cases and in the lists of work."""

    held: ClassVar[str] = "returned_at"
    person_id: str
    message_id: str
    status: str
    """The enhanced status code of RFC 3463, e.g. `5.1.1`."""
    returned_at: datetime


FACTS: tuple[type[Event], ...] = (
    AgreementFollowed,
    ResponsibleNoted,
    NoticesTakenOver,
    MatterRaised,
    MatterEnded,
    MatterReopened,
    NoticePostponed,
    NoticeQueued,
    NoticeSent,
    NoticeFailed,
    NoticeReturned,
    DigestEntryAdded,
    DigestBegun,
    DigestSent,
    DigestFailed,
    DigestReturned,
    NoticesChosen,
    DigestChosen,
)
