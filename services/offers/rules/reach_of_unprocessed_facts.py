"""R8: units that an unprocessed fact may be about; it might be the breach that forbids an offer there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.offers.rules.quarantine import reaches, stands
from shared.contracts import register
from shared.contracts.control import Breached
from shared.eventstore.errors import Refused
from shared.policy.policies import Policies


@dataclass(frozen=True)
class UntakenFact:
    """What is known of a fact that waits or was discarded, without processing it."""

    source: str
    cvr: str | None
    p_number: str | None
    occurred_at: datetime
    breach: Breached | None = None
    """The fact itself, if it can be parsed and is a breach."""
    included: frozenset[str] = frozenset()
    """P-numbers of the units that its agreement includes, as far as that is known: the breach may be at any of them."""

    @property
    def units(self) -> frozenset[str]:
        """Returns the P-numbers of the units that the fact itself is about."""
        own = frozenset() if self.p_number is None else frozenset({self.p_number})
        return own | self.included | frozenset(self.breach.breached_units if self.breach else ())


def may_reach(fact: UntakenFact, cvr: str, p_number: str, at: datetime, policies: Policies) -> bool:
    """Returns whether a fact that was not processed may forbid an offer to a unit of a legal entity."""
    return p_number in fact.units or (fact.cvr == cvr and may_reach_legal_entity(fact, at, policies))


def may_reach_legal_entity(fact: UntakenFact, at: datetime, policies: Policies) -> bool:
    """R22: returns whether a fact may put all units of its legal entity in quarantine.

    The policy of the day of the breach decides. A fact that names a legal entity and no unit may always do so: it may
    be about any of them.
    """
    if fact.cvr is None:
        return False
    if not fact.units:
        return True
    breached_at = fact.breach.breached_at if fact.breach else fact.occurred_at
    if fact.source == register.SOURCE or not policies.has(breached_at):
        return False
    reached = reaches(fact.cvr, sorted(fact.units), breached_at, policies)
    return any(reach.p_number is None and stands(reach.ends_at, at) for reach in reached)


def refusals_of_units_on_hold(held: Sequence[str]) -> tuple[Refused, ...]:
    """R8: returns a refusal for each held unit.

    A fact about the unit was discarded, so nobody knows whether it is in quarantine.
    """
    return tuple(
        Refused(
            "R8",
            "nothing is offered or accepted at {p_number} until it is released: a fact about it was lost",
            p_number=p_number,
        )
        for p_number in held
    )
