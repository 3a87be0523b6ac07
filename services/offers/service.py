"""Defines the offers service."""

from fastapi import FastAPI

from services.offers.http.routes import router
from services.offers.lookups import cases_at_units, catching_up, offer_lapse_delay
from services.offers.lookups.unit_holds import when_discarded
from services.offers.lookups.units import UnitCopy
from services.offers.reactions import reactions
from services.offers.rules import recounted_deadline
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import QUARANTINE
from services.offers.rules.unit_change_schedule import UNIT
from shared.contracts import control, offers
from shared.http.attachments import Attachments
from shared.http.recounting import Recountable
from shared.service import EventSourced, Settings, make_app

PREFIXES = ("/v1/offers", "/v1/quarantines")
SERVICE = EventSourced(
    name="offers",
    facts=offers.FACTS,
    hears=control.FACTS,
    subjects=(OFFER, QUARANTINE, UNIT),
    recountable=Recountable(OFFER, recounted_deadline.differing),
    reactions=reactions,
    router=router,
    register_copy=UnitCopy,
    timer_lookups=lambda runtime: {**offer_lapse_delay.lookups(runtime), **cases_at_units.lookups(runtime)},
    release_steps=lambda runtime: (*cases_at_units.release_steps(runtime), *catching_up.release_steps(runtime)),
    when_discarded=when_discarded,
    attachments=(Attachments("/v1/offers", OFFER, rule="R1"),),
)


def app(settings: Settings) -> FastAPI:
    """Builds the HTTP application of the service, which also runs its background loops."""
    return make_app(SERVICE, settings)
