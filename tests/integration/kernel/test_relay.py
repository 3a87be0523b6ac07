"""The relay on real PostgreSQL and Kafka: everything, in order, at least once, by one relay at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.kernel.bus import Kafka
from shared.kernel.cloudevents import Message, read
from shared.kernel.commands import Intent, execute
from shared.kernel.database import Database, open_database
from shared.kernel.event_store import EventStore
from shared.kernel.events import EventTypes, Metadata
from shared.kernel.relay import Relay
from tests.integration.kernel.counter import COUNTER, FACTS, Count

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A store whose events go to a topic of the test's own."""

    database: Database
    store: EventStore
    dsn: str
    kafka: Kafka

    async def count(self, stream: UUID, times: int = 1, note: str | None = None) -> None:
        for _ in range(times):
            metadata = Metadata(command_id=uuid4(), actor="tester", policy="2024-01-01")
            await execute(self.store, [Intent(COUNTER, stream, Count(note=note))], at=NOW, metadata=metadata)

    @asynccontextmanager
    async def relaying(self, relays: int = 1) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(
                Relay(dsn=self.dsn, source="offers", topic="agreements", kafka=self.kafka, store=self.store).run()
            )
            for _ in range(relays)
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until_relayed(self) -> None:
        async with asyncio.timeout(20), self.database.acquire() as connection:
            while await connection.fetchval("select log.position > relay.checkpoint from log, relay"):
                await asyncio.sleep(0.02)

    async def published(self) -> list[Message]:
        consumer = AIOKafkaConsumer(
            self.kafka.name("agreements"), bootstrap_servers=self.kafka.servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            messages: list[Message] = []
            ends = await consumer.end_offsets(consumer.assignment())
            for partition, end in ends.items():
                while await consumer.position(partition) < end:
                    batches: dict[Any, Sequence[Any]] = await consumer.getmany(partition, timeout_ms=500)
                    messages += [read(one.headers, one.value) for batch in batches.values() for one in batch]
            return messages
        finally:
            await consumer.stop()


@pytest.fixture
async def bench(postgres_dsn: str, kafka: str) -> AsyncIterator[Bench]:
    cluster = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(cluster.name("agreements"), 4, 1)])
    await admin.close()
    async with (
        open_database(postgres_dsn, "offers") as database,
        EventStore(database, EventTypes(FACTS)) as store,
    ):
        yield Bench(database, store, postgres_dsn, cluster)


def versions(messages: Sequence[Message], stream: UUID) -> list[int]:
    return [message.version for message in messages if message.stream == stream]


async def test_everything_is_published_in_the_order_of_its_stream(bench: Bench) -> None:
    streams = [uuid4() for _ in range(10)]
    async with bench.relaying():
        await asyncio.gather(*(bench.count(stream, 12) for stream in streams))
        await bench.until_relayed()
    messages = await bench.published()
    assert len(messages) == 120
    assert all(versions(messages, stream) == list(range(1, 13)) for stream in streams)


async def test_a_message_says_what_it_is_and_nothing_private(bench: Bench) -> None:
    stream = uuid4()
    async with bench.relaying():
        await bench.count(stream, note="private")
        await bench.until_relayed()
    (message,) = await bench.published()
    assert (message.source, message.stream, message.epoch, message.version) == ("offers", stream, 1, 1)
    assert (message.type, message.actor, message.policy) == ("Counted", "tester", "2024-01-01")
    assert message.concerns == {"size": "small"}
    assert message.occurred_at == NOW
    assert "private" not in message.body


async def test_a_crash_between_sending_and_the_checkpoint_repeats_and_skips_nothing(bench: Bench) -> None:
    stream = uuid4()
    await bench.count(stream, 3)
    async with bench.relaying():
        await bench.until_relayed()
    async with bench.database.acquire() as connection:
        await connection.execute("update relay set checkpoint = 1")
    await bench.count(stream)
    async with bench.relaying():
        await bench.until_relayed()
    assert versions(await bench.published(), stream) == [1, 2, 3, 2, 3, 4]


async def test_of_several_relays_one_is_active(bench: Bench) -> None:
    streams = [uuid4() for _ in range(5)]
    async with bench.relaying(relays=3):
        await asyncio.gather(*(bench.count(stream, 10) for stream in streams))
        await bench.until_relayed()
        await asyncio.sleep(0.3)
    messages = await bench.published()
    assert len(messages) == 50


async def test_a_relay_that_was_passed_by_gives_up_and_begins_again(bench: Bench) -> None:
    stream = uuid4()
    async with bench.relaying():
        await bench.count(stream, 2)
        await bench.until_relayed()
        async with bench.database.acquire() as connection:  # as if another one had worked while this one slept
            await connection.execute("update relay set checkpoint = 1")
        await bench.count(stream)
        await bench.until_relayed()
    published = versions(await bench.published(), stream)
    assert sorted(set(published)) == [1, 2, 3]
    assert published[-1] == 3


async def test_a_stream_is_published_again_on_request(bench: Bench) -> None:
    stream = uuid4()
    async with bench.relaying():
        await bench.count(stream, 3)
        await bench.until_relayed()
        async with bench.database.acquire() as connection:
            await connection.execute("insert into republications (stream, from_version) values ($1, 2)", stream)
            async with asyncio.timeout(10):
                while await connection.fetchval("select count(*) from republications"):
                    await asyncio.sleep(0.02)
    assert versions(await bench.published(), stream) == [1, 2, 3, 2, 3]


async def test_events_wait_while_no_relay_runs(bench: Bench) -> None:
    stream = uuid4()
    await bench.count(stream, 5)
    assert await bench.published() == []
    async with bench.relaying():
        await bench.until_relayed()
    assert versions(await bench.published(), stream) == [1, 2, 3, 4, 5]
