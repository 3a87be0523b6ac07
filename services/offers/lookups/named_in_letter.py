"""What the letter of an offer names beside the offer: unit, inspector, authority, and how long a quarantine lasts."""

from services.offers.lookups.units import units_on
from services.offers.rules.letter import Named
from shared.contracts.public_forms import OfferSent
from shared.deadlines.copenhagen import local_day
from shared.service import Runtime


async def named_in(runtime: Runtime, sent: OfferSent) -> Named:
    """As it was on the day of the offer, by the policy of that day (R22, R42)."""
    unit = await runtime.database.ask(units_on, (sent.p_number, local_day(sent.sent_at)))
    policies = runtime.policies
    policy = policies.at(sent.sent_at) if policies.has(sent.sent_at) else policies.by_effective_date[0]
    return Named(
        unit=unit.name if unit else None,
        inspector=runtime.people.name_of(sent.inspector),
        quarantine_months=policy.breach.quarantine_months,
        authority=policy.authority,
    )
