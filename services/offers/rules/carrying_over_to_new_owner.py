"""A running agreement is carried over to the legal entity that has its unit now, if that one consents (R40).

The new owner consents by accepting an offer of its own, and gets a case of its own: what came before is the former
owner's, and stays in the case that ends then. A spread agreement is carried over as a whole, to one legal entity that
has all its units; where only some changed hands, it is ended, and each owner is offered a new one.
"""

from collections.abc import Collection
from uuid import UUID

from services.offers.rules.phases import Running, State, Unsent, how_it_stands
from services.offers.rules.unit_changes import changed_units, units_of
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy

Terms = tuple[AgreementKind, str, str, int]
"""Kind, unit, topic and months of an agreement; carrying it over changes none of them."""


def refuse_to_carry_over(carried: State | None, carries_over: UUID, cvr: str, terms: Terms, policy: Policy) -> None:
    """R40: refuses to carry over an agreement that does not run, or where policy forbids it.

    All of its units must belong to this legal entity now, and the terms must stay the same. R14: an agreement in which
    a violation was found is decided first.
    """
    if not policy.agreement.carried_over_to_new_owner:
        raise Refused("R40", "by policy {policy} no agreement is carried over", policy=policy.version)
    running = require_running(carried, carries_over)
    sent = running.sent
    if not units_bought(running, cvr):
        raise Refused("R40", "{p_number} has not become a unit of {cvr}", p_number=sent.p_number, cvr=cvr)
    if others := _units_of_others(running, cvr):
        raise Refused(
            "R40",
            "the agreement also includes {units}, which {cvr} does not have: "
            "end the agreement, and offer each owner a new one",
            units=", ".join(others),
            cvr=cvr,
        )
    if (sent.kind, sent.p_number, sent.topic, sent.period_months) != terms:
        raise Refused("R40", "an agreement is carried over with its kind, unit, topic and period")
    if running.violations:
        raise Refused(
            "R14",
            "a control has found a violation at {units}: the agreement is not carried over until that is decided",
            units=", ".join(sorted(set(running.violations.values()))),
        )


def refuse_consent(carried: State | None, carries_over: UUID, cvr: str, named: Collection[str]) -> None:
    """R40: refuses a consent that does not name all units: the agreement continues as a whole or not at all.

    Also refuses where a violation was found or a unit belongs to others. The text does not say which: that is the
    former owner's case.
    """
    running = require_running(carried, carries_over)
    if running.violations or _units_of_others(running, cvr):
        raise Refused("R40", "the agreement cannot be carried over any more: ask the inspector how it goes on")
    if missing := sorted(units_of(running) - set(named)):
        raise Refused("R40", "the agreement goes on with all its units: name {units} as well", units=", ".join(missing))


def units_bought(running: Running, cvr: str) -> frozenset[str]:
    """R40: returns the units of an agreement that moved to this legal entity, and belong to it now."""
    owners = {change.p_number: change.cvr for change in running.about.unit_changes}
    return frozenset(p_number for p_number in changed_units(running) if owners[p_number] == cvr)


def _units_of_others(running: Running, cvr: str) -> list[str]:
    return sorted(units_of(running) - units_bought(running, cvr))


def require_running(carried: State | None, carries_over: UUID) -> Running:
    """R40: returns the agreement that would be carried over; refuses one that has ended.

    The refusal gives no id: only the authority is told it, and for the company there is no other agreement that could
    be meant.
    """
    if not isinstance(carried, Running):
        how = how_it_stands(carried or Unsent())
        raise Refused("R40", "the agreement that would be carried over does not run: {how}", how=how)
    return carried
