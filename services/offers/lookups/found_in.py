"""Where in the unit of an offer the violation was found: a private part, read with the key of the case (R10, R31)."""

from services.offers.rules.included_places import FoundIn
from shared.contracts import public_forms
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.service import Runtime


async def found_in(runtime: Runtime, sent: public_forms.OfferSent) -> FoundIn | None:
    """None where it cannot be read any more, and for an offer on suspicion, which names no department."""
    if sent.kind is not AgreementKind.SPREAD:
        return None
    loaded = await runtime.store.load(sent.agreement_id, readable=True)
    for recorded in loaded.events:
        # Every offer has observations, sealed with the department: without them its absence would tell nothing.
        if isinstance(recorded.event, OfferSent) and recorded.event.observations is not None:
            return FoundIn(recorded.event.department)
    return None
