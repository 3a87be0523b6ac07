"""Has the company received and understood the offer, and does it know the dates (R5, R30)?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.guidance.rules.meetings import known_agreement, refuse_yet_to_come
from services.guidance.rules.phases import Opened, State
from shared.contracts.guidance import OfferUnderstandingAsked, OfferUnderstandingCorrected
from shared.contracts.vocabulary import ContactForm, Side
from shared.eventstore.decider import Refused, every_fault


@dataclass(frozen=True)
class Said:
    """What is told of a contact about an unanswered offer."""

    form: ContactForm
    held_at: datetime
    reached: bool
    received: bool | None
    understood: bool | None
    knows_dates: bool | None
    participants: tuple[str, ...]
    minutes_spent: int | None
    summary: str | None


@dataclass(frozen=True)
class AskWhetherUnderstood:
    """A contact about an unanswered offer, and what came of it."""

    at: datetime
    contact_id: UUID
    inspector: str
    initiated_by: Side
    said: Said


@dataclass(frozen=True)
class CorrectUnderstanding:
    """It was recorded wrongly (R30)."""

    at: datetime
    contact_id: UUID
    by: str
    said: Said
    reason: str


def ask(state: State, command: AskWhetherUnderstood) -> OfferUnderstandingAsked:
    """R5: while the offer is unanswered; who was not reached has answered nothing."""
    known = known_agreement(state)
    if not isinstance(state, Opened):
        raise Refused("R5", "the offer does not await its answer any more")
    refuse_what_was_not_said(command.said, command.at)
    return OfferUnderstandingAsked(
        agreement_id=known.agreement_id,
        contact_id=command.contact_id,
        inspector=command.inspector,
        initiated_by=command.initiated_by,
        **vars(command.said),
    )


def correct(state: State, command: CorrectUnderstanding) -> OfferUnderstandingCorrected:
    """R30: also after the answer; what was recorded stays in the history, and this is how it was."""
    known = known_agreement(state)
    if command.contact_id not in known.asked:
        raise Refused("R30", "no contact about the offer is known as {contact_id}", contact_id=command.contact_id)
    refuse_what_was_not_said(command.said, command.at)
    return OfferUnderstandingCorrected(
        agreement_id=known.agreement_id,
        contact_id=command.contact_id,
        corrected_at=command.at,
        corrected_by=command.by,
        reason=command.reason,
        **vars(command.said),
    )


def refuse_what_was_not_said(said: Said, at: datetime) -> None:
    """R5, R12: none that is yet to come; who was reached was asked, and nobody else has said anything."""
    answers = (said.received, said.understood, said.knows_dates)
    with every_fault() as check:
        check(refuse_yet_to_come, said.held_at, at)
        if not said.reached and any(one is not None for one in answers):
            why = "nobody was reached, so nobody has said whether it was received or understood"
            check.note(Refused("R5", why))
        if said.reached and said.understood is None:
            check.note(Refused("R5", "was the offer understood?"))
