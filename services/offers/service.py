"""The offers service, put together."""

from fastapi import FastAPI

from services.offers.http.routes import router
from services.offers.lookups.catching_up import release_steps
from services.offers.lookups.held_units import when_discarded
from services.offers.lookups.lapse_holds_back import lookups
from services.offers.lookups.units import UnitCopy
from services.offers.reactions import reactions
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import QUARANTINE
from shared.contracts import control, offers
from shared.http.attachments import Attachments
from shared.service import EventSourced, Settings, make_app

PREFIXES = ("/v1/offers", "/v1/quarantines")
SERVICE = EventSourced(
    name="offers",
    facts=offers.FACTS,
    hears=control.FACTS,
    subjects=(OFFER, QUARANTINE),
    reactions=reactions,
    router=router,
    register_copy=UnitCopy,
    timer_lookups=lookups,
    release_steps=release_steps,
    when_discarded=when_discarded,
    attachments=(Attachments("/v1/offers", OFFER, rule="R1"),),
)


def app(settings: Settings) -> FastAPI:
    """The HTTP application of the service, with all that lives behind it."""
    return make_app(SERVICE, settings)
