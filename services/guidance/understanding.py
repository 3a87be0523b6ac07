"""Has the company received and understood the offer, and does it know the dates (R5)?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.guidance.meetings import known_agreement, refuse_yet_to_come
from services.guidance.phases import Opened, State
from shared.contracts.guidance import OfferUnderstandingAsked
from shared.contracts.vocabulary import ContactForm, Side
from shared.kernel.decider import Refused


@dataclass(frozen=True)
class AskWhetherUnderstood:
    """A contact about an unanswered offer, and what came of it."""

    at: datetime
    contact_id: UUID
    form: ContactForm
    held_at: datetime
    inspector: str
    initiated_by: Side
    reached: bool
    received: bool | None
    understood: bool | None
    knows_dates: bool | None
    participants: tuple[str, ...]
    minutes_spent: int | None
    summary: str | None


def ask(state: State, command: AskWhetherUnderstood) -> OfferUnderstandingAsked:
    """R5: while the offer is unanswered; who was not reached has answered nothing."""
    known = known_agreement(state)
    if not isinstance(state, Opened):
        raise Refused("R5", "the offer does not await its answer any more")
    refuse_yet_to_come(command.held_at, command.at)
    answers = (command.received, command.understood, command.knows_dates)
    if not command.reached and any(one is not None for one in answers):
        raise Refused("R5", "nobody was reached, so nobody has said whether it was received or understood")
    if command.reached and command.understood is None:
        raise Refused("R5", "was the offer understood?")
    return OfferUnderstandingAsked(
        agreement_id=known.agreement_id,
        contact_id=command.contact_id,
        form=command.form,
        held_at=command.held_at,
        inspector=command.inspector,
        initiated_by=command.initiated_by,
        reached=command.reached,
        received=command.received,
        understood=command.understood,
        knows_dates=command.knows_dates,
        participants=command.participants,
        minutes_spent=command.minutes_spent,
        summary=command.summary,
    )
