"""Defines the control service."""

from fastapi import FastAPI

from services.control.http.routes import router
from services.control.lookups.daily_looks import looking
from services.control.lookups.drawn_bookings import lookups
from services.control.lookups.release_steps import release_steps
from services.control.lookups.replanning import replanning
from services.control.people.lookups.directory import people_told
from services.control.people.rules.centre_holidays import CENTRE
from services.control.people.rules.person_decider import PERSON
from services.control.planning.http.feed_routes import FEEDS
from services.control.planning.rules.holds import HOLD
from services.control.reactions import reactions
from services.control.rules import recounted_deadlines
from services.control.rules.course_decider import COURSE
from services.control.rules.orders_on_topics import ORDER
from shared.contracts import control, guidance, offers, orders, people
from shared.eventstore.timers import Lookup
from shared.http.attachments import Attachments
from shared.http.recounting import Recountable
from shared.messaging.feeds import Feed
from shared.service import AGREEMENTS_TOPIC, ORDERS_TOPIC, PEOPLE_TOPIC, EventSourced, Runtime, Settings, make_app

PEOPLE = Feed(people.SOURCE, PEOPLE_TOPIC, frozenset(fact.__name__ for fact in people.FACTS))
PREFIXES = (
    "/v1/agreements",
    "/v1/inspection-advice",
    "/v1/code-lists",
    "/v1/inspectors",
    "/v1/people",
    "/v1/centres",
    "/v1/calendar",
    "/v1/holds",
)


def timer_lookups(runtime: Runtime) -> dict[str, Lookup]:
    """Returns what the timers of the service look up or do before they are recorded."""
    return {**lookups(runtime), **replanning(runtime), **looking(runtime)}


SERVICE = EventSourced(
    name="control",
    facts=(*control.FACTS, *people.FACTS),
    hears=(*offers.FACTS, *guidance.FACTS, *orders.FACTS),
    topics=(AGREEMENTS_TOPIC, ORDERS_TOPIC),
    subjects=(COURSE, ORDER, PERSON, CENTRE, HOLD),
    recountable=Recountable(COURSE, recounted_deadlines.differing),
    reactions=reactions,
    router=router,
    timer_lookups=timer_lookups,
    release_steps=release_steps,
    directory=people_told,
    publishes_apart=(PEOPLE,),
    public_paths=(FEEDS,),
    attachments=(Attachments("/v1/agreements", COURSE, rule="R16"),),
)


def app(settings: Settings) -> FastAPI:
    """Builds the HTTP application of the service, which also runs its background loops."""
    return make_app(SERVICE, settings)
