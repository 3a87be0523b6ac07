"""Defines the guidance service."""

from fastapi import FastAPI

from services.guidance.http.routes import router
from services.guidance.reactions import reactions
from services.guidance.rules import recounted_due
from services.guidance.rules.guidance_decider import GUIDANCE
from shared.contracts import control, guidance, offers
from shared.http.recounting import Recountable
from shared.service import EventSourced, Settings, make_app

PREFIXES = ("/v1/guidance",)
SERVICE = EventSourced(
    name="guidance",
    facts=guidance.FACTS,
    hears=(*offers.FACTS, *control.FACTS),
    subjects=(GUIDANCE,),
    recountable=Recountable(GUIDANCE, recounted_due.differing),
    reactions=reactions,
    router=router,
)


def app(settings: Settings) -> FastAPI:
    """Builds the HTTP application of the service, which also runs its background loops."""
    return make_app(SERVICE, settings)
