"""The relay on real PostgreSQL and Kafka: everything, in order, at least once, by one relay at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging import keyed_batches, relay
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message, read
from shared.messaging.relay import Relay
from tests.integration.cut_connections import cut_connections
from tests.integration.eventstore.counter import COUNTER, FACTS, Count
from tests.integration.messaging.cable import plugged_in

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A store whose events go to a topic of the test's own."""

    database: Database
    store: EventStore
    dsn: str
    kafka: Kafka

    async def count(self, stream: UUID, times: int = 1, *, note: str | None = None, actor: str = "tester") -> None:
        for _ in range(times):
            metadata = Metadata(command_id=uuid4(), actor=actor, on_behalf_of="12345678", policy="2024-01-01")
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

    async def cut_sessions_of_relays(self) -> None:
        await cut_connections(self.dsn, "aftale-offers-relay/%")

    async def until_relayed(self) -> None:
        async with asyncio.timeout(20), self.database.acquire() as connection:
            while await connection.fetchval("select newest_position() > checkpoint from relay"):
                await asyncio.sleep(0.02)

    async def until_relayed_to(self, position: int) -> None:
        async with asyncio.timeout(20), self.database.acquire() as connection:
            while await connection.fetchval("select checkpoint < $1 from relay", position):
                await asyncio.sleep(0.02)

    async def let_batches_have(self, size: int) -> None:
        """The broker refuses larger ones, in bytes."""
        limit = ConfigResource(
            ConfigResourceType.TOPIC, self.kafka.name("agreements"), {"max.message.bytes": str(size)}
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.servers)
        await admin.start()
        await admin.alter_configs([limit])
        await admin.close()

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


def first_of_each(numbers: Sequence[int]) -> list[int]:
    """Without what was repeated."""
    return list(dict.fromkeys(numbers))


async def test_everything_is_published_in_the_order_of_its_stream(bench: Bench) -> None:
    streams = [uuid4() for _ in range(10)]
    async with bench.relaying():
        await asyncio.gather(*(bench.count(stream, 12) for stream in streams))
        await bench.until_relayed()
    messages = await bench.published()
    assert len(messages) == 120
    assert all(versions(messages, stream) == list(range(1, 13)) for stream in streams)


async def test_what_another_process_appends_is_published_as_soon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 600)
    async with (
        open_database(bench.dsn, "offers") as database,
        EventStore(database, EventTypes(FACTS)) as store,
    ):
        other = replace(bench, database=database, store=store)
        async with bench.relaying():
            while not bench.store.wake_up.relay_is_here:
                await asyncio.sleep(0.02)
            for _ in range(3):
                await other.count(uuid4())
                await bench.until_relayed()


async def test_a_message_says_what_it_is_and_nothing_private(bench: Bench) -> None:
    stream = uuid4()
    async with bench.relaying():
        await bench.count(stream, note="private")
        await bench.until_relayed()
    (message,) = await bench.published()
    assert (message.source, message.stream, message.epoch, message.version) == ("offers", stream, 1, 1)
    assert (message.type, message.actor, message.policy) == ("Counted", "tester", "2024-01-01")
    assert message.on_behalf_of == "12345678"
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


async def test_after_a_fatal_error_a_new_producer_goes_on_where_the_checkpoint_stands(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idempotent producer that met an error which cannot be retried fails for ever (aiokafka #1017)."""
    producers: list[AIOKafkaProducer] = []

    class Failing(AIOKafkaProducer):  # type: ignore[misc]
        sent = 0

        async def start(self) -> None:
            producers.append(self)
            await super().start()

        async def send_batch(self, *values: Any, **named: Any) -> Any:
            self.sent += 1
            if self is producers[0] and self.sent >= 2:
                failed = asyncio.get_running_loop().create_future()
                failed.set_exception(MessageSizeTooLargeError("on purpose"))
                return failed
            return await super().send_batch(*values, **named)

    monkeypatch.setattr(relay, "AIOKafkaProducer", Failing)
    monkeypatch.setattr(relay, "BATCH", 3)
    stream = uuid4()
    await bench.count(stream, 8)
    async with bench.relaying():
        await bench.until_relayed()
    assert len(producers) == 2
    assert versions(await bench.published(), stream) == list(range(1, 9))


async def test_a_batch_that_the_broker_refuses_lets_none_of_those_behind_it_pass(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()

    def note_refusal(acknowledged: "asyncio.Future[Any]") -> None:
        if not acknowledged.cancelled() and acknowledged.exception():
            refused.set()

    class Watched(AIOKafkaProducer):  # type: ignore[misc]
        async def send_batch(self, *values: Any, **named: Any) -> Any:
            acknowledged = await super().send_batch(*values, **named)
            acknowledged.add_done_callback(note_refusal)
            return acknowledged

    monkeypatch.setattr(relay, "AIOKafkaProducer", Watched)
    monkeypatch.setattr(relay, "BATCH", 1)
    stream = uuid4()
    await bench.count(stream)
    await bench.count(stream, actor="a" * 5_000)
    await bench.count(stream, 3)
    await bench.let_batches_have(4_000)
    async with bench.relaying():
        await asyncio.wait_for(refused.wait(), 10)
        await bench.until_relayed_to(1)
        await bench.let_batches_have(8_000)
        await bench.until_relayed()
    assert first_of_each(versions(await bench.published(), stream)) == [1, 2, 3, 4, 5]


async def test_a_crash_with_several_batches_on_their_way_repeats_them_and_skips_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = asyncio.Event()
    move = Relay._move_checkpoint

    async def move_once(self: Relay, connection: Any, old: int, new: int) -> int:
        if old:
            crashing.set()
            await asyncio.Event().wait()
        return await move(self, connection, old, new)

    stream = uuid4()
    await bench.count(stream, 9)
    with monkeypatch.context() as crash:
        crash.setattr(relay, "BATCH", 2)
        crash.setattr(relay, "CHECKPOINT_SECONDS", 0.0)
        crash.setattr(Relay, "_move_checkpoint", move_once)
        async with bench.relaying():
            await asyncio.wait_for(crashing.wait(), 10)
    async with bench.relaying():
        await bench.until_relayed()
    published = versions(await bench.published(), stream)
    assert first_of_each(published) == list(range(1, 10))
    assert [published.count(version) for version in (2, 3, 4, 9)] == [1, 2, 2, 1]


async def test_a_relay_ends_when_it_is_told_to_in_the_moment_of_an_acknowledgement(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11's `wait_for` forgets such a cancellation, and the service would never stop."""
    acknowledged = asyncio.get_running_loop().create_future()
    sending = asyncio.Event()

    async def send(*_: object) -> "asyncio.Future[list[Any]]":
        sending.set()
        return acknowledged

    monkeypatch.setattr(keyed_batches, "send", send)
    await bench.count(uuid4())
    async with asyncio.timeout(10):
        async with bench.relaying():
            await sending.wait()
            await asyncio.sleep(0.2)  # it now waits for the acknowledgement
            acknowledged.set_result([])


async def test_what_is_appended_while_the_relay_finds_nothing_new_is_published_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once: the relay that slept for its whole pause here would be too late."""
    stream = uuid4()
    interrupted = asyncio.Event()
    fetch = asyncpg.Connection.fetch

    async def fetch_interrupted(self: Any, query: str, *values: Any, **named: Any) -> Any:
        rows = await fetch(self, query, *values, **named)
        if query == relay._READ and not rows and not interrupted.is_set():
            await bench.count(stream)
            interrupted.set()
        return rows

    monkeypatch.setattr(asyncpg.Connection, "fetch", fetch_interrupted)
    monkeypatch.setattr(relay, "POLL_SECONDS", 3600)
    async with bench.relaying():
        await asyncio.wait_for(interrupted.wait(), 10)
        await bench.until_relayed()
    assert versions(await bench.published(), stream) == [1]


async def test_a_relay_whose_session_is_cut_is_replaced_and_nothing_is_skipped_or_reordered(bench: Bench) -> None:
    streams = [uuid4() for _ in range(4)]
    async with bench.relaying(relays=2):
        for _ in range(4):
            await asyncio.gather(*(bench.count(stream, 5) for stream in streams))
            await bench.cut_sessions_of_relays()
        await bench.until_relayed()
    messages = await bench.published()
    for stream in streams:
        assert first_of_each(versions(messages, stream)) == list(range(1, 21))


async def test_a_paused_relay_that_wakes_up_after_another_took_over_moves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, wake = asyncio.Event(), asyncio.Event()
    move = Relay._move_checkpoint

    async def move_late(self: Relay, connection: Any, old: int, new: int) -> int:
        if not paused.is_set():
            paused.set()
            await wake.wait()
        return await move(self, connection, old, new)

    monkeypatch.setattr(Relay, "_move_checkpoint", move_late)
    stream = uuid4()
    await bench.count(stream, 3)
    async with bench.relaying(relays=2), bench.database.acquire() as connection:
        await asyncio.wait_for(paused.wait(), 10)
        await bench.cut_sessions_of_relays()  # so that the sleeper's lock goes to the other one
        await bench.count(stream, 2)
        await bench.until_relayed()
        wake.set()
        await asyncio.sleep(0.2)
        assert await connection.fetchval("select newest_position() = checkpoint from relay")
        await bench.count(stream)
        await bench.until_relayed()
    assert versions(await bench.published(), stream) == [1, 2, 3, 1, 2, 3, 4, 5, 6]


async def test_a_database_that_goes_away_is_waited_for(bench: Bench) -> None:
    stream = uuid4()
    async with plugged_in(bench.dsn) as cable:
        behind_the_cable = replace(bench, dsn=cable.dsn)
        async with behind_the_cable.relaying():
            await bench.count(stream)
            await bench.until_relayed()
            cable.pull_out()
            await bench.count(stream, 2)
            await asyncio.sleep(0.2)
            await cable.plug_in()
            await bench.until_relayed()
    assert versions(await bench.published(), stream) == [1, 2, 3]


async def test_a_request_for_a_stream_that_is_not_there_is_done_with_and_holds_no_other_up(bench: Bench) -> None:
    stream = uuid4()
    await bench.count(stream, 2)
    async with bench.database.acquire() as connection:
        await connection.executemany(
            "insert into republications (stream, from_version) values ($1, $2)",
            [(uuid4(), 1), (stream, 9), (stream, 1)],
        )
        async with bench.relaying():
            await bench.until_relayed()
        assert await connection.fetchval("select count(*) from republications") == 0
    assert first_of_each(versions(await bench.published(), stream)) == [1, 2]


async def test_what_was_recorded_before_a_restore_keeps_its_epoch_when_it_is_published_again(bench: Bench) -> None:
    stream = uuid4()
    await bench.count(stream, 2)
    async with bench.database.acquire() as connection:
        await connection.execute("update log set epoch = epoch + 1")
        await connection.execute("insert into republications (stream, from_version) values ($1, 1)", stream)
    await bench.count(stream)
    async with bench.relaying():
        await bench.until_relayed()
        async with asyncio.timeout(10), bench.database.acquire() as connection:
            while await connection.fetchval("select count(*) from republications"):
                await asyncio.sleep(0.02)
    published = {(message.version, message.epoch) for message in await bench.published()}
    assert published == {(1, 1), (2, 1), (3, 2)}
