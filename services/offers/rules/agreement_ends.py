"""Agreements that have ended elsewhere, and free unit and topic for a new offer (R8, R14, R30)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.offers.rules.phases import RUNNING_AGAIN, Ended, Running
from services.offers.rules.unit_changes import Owners
from shared.contracts.offers import AgreementEndNoted, PlaceTakenNoted
from shared.eventstore.events import Event


@dataclass(frozen=True)
class NoteEnd:
    """Reaction to the end of an agreement, which was fulfilled, breached or terminated."""

    at: datetime
    outcome: str


@dataclass(frozen=True)
class NoteRevokedDecision:
    """Reaction to a decision of control that was revoked (R30)."""

    at: datetime
    free: bool
    """Whether unit and topic are still free; if another offer has taken them, this agreement stays ended here."""
    owners: Mapping[str, Owners] = field(default_factory=dict)
    """R40: what the register says of the agreement's units, by P-number."""


def note_end(state: Running | Ended, command: NoteEnd) -> Sequence[Event]:
    """R8: records that an agreement ended, which frees its topic at the unit for a new offer.

    R30: an outcome that differs from the recorded one is recorded too.
    """
    match state:
        case Running():
            return (_noted(state, command.outcome, command.at),)
        case Ended(runs_without_place=True):
            return (_noted(state, command.outcome, command.at),)
        case Ended() if state.accepted is not None and state.how not in (command.outcome, "annulled"):
            return (_noted(state, command.outcome, command.at),)
        case _:
            return ()


def note_revoked_decision(state: Running | Ended, command: NoteRevokedDecision) -> Sequence[Event]:
    """R30: records that an agreement runs again, because its decision was revoked.

    R41: where its topic at the unit is taken, records that instead, for it may run beside another agreement.
    """
    if not isinstance(state, Ended) or state.accepted is None or state.how == "annulled":
        return ()
    if command.free:
        return (_noted(state, RUNNING_AGAIN, command.at),)
    if state.runs_without_place:
        return ()
    return (PlaceTakenNoted(agreement_id=state.sent.agreement_id, noted_at=command.at),)


def _noted(state: Running | Ended, outcome: str, at: datetime) -> AgreementEndNoted:
    return AgreementEndNoted(agreement_id=state.sent.agreement_id, outcome=outcome, noted_at=at)
