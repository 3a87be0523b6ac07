"""Questions of a company about an offer that it can read and has not answered (R5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Open
from shared.contracts.offers import QuestionAsked
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class AskQuestion:
    """Somebody at the company has a question (R5)."""

    at: datetime
    question_id: UUID
    by: str
    text: str


def ask(offer: Open, command: AskQuestion) -> QuestionAsked:
    """R5: records a question; the time to answer goes on. Refuses it before the offer can be read."""
    if offer.delivered is None:
        raise Refused("R5", "a question is about an offer that can be read, and this one cannot yet")
    return QuestionAsked(
        agreement_id=offer.sent.agreement_id,
        question_id=command.question_id,
        asked_at=command.at,
        asked_by=command.by,
        text=command.text,
    )
