"""A running agreement is carried over to the legal entity that has its unit now, if that one consents (R40).

The new owner consents by accepting an offer of its own, and gets a case of its own: what came before is the former
owner's, and stays in the case that ends then.
"""

from uuid import UUID

from services.offers.rules.phases import Running, State, Unsent, how_it_stands
from services.offers.rules.unit_changes import changed_units
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.decider import Refused
from shared.policy.policy import Policy

Terms = tuple[AgreementKind, str, str, int]
"""Kind, unit, topic and months, which go on as they are."""


def refuse_to_carry_over(carried: State | None, carries_over: UUID, cvr: str, terms: Terms, policy: Policy) -> None:
    """R40: only what runs, at a unit that belongs to this legal entity now, on the same terms, where policy lets it."""
    if not policy.agreement.carried_over_to_new_owner:
        raise Refused("R40", "by policy {policy} no agreement is carried over", policy=policy.version)
    running = require_running(carried, carries_over)
    sent = running.sent
    if sent.kind is not AgreementKind.SUSPICION:
        raise Refused("R40", "a spread agreement is not carried over: end it, and make an offer to each owner")
    if (sent.kind, sent.p_number, sent.topic, sent.period_months) != terms:
        raise Refused("R40", "an agreement is carried over with its kind, unit, topic and period")
    owner = running.about.unit_changes[-1].cvr if running.about.unit_changes else sent.cvr
    if sent.p_number not in changed_units(running) or owner != cvr:
        raise Refused("R40", "{p_number} has not become a unit of {cvr}", p_number=sent.p_number, cvr=cvr)


def require_running(carried: State | None, carries_over: UUID) -> Running:
    """R40: what has ended does not go on. The agreement is named to the authority only, and a company has no other."""
    if not isinstance(carried, Running):
        how = how_it_stands(carried or Unsent())
        raise Refused("R40", "the agreement that would be carried over does not run: {how}", how=how)
    return carried
