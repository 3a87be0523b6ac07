"""A reactor that counts in a stream of its own what it hears; the messages are made by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from shared.eventstore.clock import RealClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging import parking
from shared.messaging.cloudevents import Message
from shared.messaging.errors import SourceUnreachable
from shared.messaging.inbox import stream_of
from shared.messaging.kafka_record import Record
from shared.messaging.parking import Parked, Reason
from shared.messaging.reactor import Reaction, Reactor
from shared.messaging.received_fact import ReceivedFact
from shared.messaging.reconciliation_state import AskAgain
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, Counted, Counter

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A reactor that counts in its own stream what it hears, and what it asked for again."""

    database: Database
    store: EventStore
    asked: list[tuple[str, UUID, int]] = field(default_factory=list)
    broken: bool = False
    """While set, reacting fails for a reason that is not transient."""
    reactions: int = 0
    """How often it has reacted, in vain too."""
    slow: float = 0.0
    """Seconds that each reaction takes."""
    unreachable: int = 0
    """How many more times a source cannot be asked."""
    effect_of: dict[UUID, str] = field(default_factory=dict)
    """What the person is called whom the facts of a stream are about."""
    apart: set[UUID] = field(default_factory=set)
    """Streams that are counted in a stream of their own instead of the common one."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Reactions wait until it is open, as it is at first."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a reaction stands at the gate."""
    ask_again_with: AskAgain | None = None
    """How a source is really asked, where the test has one."""
    sum_of: UUID = field(default_factory=uuid4)
    reactor: Reactor = field(init=False)

    def __post_init__(self) -> None:
        self.gate.set()
        self.reactor = Reactor(
            self.database,
            self.store,
            RealClock(),
            EventTypes(FACTS),
            {Counted: self.react},
            own_source="here",
            ask_again=self.ask_again,
        )

    async def react(self, received: ReceivedFact) -> Reaction:
        self.reached.set()
        await self.gate.wait()
        await asyncio.sleep(self.slow)
        self.reactions += 1
        if self.broken:
            raise RuntimeError("broken on purpose")
        assert isinstance(received.event, Counted)
        heard = received.message.stream
        stream = uuid5(heard, "apart") if heard in self.apart else self.sum_of
        return Reaction([Intent(COUNTER, stream, Count(received.event.by, person=self.effect_of.get(heard, "")))])

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        if self.unreachable:
            self.unreachable -= 1
            raise SourceUnreachable("on purpose")
        self.asked.append((source, stream, version))
        if self.ask_again_with is not None:
            await self.ask_again_with(source, stream, version)

    async def take(self, *messages: Message) -> None:
        await self.take_records(*(record(message) for message in messages))

    async def take_records(self, *records: Record) -> None:
        async with asyncio.timeout(8):  # a batch that is tried for ever is a failure, not a hanging test
            await self.reactor.take_records(records)

    async def count(self, stream: UUID, by: int) -> None:
        """As a caller of the service would, with no fact behind it."""
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.store, [Intent(COUNTER, stream, Count(by))], at=NOW, metadata=metadata)

    async def total(self) -> int:
        streams = [self.sum_of, *(uuid5(heard, "apart") for heard in self.apart)]
        return sum([(await self.counter(stream)).total for stream in streams])

    async def counter(self, stream: UUID) -> Counter:
        return COUNTER.fold([recorded.event for recorded in (await self.store.load(stream)).events])

    async def parked(self) -> list[tuple[UUID, int, Reason]]:
        return [(one.message.stream, one.message.version, one.reason) for _, _, one in await self.waiting()]

    async def waiting(self) -> list[tuple[str, UUID, Parked]]:
        """All that waits, by stream and in order."""
        async with self.database.acquire() as connection:
            keys = [stream_of(one.first.message) for one in await parking.waiting_streams(connection)]
            return [(*key, one) for key in keys for one in await parking.waiting_messages(connection, *key)]


@asynccontextmanager
async def open_bench(dsn: str) -> AsyncIterator[Bench]:
    """A bench on the schema of offers."""
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes(FACTS)) as store:
        yield Bench(database, store)


def message(stream: UUID, version: int, by: int = 1, **changes: Any) -> Message:
    values: dict[str, Any] = {
        "source": "there",
        "stream": stream,
        "epoch": 1,
        "version": version,
        "event_id": UUID(int=version),
        "type": "Counted",
        "schema_version": 1,
        "occurred_at": NOW,
        "recorded_at": NOW,
        "body": Counted(by=by).public_json(),
        "concerns": {"unit": "u1"},
    }
    return Message(**{**values, **changes})


def record(sent: Message) -> Record:
    return Record(sent.headers(), sent.body.encode())
