"""A reactor that counts in a stream of its own what it hears; the messages are made by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from shared.kernel import parking
from shared.kernel.clock import RealClock
from shared.kernel.cloudevents import Message
from shared.kernel.commands import Intent
from shared.kernel.consumer import Record
from shared.kernel.database import Database, open_database
from shared.kernel.event_store import EventStore
from shared.kernel.events import EventTypes
from shared.kernel.parking import Reason
from shared.kernel.reactor import Reaction, Reactor
from shared.kernel.received import Received
from tests.integration.kernel.counter import COUNTER, FACTS, Count, Counted, Counter

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A reactor that counts in its own stream what it hears, and what it asked for again."""

    database: Database
    store: EventStore
    asked: list[tuple[str, UUID, int]] = field(default_factory=list)
    broken: bool = False
    """While set, reacting fails for a reason that does not pass."""
    sum_of: UUID = field(default_factory=uuid4)
    reactor: Reactor = field(init=False)

    def __post_init__(self) -> None:
        self.reactor = Reactor(
            self.database,
            self.store,
            RealClock(),
            EventTypes(FACTS),
            {Counted: self.react},
            own_source="here",
            ask_again=self.ask_again,
        )

    async def react(self, received: Received) -> Reaction:
        if self.broken:
            raise RuntimeError("broken on purpose")
        assert isinstance(received.event, Counted)
        return Reaction([Intent(COUNTER, self.sum_of, Count(received.event.by))])

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        self.asked.append((source, stream, version))

    async def take(self, *messages: Message) -> None:
        await self.reactor.take_records([record(message) for message in messages])

    async def total(self) -> int:
        return (await self.counter()).total

    async def counter(self) -> Counter:
        return COUNTER.fold([recorded.event for recorded in (await self.store.load(self.sum_of)).events])

    async def parked(self) -> list[tuple[UUID, int, Reason]]:
        async with self.database.acquire() as connection:
            streams = await parking.waiting_streams(connection)
            return [
                (one.message.stream, one.message.version, one.reason)
                for first in streams
                for one in await parking.waiting_messages(connection, first.message.source, first.message.stream)
            ]


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
    return sent.headers(), sent.body.encode()
