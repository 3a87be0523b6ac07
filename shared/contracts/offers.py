"""Facts of the offers service: everything up to the answer, and the register of quarantines."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from shared.contracts.vocabulary import AgreementKind, FileReference, PrivateText
from shared.deadlines.deadline import Deadline
from shared.kernel.events import Event, PrivatePart


class OfferSent(Event):
    """R1: the authority offered an agreement on one topic at one production unit."""

    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspection_id: str
    inspector: str
    period_months: int
    response_rule: str
    letter_version: str
    sent_at: datetime
    observations: PrivateText = None
    photos: Annotated[tuple[FileReference, ...] | None, PrivatePart()] = None
    period_reason: PrivateText = None


class OfferDelivered(Event):
    """R3: the offer became available in the company portal; the clock runs from here."""

    agreement_id: UUID
    available_at: datetime
    response_deadline: Deadline
    halfway_at: datetime
    """R5: from when on an unanswered offer is the inspector's to ask about."""
    lapses_at: datetime
    """R6: a while after the deadline, so that an answer on its way is not overtaken."""


class DeliveryFailed(Event):
    """R4: the offer did not arrive; no clock started and nothing closed."""

    agreement_id: UUID
    attempt: int
    reason: str
    failed_at: datetime


class OfferOpened(Event):
    """R5: somebody at the company opened the offer."""

    agreement_id: UUID
    opened_at: datetime


class OfferUnansweredHalfway(Event):
    """R5: half of the response time has passed without an answer; the inspector asks whether it was understood."""

    agreement_id: UUID
    opened: bool
    at: datetime

    def seen_by_company(self) -> bool:
        return False


class Accepted(Event):
    """R10: the company accepted. Names what control and guidance need to run the course."""

    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    period_months: int
    accepted_at: datetime
    accepted_by: str
    reason: str | None = None


class Declined(Event):
    """R7: the company said no."""

    agreement_id: UUID
    declined_at: datetime
    declined_by: str
    reason: str | None = None


class Lapsed(Event):
    """R6: no answer by the deadline, which is never an acceptance."""

    agreement_id: UUID
    last_day: date
    lapsed_at: datetime


class Withdrawn(Event):
    """R8, R9: the authority took an unanswered offer back."""

    agreement_id: UUID
    rule: str
    withdrawn_at: datetime
    because_of: UUID | None = None
    """R8: the breached agreement whose quarantine overtook this offer."""
    reason: PrivateText = None


class AcceptanceConflictFlagged(Event):
    """R8: the acceptance was recorded before a breach became known; it stands and is shown as a conflict."""

    agreement_id: UUID
    because_of: UUID
    flagged_at: datetime

    def seen_by_company(self) -> bool:
        return False


class AgreementEndNoted(Event):
    """R8: the agreement ended elsewhere; unit and topic are free for a new offer."""

    agreement_id: UUID
    outcome: str
    """`fulfilled` or `breached`."""
    noted_at: datetime

    def seen_by_company(self) -> bool:
        return False


class QuarantineImposed(Event):
    """R22: no new agreements for a while, for one unit or (before 2024) every unit of the legal entity."""

    agreement_id: UUID
    cvr: str
    p_number: str | None
    """The unit; None when the whole legal entity is in quarantine."""
    imposed_at: datetime
    ends_at: datetime
    policy: str


class QuarantineEnded(Event):
    """R22: the quarantine that this breach had imposed is over."""

    agreement_id: UUID
    cvr: str
    p_number: str | None
    ended_at: datetime


FACTS: tuple[type[Event], ...] = (
    OfferSent,
    OfferDelivered,
    DeliveryFailed,
    OfferOpened,
    OfferUnansweredHalfway,
    Accepted,
    Declined,
    Lapsed,
    Withdrawn,
    AcceptanceConflictFlagged,
    AgreementEndNoted,
    QuarantineImposed,
    QuarantineEnded,
)
