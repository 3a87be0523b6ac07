"""What a source says that it has published is compared with what was taken; what is missing is asked for, and shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging import heads, parking, reconciler, reconciliation_state, source_verification
from shared.messaging.bus import REPUBLISH_TOPIC, Bus, Kafka, Publishers
from shared.messaging.cloudevents import Message
from shared.messaging.heads import HEADS_TOPIC, HeadsRequest, answer
from shared.messaging.parking import Obstacle, Reason
from shared.messaging.reconciliation_state import Problem
from shared.messaging.relay import Relay
from shared.service import republisher
from tests.integration.eventstore.counter import COUNTER, FACTS, Count
from tests.integration.messaging.reacting import NOW, Bench, message
from tests.tampering import tampering

SOURCE = "guidance"
"""The source writes in the schema of guidance, and is called so; who reads it stands in the schema of offers."""
TOPIC = "agreements"
SOURCES = Publishers(frozenset({SOURCE}))


@dataclass
class Pair:
    """A source, and a reader of what it publishes."""

    kafka: Kafka
    dsn: str
    source: EventStore
    source_database: Database
    bench: Bench
    producer: AIOKafkaProducer

    async def count(self, stream: UUID) -> None:
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.source, [Intent(COUNTER, stream, Count(1))], at=NOW, metadata=metadata)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Bus]:
        """The source, with its relay, answering requests."""
        relay = Relay(dsn=self.dsn, source=SOURCE, topic=TOPIC, kafka=self.kafka, store=self.source)
        bus = Bus(self.kafka, SOURCE)
        bus.republish_on_request(republisher(self.source_database), self.source_database)
        running = asyncio.create_task(relay.run())
        try:
            async with bus.connected():
                yield bus
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Bus]:
        """The reader, comparing what it took."""
        bus = Bus(self.kafka, "offers")
        self.bench.ask_again_with = bus.ask_again
        bus.consume(TOPIC, self.bench.reactor, purpose="reactions", sources=SOURCES)
        bus.compare(self.bench.reactor, purpose="reactions", sources=SOURCES.names)
        async with bus.connected():
            yield bus

    async def send(self, *messages: Message) -> None:
        for one in messages:
            await self.producer.send_and_wait(
                self.kafka.name(TOPIC), one.body.encode(), key=str(one.stream).encode(), headers=one.headers()
            )

    async def until_compared(self, *, after: int = 0) -> None:
        """Until all that the source published has been compared, up to a position beyond this one."""

        async def reached() -> bool:
            async with self.bench.database.acquire() as connection:
                found = {one.source: one for one in await reconciliation_state.compared_sources(connection)}
                (end,) = await self._end()
            one = found.get(SOURCE)
            return one is not None and one.full_because is None and one.position == end and one.position > after

        await until(reached)

    async def _end(self) -> tuple[int]:
        async with self.source_database.acquire() as connection:
            return (await connection.fetchval("select checkpoint from relay"),)

    async def event_id(self, stream: UUID, version: int) -> UUID:
        async with self.source_database.acquire() as connection:
            found: UUID = await connection.fetchval(
                "select event_id from events where stream = $1 and version = $2", stream, version
            )
        return found

    async def problems(self) -> list[tuple[UUID, Problem]]:
        async with self.bench.database.acquire() as connection:
            return [(one.head.stream, one.problem) for one in await reconciliation_state.missing(connection)]

    async def forget(self, stream: UUID, version: int) -> None:
        """As if the reader had passed over what came after a version of a stream, for whatever reason."""
        async with self.bench.database.acquire() as connection:
            if version:
                await connection.execute(
                    """update inbox set version = $2, event_id = $3 where stream = $1""", stream, version, uuid4()
                )
            else:
                await connection.execute("delete from inbox where stream = $1", stream)


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await reached():
            await asyncio.sleep(0.05)


@pytest.fixture
async def pair(kafka: str, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(reconciler, "EVERY_SECONDS", 0.2)
    names = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    async with AsyncExitStack() as stack:
        admin, producer = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaProducer(bootstrap_servers=kafka)
        await admin.start()
        stack.push_async_callback(admin.close)
        await producer.start()
        stack.push_async_callback(producer.stop)
        topics = {TOPIC: 3, REPUBLISH_TOPIC: 1, HEADS_TOPIC: 1}
        await admin.create_topics([NewTopic(names.name(topic), count, 1) for topic, count in topics.items()])
        source_database = await stack.enter_async_context(open_database(postgres_dsn, SOURCE))
        source = await stack.enter_async_context(EventStore(source_database, EventTypes(FACTS)))
        database = await stack.enter_async_context(open_database(postgres_dsn, "offers"))
        store = await stack.enter_async_context(EventStore(database, EventTypes(FACTS)))
        yield Pair(names, postgres_dsn, source, source_database, Bench(database, store), producer)


async def test_what_was_taken_completely_is_compared_to_the_end_and_nothing_is_missing(pair: Pair) -> None:
    streams = [uuid4() for _ in range(3)]
    async with pair.publishing(), pair.reading():
        for stream in streams * 2:
            await pair.count(stream)
        await pair.until_compared(after=5)
    assert await pair.bench.total() == 6
    assert await pair.problems() == []


@pytest.mark.parametrize("kept", [0, 1])
async def test_a_fact_that_is_missing_at_the_end_of_a_stream_is_found_and_comes_again(pair: Pair, kept: int) -> None:
    """No later fact betrays it, and Kafka has long told it."""
    stream = uuid4()
    async with pair.publishing():
        async with pair.reading():
            await pair.count(stream)
            await pair.count(stream)
            await pair.until_compared(after=1)
        await pair.forget(stream, kept)
        pair.bench.sum_of = uuid4()
        async with pair.bench.database.acquire() as connection:
            await reconciliation_state.compare_all_again(connection, [SOURCE], because="the test says so")
        async with pair.reading():

            async def taken_again() -> bool:
                return await pair.bench.total() == 2 - kept and not await pair.problems()

            await until(taken_again)
            await pair.until_compared()


async def test_a_gap_whose_answer_was_passed_over_is_asked_for_again(pair: Pair) -> None:
    """The consumer itself asks once per gap: what comes for an answer must not be a reason to ask."""
    stream = uuid4()
    async with pair.publishing():
        async with pair.reading():
            for _ in range(3):
                await pair.count(stream)
            await pair.until_compared(after=2)
        await pair.forget(stream, 1)
        pair.bench.sum_of = uuid4()
        behind = message(stream, 3, source=SOURCE, event_id=await pair.event_id(stream, 3))
        async with pair.bench.database.acquire() as connection:
            await parking.park(connection, [Obstacle(behind, Reason.GAP, "version 2 is missing")])
            await reconciliation_state.compare_all_again(connection, [SOURCE], because="the test says so")
        async with pair.reading():

            async def healed() -> bool:
                return await pair.bench.total() == 2 and not await pair.bench.waiting()

            await until(healed)
            await pair.until_compared()


async def test_what_stays_missing_is_shown(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid4()
    async with pair.publishing():
        async with pair.reading():
            await pair.count(stream)
            await pair.until_compared(after=0)
        await pair.forget(stream, 0)
        async with pair.bench.database.acquire() as connection:
            await reconciliation_state.compare_all_again(connection, [SOURCE], because="the test says so")
        monkeypatch.setattr(reconciler.Reconciler, "_ask_for_what_is_missing", _asks_nobody)
        async with pair.reading():
            await pair.until_compared()
    assert await pair.problems() == [(stream, Problem.MISSING)]


async def _asks_nobody(_: object) -> None:
    """The source hears nothing."""


async def test_a_source_that_tells_less_than_was_taken_is_behind_and_one_that_tells_another_event_differs(
    pair: Pair,
) -> None:
    ahead, other, sound = uuid4(), uuid4(), uuid4()
    async with pair.publishing():
        async with pair.reading():
            for stream in (ahead, other, sound):
                await pair.count(stream)
            await pair.until_compared(after=2)
        async with pair.bench.database.acquire() as connection:
            await connection.execute("update inbox set version = 7 where stream = $1", ahead)
            await connection.execute("update inbox set event_id = $2 where stream = $1", other, uuid4())
            await reconciliation_state.compare_all_again(connection, [SOURCE], because="the test says so")
        async with pair.reading():
            await pair.until_compared()
    assert dict(await pair.problems()) == {ahead: Problem.BEHIND, other: Problem.OTHER_EVENT}


async def test_an_epoch_out_of_nowhere_silences_no_stream(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = uuid4()
    async with pair.publishing(), pair.reading():
        await pair.count(stream)
        await pair.until_compared()
        forged = message(stream, 2, source=SOURCE, epoch=2_147_483_647, event_id=uuid4())
        await pair.send(forged, message(uuid4(), 1, source=SOURCE, epoch=7))
        await pair.count(stream)
        await pair.count(stream)

        async def all_taken() -> bool:
            return await pair.bench.total() == 3 and len(await pair.bench.waiting()) == 2

        await until(all_taken)
        await pair.until_compared(after=2)
    assert {source for source, _, _ in await pair.bench.waiting()} == {"unreadable"}
    assert await pair.problems() == []


async def test_another_event_at_a_known_version_is_set_aside_unless_the_source_tells_it(pair: Pair) -> None:
    stream = uuid4()
    async with pair.publishing(), pair.reading():
        await pair.count(stream)
        await pair.until_compared()
        await pair.send(message(stream, 1, source=SOURCE, event_id=uuid4()))
        await pair.count(stream)

        async def taken() -> bool:
            return await pair.bench.total() == 2 and len(await pair.bench.waiting()) == 1

        await until(taken)
    assert {source for source, _, _ in await pair.bench.waiting()} == {"unreadable"}


async def test_a_silent_source_holds_nothing_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(source_verification, "SILENT_SECONDS", 60.0)
    stream = uuid4()
    async with pair.reading():
        await pair.send(
            message(uuid4(), 1, source=SOURCE, epoch=9),
            message(uuid4(), 1, source=SOURCE, epoch=10),
            message(stream, 1, source=SOURCE),
        )

        async def taken() -> bool:
            return await pair.bench.total() == 1

        await until(taken)
    async with pair.bench.database.acquire() as connection:
        assert [one.epoch for one in await reconciliation_state.compared_sources(connection)] == []


async def test_a_restored_source_that_raised_its_epoch_is_believed_and_compared_anew(pair: Pair) -> None:
    stream, lost = uuid4(), uuid4()
    async with pair.publishing(), pair.reading():
        await pair.count(stream)
        await pair.count(lost)
        await pair.until_compared(after=1)
    async with pair.source_database.acquire() as connection:
        async with tampering(connection):
            await connection.execute("delete from events where stream = $1", lost)
        await connection.execute("delete from streams where id = $1", lost)
        await connection.execute("update log set epoch = 2")
        await connection.execute("update relay set checkpoint = 1")
    async with pair.publishing(), pair.reading():
        await pair.count(stream)

        async def taken() -> bool:
            return await pair.bench.total() == 3

        await until(taken)
        await pair.until_compared()
    assert await pair.bench.parked() == []


async def test_heads_cover_what_kafka_acknowledged_and_say_where_to_go_on(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "POSITIONS_AT_ONCE", 2)
    streams = [uuid4() for _ in range(2)]
    for stream in (streams[0], streams[0], streams[1], streams[0]):
        await pair.count(stream)
    async with pair.source_database.acquire() as connection:
        await connection.execute("update relay set checkpoint = 3")
        asked = HeadsRequest(source=SOURCE, answer_to=uuid4(), after=0)
        first = await answer(connection, asked)
        second = await answer(connection, replace_after(asked, first.up_to))
        named = await answer(connection, HeadsRequest(source=SOURCE, answer_to=uuid4(), streams=tuple(streams)))
    assert (first.up_to, first.end, [one.version for one in first.heads]) == (2, 3, [2])
    assert (second.up_to, second.end, [(one.stream, one.version) for one in second.heads]) == (3, 3, [(streams[1], 1)])
    assert {one.stream: one.version for one in named.heads} == {streams[0]: 2, streams[1]: 1}


def replace_after(asked: HeadsRequest, position: int) -> HeadsRequest:
    return asked.model_copy(update={"after": position})
