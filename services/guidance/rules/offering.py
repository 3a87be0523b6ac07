"""The inspector offers guidance, and the company says yes or no (R12, R33, R36)."""

from dataclasses import dataclass
from datetime import datetime

from services.guidance.rules.phases import About, Answered, Closed, Offered, Opened, State, Unknown, how_it_stands
from shared.contracts.guidance import GuidanceAccepted, GuidanceDeclined, GuidanceOffered, OfferedGuidance
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class OfferGuidance:
    """The inspector offers guidance."""

    at: datetime
    inspector: str
    told: OfferedGuidance


@dataclass(frozen=True)
class AnswerGuidance:
    """The company's yes or no to guidance."""

    at: datetime
    accepted: bool
    reason: str | None = None


def offer(state: State, command: OfferGuidance) -> GuidanceOffered:
    """R12: offers guidance while the agreement runs.

    Refuses a second offer while the last one is unanswered, or was accepted and the guidance was not held.
    """
    match state:
        case Offered():
            offered_at = state.offer.offered_at.isoformat()
            raise Refused("R12", "offered at {offered_at} already, and not answered", offered_at=offered_at)
        case Answered(accepted=True):
            raise Refused("R12", "the company has accepted guidance, and it has not been held")
    return GuidanceOffered(
        agreement_id=running_agreement(state).agreement_id,
        offered_at=command.at,
        offered_by=command.inspector,
        **dict(command.told),
    )


def answer(state: State, command: AnswerGuidance) -> Event:
    """R12: records the company's yes or no to an open offer of guidance; refuses an answer without an open offer."""
    agreement_id = running_agreement(state).agreement_id
    if not isinstance(state, Offered):
        raise Refused("R12", "no offer of guidance awaits an answer: {how}", how=how_it_stands(state))
    if command.accepted:
        return GuidanceAccepted(agreement_id=agreement_id, answered_at=command.at)
    return GuidanceDeclined(agreement_id=agreement_id, answered_at=command.at, reason=command.reason)


def running_agreement(state: State) -> About:
    """R12: returns the agreement; refuses if it does not run, because guidance is given only while it runs."""
    if isinstance(state, Unknown | Opened):
        raise Refused("R12", "no agreement runs")
    if isinstance(state, Closed):
        ended_at = state.closed.at.isoformat()
        raise Refused("R12", "the agreement has ended; guidance was closed at {ended_at}", ended_at=ended_at)
    return state.about
