"""Records whether the company has received and understood the offer, and knows the dates (R5, R30)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.guidance.rules.meetings import known_agreement, refuse_yet_to_come
from services.guidance.rules.phases import Opened, State
from shared.contracts.guidance import (
    FirstUnderstandingReport,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
    UnderstandingReport,
)
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class AskWhetherUnderstood:
    """A contact about an unanswered offer, and what came of it."""

    at: datetime
    contact_id: UUID
    inspector: str
    held_at: datetime
    told: FirstUnderstandingReport


@dataclass(frozen=True)
class CorrectUnderstanding:
    """A contact about the offer was recorded wrongly (R30)."""

    at: datetime
    contact_id: UUID
    by: str
    held_at: datetime
    told: UnderstandingReport
    reason: str


def ask(state: State, command: AskWhetherUnderstood) -> OfferUnderstandingAsked:
    """R5: records a contact about an unanswered offer; a company that was not reached has answered nothing.

    Refuses a contact after the offer was answered.
    """
    known = known_agreement(state)
    if not isinstance(state, Opened):
        raise Refused("R5", "the offer does not await its answer any more")
    refuse_what_was_not_said(command)
    return OfferUnderstandingAsked(
        agreement_id=known.agreement_id,
        contact_id=command.contact_id,
        inspector=command.inspector,
        held_at=command.held_at,
        **dict(command.told),
    )


def correct(state: State, command: CorrectUnderstanding) -> OfferUnderstandingCorrected:
    """R30: records how a contact really was, also after the answer; the first record stays in the history."""
    known = known_agreement(state)
    if command.contact_id not in known.asked:
        raise Refused("R30", "no contact about the offer is known as {contact_id}", contact_id=command.contact_id)
    refuse_what_was_not_said(command)
    return OfferUnderstandingCorrected(
        agreement_id=known.agreement_id,
        contact_id=command.contact_id,
        corrected_at=command.at,
        corrected_by=command.by,
        held_at=command.held_at,
        reason=command.reason,
        **dict(command.told),
    )


def refuse_what_was_not_said(command: AskWhetherUnderstood | CorrectUnderstanding) -> None:
    """R5, R12: refuses a contact that is yet to come, and answers that do not fit whether the company was reached.

    A company that was reached was asked whether it understood the offer. Otherwise nobody has answered anything.
    """
    told = command.told
    answers = (told.received, told.understood, told.knows_dates)
    with every_fault() as check:
        check(refuse_yet_to_come, command.held_at, command.at)
        if not told.reached and any(one is not None for one in answers):
            why = "nobody was reached, so nobody has said whether it was received or understood"
            check.note(Refused("R5", why))
        if told.reached and told.understood is None:
            check.note(Refused("R5", "was the offer understood?"))
