"""The offers service, put together."""

from services.offers.offer import OFFER
from services.offers.quarantine import QUARANTINE
from services.offers.reactions import reactions
from services.offers.routes import router
from services.offers.units import UnitCopy
from shared.contracts import control, offers
from shared.service import EventSourced

SERVICE = EventSourced(
    name="offers",
    prefixes=("/v1/offers", "/v1/quarantines"),
    facts=offers.FACTS,
    hears=control.FACTS,
    subjects=(OFFER, QUARANTINE),
    reactions=reactions,
    router=router,
    register_copy=UnitCopy,
)
