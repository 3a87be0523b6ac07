"""The control service, put together."""

from services.control.calendar import lookups
from services.control.course import COURSE
from services.control.reactions import reactions
from services.control.routes import router
from shared.contracts import control, offers
from shared.service import EventSourced

SERVICE = EventSourced(
    name="control",
    prefixes=("/v1/agreements",),
    facts=control.FACTS,
    hears=offers.FACTS,
    subjects=(COURSE,),
    reactions=reactions,
    router=router,
    timer_lookups=lookups,
)
