"""The reporting service, put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from opentelemetry.trace import SpanKind

from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection import projection, upkeep
from services.reporting.projection.errors import RebuildRuns
from services.reporting.projection.rebuild import rebuild
from services.reporting.projection.rows_at_hand import RowsAtHand
from services.reporting.statistics import measure_catalogue
from services.reporting.statistics import routes as statistics_routes
from services.reporting.view import routes, search_routes
from services.reporting.view.request_parameters import is_as_today
from shared.contracts import people
from shared.eventstore.database import Connection, Database, open_database
from shared.eventstore.events import EventTypes
from shared.http import consistency
from shared.http.access import Asker
from shared.http.consistency import ConsistencyTokens
from shared.messaging.bus import IN_BULK, Bus
from shared.messaging.projector import Projector
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.reconciliation_state import AskAgain
from shared.people.people_copy import PeopleCopy
from shared.policy.policies import load_policies
from shared.service import (
    AGREEMENTS_TOPIC,
    ORDERS_TOPIC,
    PEOPLE_TOPIC,
    REGISTER_TOPIC,
    Settings,
    keep_running,
    new_app,
    read_topic,
)
from shared.telemetry.context import mark
from shared.telemetry.loops import Heartbeat, Loops
from shared.watching.watched import Watched

NAME = "reporting"
_ONE_HOUR = 3600.0
_ONE_DAY = 24 * _ONE_HOUR
"""Longer than all facts take to be folded."""
_TEN_SECONDS = 10.0
PREFIXES = ("/v1/cases", "/v1/search", "/v1/tasks", "/v1/companies", "/v1/statistics", "/v1/measure-catalogue")


class Projection(Projector):
    """Folds every fact into the one view."""

    def __init__(self, database: Database, types: EventTypes, *, own_source: str, ask_again: AskAgain) -> None:
        super().__init__(database, types, own_source=own_source, ask_again=ask_again)
        self._at_hand = RowsAtHand()
        self._one_at_a_time = asyncio.Lock()

    async def take(self, facts: Sequence[Fact]) -> None:
        """Processes facts of one topic at a time, because all topics share the cached rows; see Projector.take."""
        async with self._one_at_a_time:
            await super().take(facts)

    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        """Folds facts into the view; see Projector.apply.

        Marks each fact in its trace: the fold into its row is the last step of what began with a request.
        """
        await projection.apply(connection, facts, self._at_hand)
        for received in facts:
            message = received.message
            if message.traceparent is not None:
                about = {"case": str(message.stream), "fact": message.type, "service": NAME}
                mark(f"project {message.type}", kind=SpanKind.CONSUMER, parent=message.traceparent, **about)


def smallest_count(settings: Settings) -> Callable[[], int]:
    """R38: returns a function that gives the smallest number of companies that may be counted, by current policy."""
    policies, clock = load_policies(settings.policies), settings.clock()
    return lambda: policies.at(clock.now()).statistics.smallest_count


async def _limit_publication(database: Database, smallest: Callable[[], int], heartbeat: Heartbeat) -> None:
    """Where analysts ask with SQL, a new policy is in force within the hour."""
    while True:
        async with database.acquire() as connection:
            await measure_catalogue.limit_publication(connection, smallest())
        heartbeat.succeeded()
        await asyncio.sleep(_ONE_HOUR)


async def keep_visibility(database: Database, heartbeat: Heartbeat) -> None:
    """R18: folds all facts anew after an upgrade, or after a process of another release has written."""
    while True:
        async with database.acquire() as connection:
            if not await is_as_today(connection):
                with suppress(RebuildRuns):
                    await rebuild(connection)
        heartbeat.succeeded()
        await asyncio.sleep(_TEN_SECONDS)


async def token_is_welcome(token: Annotated[str | None, Header(alias=consistency.HEADER)] = None) -> None:
    """Documents on every path that the Consistency-Token may be sent. Operators' paths do not wait for it."""


def app(settings: Settings) -> FastAPI:
    """Creates the HTTP application of reporting; its consumer runs as long as the application does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_database(settings.postgres_of(NAME), NAME))
            app.state.smallest_count = smallest_count(settings)
            loops = Loops()
            heartbeat = loops.heartbeat("publication", stalled_after=2 * _ONE_HOUR)
            publish = partial(_limit_publication, database, app.state.smallest_count, heartbeat)
            keep_running(stack, f"{NAME} publication", publish, heartbeat)
            app.state.watched = Watched(
                NAME,
                database=database,
                kafka=settings.kafka_of(NAME),
                loops=loops,
                shipped=settings.shipped.get(NAME, {}),
            )
            bus = Bus(settings.kafka_of(NAME), NAME, loops)
            projection_of_facts = Projection(database, KNOWN_FACTS, own_source=NAME, ask_again=bus.ask_again)
            copy_of_people = PeopleCopy(database, own_source=NAME, ask_again=bus.ask_again)
            if settings.background:
                heartbeat = loops.heartbeat("visibility", stalled_after=_ONE_DAY)
                keep_running(stack, f"{NAME} visibility", partial(keep_visibility, database, heartbeat), heartbeat)
                read_topic(bus, AGREEMENTS_TOPIC, projection_of_facts, purpose="projection", pace=IN_BULK)
                read_topic(bus, ORDERS_TOPIC, projection_of_facts, purpose="orders", pace=IN_BULK)
                read_topic(bus, REGISTER_TOPIC, projection_of_facts, purpose="register", pace=IN_BULK)
                read_topic(bus, PEOPLE_TOPIC, copy_of_people, purpose="people")
            app.state.database = database
            app.state.clock = settings.clock()
            app.state.upkeep = upkeep.Upkeep(database)
            stack.push_async_callback(app.state.upkeep.stop)
            app.state.consumers = {"*": projection_of_facts, people.SOURCE: copy_of_people}
            app.state.reconcilers = bus.reconcilers
            await stack.enter_async_context(bus.connected())
            yield

    tokens = ConsistencyTokens.of_state(settings.state)

    async def wait_for_token(
        request: Request, asker: Asker, token: Annotated[str | None, Header(alias=consistency.HEADER)] = None
    ) -> None:
        """Waits for the fact of the token, if the answer may show it.

        Before a case is shown, only its own token is waited for; before a list, that of any case that it may include.
        """
        named = tokens.open(token) if token is not None else None
        if named is None or not asker.may_see_company(named.cvr):
            return
        if request.path_params.get("case_id") == str(named.stream):
            await consistency.wait_for_case(request.app.state.database, NAME, named)
        elif "case_id" not in request.path_params:
            await consistency.wait_for_inbox(request.app.state.database, NAME, named)

    questions = APIRouter(dependencies=[Depends(wait_for_token)])
    for router in (routes.router, search_routes.router, measure_catalogue.router, statistics_routes.router):
        questions.include_router(router)
    return new_app(NAME, [questions, upkeep.router], settings, lifespan, dependencies=[Depends(token_is_welcome)])
