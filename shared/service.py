"""Builds one service in one process, and runs it from start to stop."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi_offline import FastAPIOffline

from shared.attachments.storage import FolderStorage
from shared.contracts import notices, orders, people
from shared.contracts import register as business_register
from shared.eventstore.clock import Clock, RealClock, VirtualClock
from shared.eventstore.database import DATABASE_AWAY, Database, open_database
from shared.eventstore.decider import Decider
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes
from shared.eventstore.logins import urls_of_services
from shared.eventstore.personal_data_erasure import Erasures
from shared.eventstore.randomness import RandomSource, random_source_of
from shared.eventstore.release_steps import ReleaseStep, carry_out
from shared.eventstore.remembered_answers import keep_forgetting
from shared.eventstore.timer_and_reservation_drift import mend
from shared.eventstore.timers import Lookup, TimerLoop
from shared.http import completeness, drift_report, erasing, openapi, operations, problems, recounting
from shared.http.admission import Admission
from shared.http.attachments import Attachments, attachment_routes
from shared.http.commands import CommandGate
from shared.http.consistency import ConsistencyTokens
from shared.http.recounting import Recountable
from shared.http.request_limits import InputLimits, note_query, refuse_unknown_parameters
from shared.http.start_check import require_start_check
from shared.http.tokens import LocalIssuer, TokenVerifier
from shared.messaging import kafka_login
from shared.messaging.bus import PATIENT, PROMPT, Bus, Kafka, Publishers, Republish
from shared.messaging.consumer import Consumer
from shared.messaging.discarding import WhenDiscarded
from shared.messaging.feeds import Feed
from shared.messaging.kafka_login import KafkaLogin
from shared.messaging.projector import Projector
from shared.messaging.reactor import Reactions, Reactor
from shared.messaging.reconciler import Reconciler
from shared.messaging.recovered_commands import RecoveredCommands
from shared.messaging.recovery_from_kafka import Recovery
from shared.messaging.relay import Relay
from shared.messaging.start_check import StartCheck, after
from shared.messaging.topic_reader import Pace
from shared.people.directory import LOCAL_INSPECTORS, Directory, load_directory
from shared.people.people_copy import PeopleCopy, people_told
from shared.people.person import PersonOf
from shared.policy.policies import POLICY_FILES, Policies, load_policies
from shared.tasks import end_tasks
from shared.telemetry.loops import Heartbeat, Loops
from shared.watching.schema import Shipped
from shared.watching.watched import Watched

AGREEMENTS_TOPIC = "agreements"
ORDERS_TOPIC = "orders"
REGISTER_TOPIC = "register"
PEOPLE_TOPIC = "people"
NOTICES_TOPIC = "notices"
_OF_AGREEMENTS = frozenset({"offers", "guidance", "control"})
_OF_REGISTER = frozenset({business_register.SOURCE})
_OF_PEOPLE = frozenset({people.SOURCE})
_OF_NOTICES = frozenset({notices.SOURCE})
_OURS = _OF_AGREEMENTS | _OF_REGISTER | _OF_PEOPLE | _OF_NOTICES
SOURCES: Mapping[str, Publishers] = {
    AGREEMENTS_TOPIC: Publishers(_OF_AGREEMENTS),
    ORDERS_TOPIC: Publishers(frozenset({orders.SOURCE}), nobody_of=_OURS),
    REGISTER_TOPIC: Publishers(_OF_REGISTER),
    PEOPLE_TOPIC: Publishers(_OF_PEOPLE),
    NOTICES_TOPIC: Publishers(_OF_NOTICES),
}
"""The sources that may publish on each topic. On that of orders, any other case system may publish, too."""
ROWS = "timers-reservations-and-open-cases-2026-12"
"""Name of the release step that corrects the timers and reservations of all streams.

The name must change when deciders want other timers or reservations for an unchanged state, because databases remember
which names are done.
"""
RESTART_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Settings:
    """The configuration of a process."""

    postgres: str
    """URL of PostgreSQL for a service that has no login of its own in `logins`."""
    kafka: Kafka
    state: Path
    virtual_clock: bool
    policies: Path = POLICY_FILES
    """The folder of dated policy files."""
    people: Path = LOCAL_INSPECTORS
    """The file of inspectors (R42)."""
    traces: float = 1.0
    """The share of the traces beginning in this process that is kept, from 0 to 1."""
    mode: str | None = None
    """`local` on one machine for tests and demos; other values have no effect."""
    chance_seed: str | None = None
    """Seed that makes draws repeatable, in mode `local` only."""
    background: bool = True
    """Whether this process publishes, consumes and fires timers, or leaves that to other processes of its service."""
    shipped: Mapping[str, Shipped] = field(default_factory=dict)
    """The revisions of the schema that this release ships, by service; other services are not compared."""
    logins: Mapping[str, str] = field(default_factory=dict)
    """The URL of PostgreSQL with which each service logs in."""
    kafka_logins: Mapping[str, KafkaLogin] = field(default_factory=dict)
    """The Kafka login of each service and foreign system; empty if Kafka asks for none."""

    def postgres_of(self, service: str) -> str:
        """Returns the URL with which a service logs in."""
        return self.logins.get(service, self.postgres)

    def kafka_of(self, who: str) -> Kafka:
        """Returns the cluster with the login of a service or foreign system. Raises ValueError if there is none."""
        if self.kafka_logins and who not in self.kafka_logins:
            raise ValueError(f"{kafka_login.variable_of(who)} is not set, and Kafka lets nobody in without a password")
        return replace(self.kafka, login=self.kafka_logins.get(who))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads the settings from environment variables. Raises ValueError.

        They are AFTALE_POSTGRES_<SERVICE>, _KAFKA, _TOPIC_PREFIX, _STATE, _CLOCK, _POLICIES, _PEOPLE, _TRACES,
        _BACKGROUND, _MODE, _CHANCE_SEED, _KAFKA_CA, _KAFKA_SASL and _KAFKA_PASSWORD_<WHO>. AFTALE_POSTGRES is the
        administrator's.
        """
        settings = cls(
            postgres=environment.get("AFTALE_POSTGRES", ""),
            logins=urls_of_services(environment),
            kafka_logins=kafka_login.logins(environment),
            kafka=Kafka(environment["AFTALE_KAFKA"], environment.get("AFTALE_TOPIC_PREFIX", "")),
            state=Path(environment["AFTALE_STATE"]),
            virtual_clock=environment.get("AFTALE_CLOCK", "real") == "virtual",
            policies=Path(environment.get("AFTALE_POLICIES") or POLICY_FILES),
            people=Path(environment.get("AFTALE_PEOPLE") or LOCAL_INSPECTORS),
            traces=_share(environment.get("AFTALE_TRACES") or "1"),
            background=_on_or_off(environment.get("AFTALE_BACKGROUND") or "on"),
            mode=environment.get("AFTALE_MODE") or None,
            chance_seed=environment.get("AFTALE_CHANCE_SEED") or None,
        )
        settings.random_source()  # a seed that is not allowed stops the process before anything is started
        return settings

    def clock(self) -> Clock:
        """Returns the virtual clock of the state folder, or the machine's."""
        return VirtualClock(self.state / "clock") if self.virtual_clock else RealClock()

    def random_source(self) -> RandomSource:
        """Returns the system's source of chance, or a seeded one. Raises ValueError if a seed is not allowed."""
        return random_source_of(self.mode, self.chance_seed)


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise ValueError(f"AFTALE_TRACES is a share from 0 to 1, not {text}")


def _on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"AFTALE_BACKGROUND is on or off, not {text}")
    return text == "on"


@dataclass
class Runtime:
    """What the parts of a running service share."""

    name: str
    settings: Settings
    clock: Clock
    policies: Policies
    database: Database
    store: EventStore
    gate: CommandGate
    consumers: dict[str, Consumer]
    """The consumers by the source whose facts they process; `*` processes those of all other sources."""
    start_check: StartCheck
    reconcilers: Sequence[Reconciler] = ()
    """They compare what each source has published with what this service has received."""
    loops: Loops = field(default_factory=Loops)
    random_source: RandomSource = field(default_factory=SystemRandom)
    """Draws what nobody may guess (R18, R19)."""
    people: Directory = field(default_factory=load_directory)
    """Who can be responsible for a case (R42)."""
    at_end: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What is closed when the service stops."""


@dataclass(frozen=True)
class EventSourced:
    """The definition of a service with an event log of its own: facts, subjects, reactions and routes."""

    name: str
    facts: Sequence[type[Event]]
    """The facts that it produces; no other service produces any of these."""
    hears: Sequence[type[Event]]
    """The facts of other services that it can read."""
    subjects: Sequence[Decider[Any, Any]]
    reactions: Callable[[Runtime], Reactions]
    router: APIRouter
    recountable: Recountable | None = None
    """The subject whose deadlines hang on the calendar, if there is one (R27)."""
    topics: Sequence[str] = (AGREEMENTS_TOPIC,)
    """The topics on which it receives them."""
    publishes_on: str = AGREEMENTS_TOPIC
    """The topic on which it publishes its own facts, but for the streams that it publishes apart."""
    register_copy: "Callable[..., Projector] | None" = None
    """Keeps a copy of the business register, if the service needs one."""
    publishes_apart: Sequence[Feed] = ()
    """The streams that it publishes on another topic than that of agreements."""
    directory: Callable[[EventStore], PersonOf] | None = None
    """Says what is known of people, for the service that owns the directory. The others keep a copy (R42)."""
    public_paths: Sequence[str] = ()
    """What the paths begin with that ask for no bearer token, because the path itself holds a secret."""
    attachments: Sequence[Attachments] = ()
    """Subjects whose facts name files."""
    timer_lookups: Callable[[Runtime], Mapping[str, Lookup]] = lambda _: {}
    loops: Callable[[Runtime], Mapping[str, Callable[[], Awaitable[None]]]] = lambda _: {}
    """Its own background loops by name. They run once the service may act, and begin again after an error."""
    release_steps: Callable[[Runtime], Sequence[ReleaseStep]] = lambda _: ()
    """Steps that this release runs once over all streams, after it has corrected timers and reservations."""
    when_discarded: Callable[[Runtime], WhenDiscarded] | None = None
    """Makes the function that records the consequences when an operator discards a fact."""


def make_app(service: EventSourced, settings: Settings) -> FastAPI:
    """Builds the HTTP application of a service, whose lifespan starts and stops store, relay, consumers and timers."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(service, settings) as runtime:
            app.state.runtime = runtime
            app.state.database = runtime.database
            app.state.consumers = runtime.consumers
            app.state.reconcilers = runtime.reconcilers
            app.state.subjects = service.subjects
            app.state.recountable = service.recountable
            app.state.watched = _watched(runtime)
            app.state.republish = republisher(runtime.database)
            app.state.start_check = runtime.start_check
            app.state.attachments = FolderStorage(settings.state / "attachments" / service.name)
            app.state.erasures = Erasures.of_state(settings.state, service.name)
            yield

    files = map(attachment_routes, service.attachments)
    app = new_app(
        service.name,
        [service.router, *files],
        settings,
        lifespan,
        [Depends(require_start_check)],
        public_paths=service.public_paths,
    )
    app.include_router(erasing.router, prefix=f"/v1/operations/{service.name}")
    app.include_router(drift_report.router, prefix=f"/v1/operations/{service.name}")
    if service.recountable is not None:
        app.include_router(recounting.router, prefix=f"/v1/operations/{service.name}")
    return app


def new_app(
    name: str,
    routers: Sequence[APIRouter],
    settings: Settings,
    lifespan: Any,
    dependencies: Sequence[Any] = (),
    *,
    public_paths: Sequence[str] = (),
) -> FastAPI:
    """Builds an application with the errors, the token check and the operators' paths that all services share."""
    limits = InputLimits(partial(load_policies, settings.policies), settings.clock)
    app = FastAPIOffline(  # the page of the documentation loads nothing from elsewhere: networks are closed
        title=f"Aftale {name}",
        version="1",
        lifespan=lifespan,
        openapi_url=f"/v1/{name}/openapi.json",
        docs_url=f"/v1/{name}/docs",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},
        static_url=f"/v1/{name}/docs/assets",
        swagger_ui_oauth2_redirect_url=f"/v1/{name}/docs/oauth2-redirect",
        generate_unique_id_function=openapi.operation_id,
        redirect_slashes=False,  # a redirect would be built from the header Host, which its sender chooses
        dependencies=[Depends(one) for one in (note_query, refuse_unknown_parameters, limits.note_days)]
        + [*dependencies],
        responses=openapi.EVERYWHERE,
    )
    app.state.verifier = TokenVerifier(LocalIssuer(settings.state).jwks_file)
    app.state.input_limits = limits
    public = (f"/v1/{name}/openapi.json", f"/v1/{name}/docs", *public_paths)
    app.add_middleware(Admission, verifier=lambda: app.state.verifier, public=public, limits=lambda: limits.in_force())
    app.state.service = name
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(operations.router, prefix=f"/v1/operations/{name}")
    app.include_router(completeness.router, prefix=f"/v1/operations/{name}")
    openapi.complete(app)
    return app


@asynccontextmanager
async def running(service: EventSourced, settings: Settings) -> AsyncIterator[Runtime]:
    """Starts everything of a service except HTTP, in order, and stops it in reverse."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.postgres_of(service.name), service.name))
        clock = settings.clock()
        virtual = clock if isinstance(clock, VirtualClock) else None
        store = await stack.enter_async_context(EventStore(database, EventTypes(service.facts), virtual))
        tokens = ConsistencyTokens.of_state(settings.state)
        inspectors = load_directory(settings.people)
        told = service.directory(store) if service.directory is not None else people_told(database)
        loops = Loops()
        kafka = settings.kafka_of(service.name)
        bus = Bus(kafka, service.name, loops)
        runtime = Runtime(
            name=service.name,
            settings=settings,
            clock=clock,
            policies=load_policies(settings.policies),
            database=database,
            store=store,
            gate=CommandGate(database, store, tokens, service.name, inspectors.beside(told)),
            consumers={},
            start_check=StartCheck(
                recovery_of(service, kafka, database),
                Erasures.of_state(settings.state, service.name),
                database,
            ),
            loops=loops,
            reconcilers=bus.reconcilers,
            random_source=settings.random_source(),
            people=inspectors,
            at_end=stack,
        )
        reactions = service.reactions(runtime)
        types = EventTypes(service.hears)
        reactor = Reactor(
            database,
            store,
            clock,
            types,
            reactions,
            own_source=service.name,
            ask_again=bus.ask_again,
            done_before=RecoveredCommands(database).streams,
        )
        runtime.consumers["*"] = reactor
        if service.register_copy is not None:
            runtime.consumers[business_register.SOURCE] = service.register_copy(runtime, ask_again=bus.ask_again)
        if service.directory is None:
            runtime.consumers[people.SOURCE] = PeopleCopy(database, own_source=service.name, ask_again=bus.ask_again)
        if service.when_discarded is not None:
            for consumer in runtime.consumers.values():
                consumer.record_discards(service.when_discarded(runtime))
        check = runtime.start_check
        await stack.enter_async_context(check.under_way(keep_checked=settings.background))
        if settings.background:
            _work_in_background(stack, service, runtime, bus)
        await stack.enter_async_context(check.once_checked(bus.connected))
        yield runtime


def recovery_of(service: EventSourced, kafka: Kafka, database: Database) -> Recovery:
    """Returns the recovery of a service, which takes facts from Kafka that its database lacks."""
    types = EventTypes(service.facts)
    return Recovery(
        database,
        types,
        service.subjects,
        source=service.name,
        kafka=kafka,
        topic=service.publishes_on,
        apart=service.publishes_apart,
    )


def _work_in_background(stack: AsyncExitStack, service: EventSourced, runtime: Runtime, bus: Bus) -> None:
    """Starts the background loops of a service; its consumers begin when the bus is started."""
    database, store, settings = runtime.database, runtime.store, runtime.settings
    of_timers, of_relay = runtime.loops.heartbeat("timers"), runtime.loops.heartbeat("relay")
    read_topic(bus, AGREEMENTS_TOPIC, runtime.consumers["*"], purpose="reactions")
    if ORDERS_TOPIC in service.topics:
        read_topic(bus, ORDERS_TOPIC, runtime.consumers["*"], purpose="orders")
    if service.register_copy is not None:
        read_topic(bus, REGISTER_TOPIC, runtime.consumers[business_register.SOURCE], purpose="register")
    if people.SOURCE in runtime.consumers:
        read_topic(bus, PEOPLE_TOPIC, runtime.consumers[people.SOURCE], purpose="people")
    bus.republish_on_request(republisher(database), database, service.publishes_apart)
    lookups = service.timer_lookups(runtime)
    timers = TimerLoop(
        database, store, runtime.clock, service.subjects, actor=service.name, lookups=lookups, heartbeat=of_timers
    )
    relay = Relay(
        dsn=settings.postgres_of(service.name),
        source=service.name,
        topic=service.publishes_on,
        kafka=settings.kafka_of(service.name),
        store=store,
        apart=service.publishes_apart,
        heartbeat=of_relay,
    )
    check = runtime.start_check
    of_steps = Heartbeat("release steps")
    keep_running(
        stack, f"{service.name} release steps", after(check.may_act, _steps_of(service, runtime), of_steps), of_steps
    )
    of_answers = runtime.loops.heartbeat("answers")
    forget = partial(keep_forgetting, database, lambda: _answers_kept_since(runtime), of_answers)
    own = [(runtime.loops.heartbeat(name), check.may_act, loop) for name, loop in service.loops(runtime).items()]
    loops: list[tuple[Heartbeat, asyncio.Event, Callable[[], Awaitable[None]]]] = [
        (of_timers, check.may_act, timers.run),
        (of_relay, check.checked, relay.run),
        (of_answers, check.may_act, forget),
        *own,
    ]
    for heartbeat, event, loop in loops:
        keep_running(stack, f"{service.name} {heartbeat.name}", after(event, loop, heartbeat), heartbeat)


def _answers_kept_since(runtime: Runtime) -> datetime:
    """Returns the instant before which answers of commands are forgotten, by the policy in force."""
    limits = InputLimits(lambda: runtime.policies, lambda: runtime.clock)
    return runtime.clock.now() - timedelta(days=limits.in_force().answers_kept_days)


def _steps_of(service: EventSourced, runtime: Runtime) -> Callable[[], Awaitable[None]]:
    """Returns the release steps to run in the background. Rows are corrected first: later steps depend on them."""

    async def correct_rows(stream: UUID) -> None:
        await mend(runtime.database, runtime.store, service.subjects, stream, actor=service.name)

    async def run() -> None:
        await carry_out(runtime.database, [ReleaseStep(ROWS, correct_rows), *service.release_steps(runtime)])
        await asyncio.Event().wait()

    return run


def _watched(runtime: Runtime) -> Watched:
    return Watched(
        runtime.name,
        database=runtime.database,
        kafka=runtime.settings.kafka_of(runtime.name),
        loops=runtime.loops,
        shipped=runtime.settings.shipped.get(runtime.name, {}),
        clock=runtime.clock,
        appends=lambda: runtime.store.appends,
    )


def read_topic(bus: Bus, topic: str, consumer: Consumer, *, purpose: str, pace: Pace = PROMPT) -> None:
    """Lets a consumer process the facts on a topic; Kafka is asked less often for those of other systems."""
    pace = pace if topic == AGREEMENTS_TOPIC else replace(pace, wait_ms=PATIENT.wait_ms)
    bus.consume(topic, consumer, purpose=purpose, sources=SOURCES[topic], pace=pace)
    bus.compare(consumer, purpose=purpose, sources=SOURCES[topic].names)


def runtime_of(request: Request) -> Runtime:
    """Returns the running service that received a request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def republisher(database: Database) -> Republish:
    """Returns a function that queues a stream for the relay to publish again."""

    async def republish(stream: UUID, from_version: int) -> None:
        async with database.acquire() as connection:
            await connection.execute(
                "insert into republications (stream, from_version) values ($1, $2)", stream, from_version
            )

    return republish


def keep_running(
    stack: AsyncExitStack, name: str, loop: Callable[[], Awaitable[None]], heartbeat: Heartbeat | None = None
) -> None:
    """Runs a loop in the background until the stack is closed; reports its errors to its heartbeat."""
    stack.push_async_callback(end_tasks, [asyncio.create_task(_for_ever(name, loop, heartbeat or Heartbeat(name)))])


async def _for_ever(name: str, loop: Callable[[], Awaitable[None]], heartbeat: Heartbeat) -> None:
    """Runs a loop; logs an unexpected error and starts the loop again, so that no loop ends unnoticed."""
    while True:
        try:
            await loop()
        except Exception as error:
            if isinstance(error, DATABASE_AWAY):
                heartbeat.waiting_for("postgres")
            else:
                heartbeat.failed(error)
            _log.error("loop_starts_again", loop=name, error=repr(error), exc_info=True)
            await asyncio.sleep(RESTART_SECONDS)
