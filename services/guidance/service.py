"""The guidance service, put together."""

from services.guidance.guidance import GUIDANCE
from services.guidance.reactions import reactions
from services.guidance.routes import router
from shared.contracts import control, guidance
from shared.service import EventSourced

SERVICE = EventSourced(
    name="guidance",
    prefixes=("/v1/guidance",),
    facts=guidance.FACTS,
    hears=control.FACTS,
    subjects=(GUIDANCE,),
    reactions=reactions,
    router=router,
)
