"""An offer that the authority takes back, or that a breach overtakes (R8, R9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Open, Running
from shared.contracts.offers import AcceptanceAnnulled, AcceptanceConflictFlagged, Withdrawn
from shared.eventstore.decider import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Withdraw:
    """The authority takes an unanswered offer back (R9)."""

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


def withdraw(offer: Open, command: Withdraw) -> Withdrawn:
    """R9: an unanswered offer, with a reason, where the policy lets the authority do so."""
    if not command.policy.offer.may_be_withdrawn:
        raise Refused("R9", "by policy {policy} an offer is not taken back", policy=command.policy.version)
    return Withdrawn(agreement_id=offer.sent.agreement_id, rule="R9", withdrawn_at=command.at, reason=command.reason)


def overtake(state: Open | Running, command: NoteBreach) -> Sequence[Event]:
    """R8: an open offer is withdrawn; an acceptance recorded before the breach became known stands, flagged.

    By policy it may be annulled instead. An agreement that was accepted before the breach itself is not touched.
    """
    agreement_id = state.sent.agreement_id
    if agreement_id == command.because_of:
        return ()
    match state:
        case Open():
            return (
                Withdrawn(
                    agreement_id=agreement_id,
                    rule="R8",
                    withdrawn_at=command.at,
                    because_of=command.because_of,
                    breach_is_own=command.cvr == state.sent.cvr,
                ),
            )
        case Running(conflict=False) if state.accepted.accepted_at >= command.breached_at:
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
