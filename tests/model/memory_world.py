"""The deciding services without servers: real routes, rules, reactions and timers on stores in memory."""

import asyncio
import json
import random
import tempfile
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import FastAPI

from services.control.service import SERVICE as CONTROL
from services.guidance.service import SERVICE as GUIDANCE
from services.offers.lookups.units import learn
from services.offers.rules.unit_changes import Owner
from services.offers.service import SERVICE as OFFERS
from services.reporting.cases.case_types import Audience
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection.fact import Fact
from services.reporting.projection.fold_batch import Rows, fold_batch
from shared.contracts.vocabulary import Centre
from shared.eventstore.errors import StoreUnavailable
from shared.eventstore.events import Event, EventTypes
from shared.eventstore.timers import Due, TimerLoop
from shared.http.commands import CommandGate
from shared.http.consistency import ConsistencyTokens
from shared.http.tokens import Identity, Role
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.reactor import Reactor
from shared.people.directory import Directory, Inspector
from shared.people.person import NamedStandIn, Person
from shared.policy.policies import Policies, load_policies
from shared.service import EventSourced, Runtime, Settings, new_app
from tests.model.memory_store import Fault, MemoryDatabase, MemoryStore
from tests.model.order_system import issued_order, message_of

SERVICES = {"offers": OFFERS, "guidance": GUIDANCE, "control": CONTROL}
_TRIES = 20


@dataclass
class MemoryClock:
    """Stands still until it is moved."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def fires_at(self, due: datetime) -> datetime:
        return self.instant


_PEOPLE = Directory(
    {
        f"inspector-{name}": Inspector(id=f"inspector-{name}", name=name.title(), centre=Centre.EAST)
        for name in ("anna", "bo")
    }
)
"""R42: those whom the model gives cases to, by the pseudonyms of this world."""


_ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
_KNOWN = {
    "inspector-anna": Person(
        "inspector-anna", Centre.EAST, stand_ins={UUID(int=1): NamedStandIn("inspector-bo", *_ALWAYS)}
    ),
    "inspector-bo": Person(
        "inspector-bo", Centre.EAST, stand_ins={UUID(int=2): NamedStandIn("inspector-anna", *_ALWAYS)}
    ),
    "supporter-sus": Person("supporter-sus", Centre.EAST),
}
"""R42: two inspectors who stand in for each other at all times, and a supporter of their centre."""


async def _person_of(person_id: str) -> Person | None:
    return _KNOWN.get(person_id)


class _AnyToken:
    """Takes a token at its word: `role name cvr`. Tokens themselves are tested elsewhere."""

    def verify(self, token: str) -> Identity:
        role, name, *cvr = token.split()
        return Identity(Role(role), f"{role}-{name}", cvr[0] if cvr else None)


@cache
def _state() -> Path:
    return Path(tempfile.mkdtemp(prefix="aftale-model-"))


@cache
def _app(name: str) -> FastAPI:
    """Made once: what differs between worlds is put into its state."""
    app = new_app(name, [SERVICES[name].router], _settings(), None)
    app.state.verifier = _AnyToken()
    return app


@cache
def _settings() -> Settings:
    return Settings("", Kafka(""), _state(), virtual_clock=True)


class _Service:
    """One service with a store of its own."""

    def __init__(
        self, service: EventSourced, world: "MemoryWorld", units: dict[str, dict[str, str]], policies: Policies
    ) -> None:
        self.name = service.name
        clock: Any = world.clock
        self.store = MemoryStore(service.name, EventTypes(service.facts), clock.now, world.publish)
        store, database = cast(Any, self.store), cast(Any, MemoryDatabase(self.store, units))
        gate = CommandGate(database, store, ConsistencyTokens(bytes(32)), service.name, _person_of)
        nothing = cast(Any, None)  # there is no Kafka that could hold more than the store
        runtime = Runtime(
            service.name,
            _settings(),
            clock,
            policies,
            database,
            store,
            gate,
            {},
            nothing,
            random_source=world.random_source,
            people=_PEOPLE,
        )
        types = EventTypes(service.hears)
        reactions = service.reactions(runtime)
        self.reactor = Reactor(
            database, store, clock, types, reactions, own_source=service.name, ask_again=_must_not_ask
        )
        lookups = service.timer_lookups(runtime)
        self.loop = TimerLoop(database, store, clock, service.subjects, actor=service.name, lookups=lookups)
        self.app = _app(service.name)
        self.app.state.input_limits.clock = clock
        self.runtime = runtime
        self.waiting: dict[str, deque[Message]] = defaultdict(deque)
        """What others have published and this one has not taken, by source."""

    def next_due(self) -> Due | None:
        """The timer that falls due first."""
        rows = self.store.timers.items()
        first = min(rows, key=lambda row: (row[1], row[0][1], row[0][0]), default=None)
        return None if first is None else Due(first[0][0], first[0][1], first[1])


@cache
def _policies() -> Policies:
    return load_policies()


async def _learned(runtime: Runtime, unit: str, owner: Owner) -> None:
    for _ in range(_TRIES):
        try:
            return await learn(runtime, unit, owner)
        except StoreUnavailable:
            continue
    raise AssertionError(f"offers does not learn of {unit}")


async def _must_not_ask(source: str, stream: UUID, version: int) -> None:
    raise AssertionError(f"nothing is lost on the way, yet {source}/{stream} misses version {version}")


class _View:
    """The one view, folded in memory."""

    def __init__(self) -> None:
        self.waiting: dict[str, deque[Message]] = defaultdict(deque)
        self._seen: dict[tuple[str, UUID], int] = {}
        self.rows = Rows()
        self._positions = 0

    def take(self, message: Message) -> None:
        """Once, as its inbox has it."""
        key = (message.source, message.stream)
        if message.version <= self._seen.get(key, 0):
            return
        self._seen[key] = message.version
        self._positions += 1
        if message.type not in KNOWN_FACTS:  # as it passes over what it has no class for
            return
        event = KNOWN_FACTS.restore(message.type, message.data(), message.schema_version)
        fold_batch(self.rows, [Fact.of(self._positions, event, message.occurred_at, message.recorded_at)])

    def answer(self, path: str, who: str) -> tuple[int, Any]:
        """What its two questions tell of a case and of tasks, as far as the model compares it."""
        if path.startswith("/v1/tasks"):
            tasks = self.rows.tasks.get(UUID(path.rpartition("=")[2]), ())
            return 200, {"tasks": [{"kind": task.kind} for task in tasks if task.closed_at is None]}
        audience: Audience = "company" if who.startswith("company") else "authority"
        case = self.rows.cases.get((audience, UUID(path.rpartition("/")[2])))
        if case is None:
            return 404, None
        due = case.next_due and case.next_due.isoformat()
        following = case.next_step and {"step": case.next_step, "by": case.next_by, "due": due}
        return 200, {"status": case.status, "inspector": case.inspector, "next": following}


class MemoryWorld:
    """See World. Its faults: a store that goes away before or after it keeps a change, and messages that come twice."""

    def __init__(
        self, begins: datetime, units: dict[str, dict[str, str]], seed: int, policies: Policies | None = None
    ) -> None:
        self.clock = MemoryClock(begins)
        self._random = random.Random(seed)
        self.random_source = random.Random(seed)
        """A world plays the same again; that the system's chance is used is tested elsewhere."""
        self._loop = _event_loop()
        self._services = {
            name: _Service(service, self, units, policies or _policies()) for name, service in SERVICES.items()
        }
        self._view = _View()
        self.redelivered = 0

    @property
    def now(self) -> datetime:
        return self.clock.instant

    @property
    def faults_met(self) -> int:
        return sum(service.store.faults_met for service in self._services.values())

    def publish(self, message: Message) -> None:
        """To everybody else, in the order of recording."""
        for service in self._services.values():
            if service.name != message.source:
                service.waiting[message.source].append(message)
        self._view.waiting[message.source].append(message)

    def recorded(self, service: str, stream: UUID) -> list[Event]:
        """The facts of a stream of a service."""
        return [fact.readable.event for fact in self._services[service].store.streams.get(stream, ())]

    def rows(self) -> Rows:
        """All rows of the view."""
        return self._view.rows

    def issue_order(self, agreement: str, cvr: str, unit: str, topic: str, request: str | None) -> None:
        """As the order system publishes it."""
        self.publish(message_of(issued_order(self.now, agreement, cvr, unit, topic, request), self.now))

    def tell_owner(self, unit: str, since: date, cvr: str | None) -> None:
        """R40: as offers takes it from the register: recorded first, then in its copy."""
        runtime = self._services["offers"].runtime
        database = cast(MemoryDatabase, runtime.database)
        self._loop.run_until_complete(_learned(runtime, unit, Owner(since, cvr)))
        database.changes.setdefault(unit, []).append((since, cvr))

    def break_next_append(self, service: str, fault: Fault) -> None:
        """Of whatever is appended next: a command, a reaction or a timer."""
        self._services[service].store.fault = fault

    def request(
        self, service: str, method: str, path: str, who: str, body: Any = None, key: str = ""
    ) -> tuple[int, Any]:
        """Status and body of the answer."""
        if service == "reporting":
            return self._view.answer(path, who)
        return self._loop.run_until_complete(self._request(self._services[service], method, path, who, body, key))

    def settle(self) -> None:
        """Everybody takes everything, and what is due fires."""
        self._loop.run_until_complete(self._settle())

    def advance_to(self, instant: datetime) -> None:
        """Let time pass, stopping at every timer on the way."""
        self._loop.run_until_complete(self._advance_to(instant))

    def id_of(self, who: str) -> str:
        """The pseudonym of `role name`."""
        return "-".join(who.split()[:2])

    def close(self) -> None:
        """Nothing to tidy up."""

    async def _request(
        self, service: _Service, method: str, path: str, who: str, body: Any, key: str
    ) -> tuple[int, Any]:
        service.app.state.runtime = service.runtime
        headers = {"authorization": f"Bearer {who}", "if-match": "*", "content-type": "application/json"}
        if key:
            headers["idempotency-key"] = key
        content = b"" if body is None else json.dumps(body).encode()
        return await _ask(service.app, method, path, headers, content)

    async def _advance_to(self, instant: datetime) -> None:
        while True:
            await self._settle()
            dues = [due for service in self._services.values() if (due := service.next_due()) is not None]
            first = min((due.due for due in dues), default=None)
            if first is None or first > instant:
                break
            self.clock.instant = max(first, self.now)
        self.clock.instant = max(instant, self.now)
        await self._settle()

    async def _settle(self) -> None:
        while True:
            await self._deliver()
            if not await self._fire_one():
                return

    async def _deliver(self) -> None:
        """Order is kept per source; which consumer is first, and how much it takes at once, is chance."""
        consumers: list[_Service | _View] = [*self._services.values(), self._view]
        while queues := [(one, source) for one in consumers for source, q in one.waiting.items() if q]:
            consumer, source = self._random.choice(queues)
            queue = consumer.waiting[source]
            batch = [queue.popleft() for _ in range(self._random.randint(1, len(queue)))]
            if self._random.random() < 0.2:  # at least once: the same again, in the batch or after it
                batch = [*batch, batch[-1]]
                self.redelivered += 1
            for message in batch:  # one by one: effects on several streams keep the order in which they were recorded
                await self._take(consumer, message)

    async def _take(self, service: _Service | _View, message: Message) -> None:
        if isinstance(service, _View):
            return service.take(message)
        for _ in range(_TRIES):
            try:
                return await service.reactor.take_messages([message])
            except StoreUnavailable:
                continue
        raise AssertionError(f"{service.name} does not take {message.type}")

    async def _fire_one(self) -> bool:
        """The first timer that is due, of whichever service."""
        dues = [(due.due, one.name, due) for one in self._services.values() if (due := one.next_due()) is not None]
        if not dues or min(dues)[0] > self.now:
            return False
        _, name, due = min(dues, key=lambda row: row[:2])
        service = self._services[name]
        for _ in range(_TRIES):
            try:
                await service.loop._fire_until_free(due)
            except StoreUnavailable:
                continue
            return True
        raise AssertionError(f"{due} does not fire")


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


async def _ask(app: FastAPI, method: str, path: str, headers: Mapping[str, str], content: bytes) -> tuple[int, Any]:
    """One request through the application itself, without a socket."""
    url = urlsplit(path)
    status, chunks = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            chunks.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("model", 80),
        "client": ("model", 1),
    }
    await app(scope, receive, send)
    text = b"".join(chunks)
    return status, json.loads(text) if text else None
