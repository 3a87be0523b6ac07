"""Offers that end because the authority withdraws them, or because of a breach (R8, R9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Ended, Open, Running, places_of
from services.offers.rules.quarantine import Reach, stands
from shared.contracts.offers import (
    AcceptanceAnnulled,
    AcceptanceConflictEnded,
    AcceptanceConflictFlagged,
    Withdrawn,
)
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Withdraw:
    """The authority withdraws an unanswered offer (R9)."""

    at: datetime
    reason: str
    policy: Policy


@dataclass(frozen=True)
class NoteBreach:
    """Reaction: a breach elsewhere put the unit into quarantine (R8)."""

    at: datetime
    because_of: UUID
    cvr: str
    """The legal entity whose agreement was breached."""
    breached_at: datetime
    policy: Policy
    reaches: tuple[Reach, ...]
    """R22: the quarantines that the breach led to."""


@dataclass(frozen=True)
class NoteMistakenBreach:
    """Reaction: the breach had been recorded by mistake (R30)."""

    at: datetime
    because_of: UUID


def withdraw(offer: Open, command: Withdraw) -> Withdrawn:
    """R9: withdraws an unanswered offer, with a reason; refuses where policy does not let the authority do so."""
    if not command.policy.offer.may_be_withdrawn:
        raise Refused("R9", "by policy {policy} an offer is not taken back", policy=command.policy.version)
    return Withdrawn(agreement_id=offer.sent.agreement_id, rule="R9", withdrawn_at=command.at, reason=command.reason)


def overtaken(breached: UUID, agreement_id: UUID) -> str:
    """Returns the name that an agreement holds for a breach with which its acceptance is in conflict."""
    return f"{overtaken_by(breached)}{agreement_id}"


def overtaken_by(breached: UUID) -> str:
    """Returns how the names begin that agreements hold whose acceptance is in conflict with this breach.

    No other names begin so.
    """
    return f"overtaken/{breached}/"


def overtake(state: Open | Running, command: NoteBreach) -> Sequence[Event]:
    """R8: withdraws an open offer after a breach, or flags an acceptance that was recorded before it was known.

    The acceptance holds; by policy it is annulled instead. An agreement that was accepted before the breach itself is
    not touched, nor one that a quarantine does not reach any more: the quarantine of a breach that is known late may be
    over already. R41: an acceptance is flagged once for each breach.
    """
    agreement_id = state.sent.agreement_id
    ends_at = _quarantined_until(state, command.reaches)
    if agreement_id == command.because_of or ends_at is None:
        return ()
    match state:
        case Open() if stands(ends_at, command.at):
            return (
                Withdrawn(
                    agreement_id=agreement_id,
                    rule="R8",
                    withdrawn_at=command.at,
                    because_of=command.because_of,
                    breach_is_own=command.cvr == state.sent.cvr,
                ),
            )
        case Running() if command.because_of in state.conflicts:
            return ()
        case Running(accepted=accepted) if command.breached_at <= accepted.accepted_at and stands(
            ends_at, accepted.accepted_at
        ):
            if command.policy.offer.acceptance_before_breach_was_known == "is_annulled":
                return (
                    AcceptanceAnnulled(
                        agreement_id=agreement_id, because_of=command.because_of, annulled_at=command.at
                    ),
                )
            return (
                AcceptanceConflictFlagged(
                    agreement_id=agreement_id, because_of=command.because_of, flagged_at=command.at
                ),
            )
        case _:
            return ()


def note_mistaken_breach(state: Running | Ended, command: NoteMistakenBreach) -> Sequence[Event]:
    """R30, R41: ends the conflict with a breach that was a mistake: there was no quarantine."""
    if command.because_of not in state.conflicts:
        return ()
    return (
        AcceptanceConflictEnded(
            agreement_id=state.sent.agreement_id, because_of=command.because_of, ended_at=command.at
        ),
    )


def _quarantined_until(state: Open | Running, reaches: Sequence[Reach]) -> datetime | None:
    """R22: the last end of those that reach the legal entity, or one of the units; None where none does."""
    sent = state.sent
    units = {sent.p_number} if isinstance(state, Open) else {place.p_number for place in places_of(state.accepted)}
    return max(
        (
            reach.ends_at
            for reach in reaches
            if reach.p_number in units or (reach.p_number is None and reach.cvr == sent.cvr)
        ),
        default=None,
    )
