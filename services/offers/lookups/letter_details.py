"""Looks up what the letter names in addition to the offer: unit, inspector, authority, and length of a quarantine."""

from services.offers.lookups.units import units_on
from services.offers.rules.letter import Named
from shared.contracts.public_forms import OfferSent
from shared.deadlines.copenhagen import local_day
from shared.service import Runtime


async def named_in(runtime: Runtime, sent: OfferSent) -> Named:
    """Returns what the letter names: the unit on the day of the offer, and values of that day's policy (R22, R42)."""
    unit = await runtime.database.ask(units_on, (sent.p_number, local_day(sent.sent_at)))
    policies = runtime.policies
    policy = policies.at(sent.sent_at) if policies.has(sent.sent_at) else policies.by_effective_date[0]
    return Named(
        unit=unit.name if unit else None,
        inspector=runtime.people.name_of(sent.inspector),
        quarantine_months=policy.breach.quarantine_months,
        authority=policy.authority,
    )
