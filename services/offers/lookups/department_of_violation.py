"""Finds the department where an offer's violation was found: private, and read with the key of the case (R10, R31)."""

from services.offers.rules.included_places import FoundIn
from shared.contracts import public_forms
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.service import Runtime


async def found_in(runtime: Runtime, sent: public_forms.OfferSent) -> FoundIn | None:
    """Returns the department; None for an offer on suspicion, which names none, or if the key was destroyed."""
    if sent.kind is not AgreementKind.SPREAD:
        return None
    loaded = await runtime.store.load(sent.agreement_id, readable=True)
    for recorded in loaded.events:
        # Every offer has observations, encrypted with the same key as the department. If they cannot be read, the key
        # was destroyed, and a missing department means nothing.
        if isinstance(recorded.event, OfferSent) and recorded.event.observations is not None:
            return FoundIn(recorded.event.department)
    return None
