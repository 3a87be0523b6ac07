"""A consumer stands where its own database says: whatever the client raises, and whatever became of the topic."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.messaging.bus import REPUBLISH_TOPIC, Bus, Kafka, Publishers
from shared.messaging.cloudevents import Message
from tests.integration.messaging.reacting import Bench, message, open_bench
from tests.tampering import tampering

PARTITIONS = 3
TOPIC = "facts"


class BadKey(str):
    """A header key that is written as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"bad\xff\xfekey"


@dataclass
class Topic:
    """A topic of the test's own."""

    kafka: Kafka
    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer

    @property
    def name(self) -> str:
        return self.kafka.name(TOPIC)

    async def make(self) -> None:
        await self.admin.create_topics(
            [NewTopic(self.name, PARTITIONS, 1), NewTopic(self.kafka.name(REPUBLISH_TOPIC), 1, 1)]
        )

    async def make_anew(self) -> None:
        await self.admin.delete_topics([self.name])
        async with asyncio.timeout(30):
            while True:
                answer = await self.admin.create_topics([NewTopic(self.name, PARTITIONS, 1)])
                if not any(code for _, code, *_ in answer.topic_errors):
                    return
                await asyncio.sleep(0.1)

    async def publish(self, *messages: Message, partition: int | None = None) -> None:
        for one in messages:
            await self.producer.send_and_wait(
                self.name, one.body.encode(), key=str(one.stream).encode(), headers=one.headers(), partition=partition
            )

    @asynccontextmanager
    async def consuming(self, bench: Bench, sources: Publishers | None = None) -> AsyncIterator[Bus]:
        bus = Bus(self.kafka, "here")
        bus.consume(TOPIC, bench.reactor, purpose="reactions", sources=sources)
        async with bus.connected():
            yield bus


@pytest.fixture
async def topic(kafka: str) -> AsyncIterator[Topic]:
    admin, producer = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaProducer(bootstrap_servers=kafka)
    await admin.start()
    await producer.start()
    made = Topic(Kafka(kafka, f"test-{uuid4().hex[:8]}-"), admin, producer)
    await made.make()
    try:
        yield made
    finally:
        await producer.stop()
        await admin.close()


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


async def until(reached: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await reached():
            await asyncio.sleep(0.02)


async def until_total(bench: Bench, total: int) -> None:
    async def reached() -> bool:
        return await bench.total() >= total

    await until(reached)


async def stands_at(bench: Bench) -> int:
    """The sum of the offsets that come next."""
    async with bench.database.acquire() as connection:
        return int(await connection.fetchval("select coalesce(sum(next_offset), 0) from consumer_positions"))


async def until_it_stands_at(bench: Bench, offsets: int) -> None:
    async def reached() -> bool:
        return await stands_at(bench) == offsets

    await until(reached)


async def full_compare_is_due(bench: Bench) -> str | None:
    async with bench.database.acquire() as connection:
        because: str | None = await connection.fetchval(
            "select full_because from compared_sources where source = 'there'"
        )
    return because


def batch(headers: list[tuple[Any, bytes | None]], bodies: list[Message], compression: int = 0) -> Any:
    """A record batch as plain Python builds it; the extension refuses bad keys."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10**6,
    )
    for number, one in enumerate(bodies):
        key, value = str(one.stream).encode(), one.body.encode()
        odd = headers if number == len(bodies) // 2 else []
        builder.append(number, timestamp=None, key=key, value=value, headers=[*odd, *one.headers()])
    return builder


async def send_batch(topic: Topic, built: Any, partition: int) -> None:
    """Through the producer, as one batch."""
    holder = topic.producer.create_batch()
    holder._builder, holder._relative_offset, holder._closed = built, built._num_records, False
    await (await topic.producer.send_batch(holder, topic.name, partition=partition))


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4])
async def test_a_header_key_that_is_no_utf8_hides_no_good_record(topic: Topic, bench: Bench, compression: int) -> None:
    streams = [uuid4() for _ in range(7)]
    bench.apart = set(streams)
    await topic.publish(*(message(stream, 1) for stream in streams))
    await send_batch(topic, batch([(BadKey("x"), b"v")], [message(stream, 2) for stream in streams], compression), 1)
    await topic.publish(*(message(stream, 3) for stream in streams))
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 21)
        await until_total(bench, 21)
    assert await bench.parked() == []


@pytest.mark.parametrize(
    "error", [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), RuntimeError("odd"), OSError(28, "full")]
)
async def test_whatever_the_client_raises_passes_no_record_over(
    topic: Topic, bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's own positions have moved by then: of all partitions that it had read before it failed."""
    streams = [uuid4() for _ in range(9)]
    bench.apart = set(streams)
    getmany, failures = AIOKafkaConsumer.getmany, 4

    async def fails_after_reading(self: AIOKafkaConsumer, *partitions: Any, **named: Any) -> Any:
        nonlocal failures
        answer = await getmany(self, *partitions, **named)
        if answer and failures:
            failures -= 1
            raise error
        return answer

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", fails_after_reading)
    await topic.publish(*(message(stream, version) for version in (1, 2, 3) for stream in streams))
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 27)
    assert failures == 0
    assert await bench.total() == 27
    assert await bench.parked() == []


async def test_a_fault_of_the_log_passes_no_record_over(
    topic: Topic, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the very line that says that the database is away cannot be written."""
    stream, failures = uuid4(), 3
    take = bench.reactor.take_messages

    async def no_room(messages: Any) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError(28, "No space left on device")
        await take(messages)

    monkeypatch.setattr(bench.reactor, "take_messages", no_room)
    monkeypatch.setattr("shared.messaging.transient_errors._log", Unwritable())
    await topic.publish(message(stream, 1), message(stream, 2))
    async with topic.consuming(bench):
        await until_total(bench, 2)
    assert await bench.parked() == []


class Unwritable:
    """A log whose disk is full."""

    def __getattr__(self, _: str) -> Any:
        def write(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        return write


@pytest.mark.parametrize("forgotten", [", last_offset = null", ""])
async def test_a_position_that_is_moved_back_is_followed_and_repeats_no_effect(
    topic: Topic, bench: Bench, forgotten: str
) -> None:
    """Also where the last record that was taken, which now lies ahead, was left in the row."""
    stream = uuid4()
    await topic.publish(*(message(stream, version) for version in (1, 2, 3)))
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 3)
        async with bench.database.acquire() as connection:
            await connection.execute(f"update consumer_positions set next_offset = 0 {forgotten} where next_offset > 0")
        await until_it_stands_at(bench, 3)
    assert await bench.total() == 3
    assert await bench.parked() == []


async def test_a_database_that_went_back_reads_again_what_it_has_lost(topic: Topic, bench: Bench) -> None:
    stream = uuid4()
    await topic.publish(message(stream, 1))
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 1)
    async with bench.database.acquire() as connection:
        kept = {
            table: [dict(row) for row in await connection.fetch(f"select * from {table}")]
            for table in ("inbox", "consumer_positions")
        }
    await topic.publish(message(stream, 2), message(uuid4(), 1))
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 3)
    async with bench.database.acquire() as connection:
        await connection.execute("delete from inbox; delete from consumer_positions")
        for table, rows in kept.items():
            for row in rows:
                places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
                await connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", *row.values())
    bench.sum_of = uuid4()  # its effects went back, too
    async with topic.consuming(bench):
        await until_it_stands_at(bench, 3)
    assert await bench.total() == 2


async def test_a_topic_that_was_made_anew_is_noticed_and_read_from_its_beginning(topic: Topic, bench: Bench) -> None:
    streams = [uuid4() for _ in range(6)]
    bench.apart = set(streams)
    await topic.publish(*(message(stream, version) for version in (1, 2) for stream in streams))
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 12)
    await topic.make_anew()
    await topic.publish(*(message(stream, 3) for stream in streams))
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_total(bench, 18)
    assert await bench.parked() == []
    assert await full_compare_is_due(bench)


async def test_a_topic_made_anew_that_has_grown_longer_than_before_is_noticed_by_its_last_record(
    topic: Topic, bench: Bench
) -> None:
    old, new = uuid4(), [uuid4() for _ in range(4)]
    bench.apart = {old, *new}
    await topic.publish(message(old, 1), message(old, 2), partition=0)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 2)
    await topic.make_anew()
    await topic.publish(*(message(stream, 1) for stream in new), partition=0)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_total(bench, 6)
    assert "last record" in str(await full_compare_is_due(bench))


async def test_records_that_retention_removed_are_noticed(topic: Topic, bench: Bench) -> None:
    stream, other = uuid4(), uuid4()
    bench.apart = {stream, other}
    await topic.publish(message(stream, 1), partition=0)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 1)
    await topic.publish(message(other, 1), message(stream, 2), message(stream, 3), partition=0)
    await topic.admin.delete_records({TopicPartition(topic.name, 0): RecordsToDelete(before_offset=2)})
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_total(bench, 3)
    assert "removed" in str(await full_compare_is_due(bench))


async def test_where_only_what_was_taken_is_removed_nothing_is_missed(topic: Topic, bench: Bench) -> None:
    stream = uuid4()
    await topic.publish(message(stream, 1), message(stream, 2), partition=0)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 2)
    await topic.admin.delete_records({TopicPartition(topic.name, 0): RecordsToDelete(before_offset=2)})
    await topic.publish(message(stream, 3), partition=0)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_total(bench, 3)
    assert await full_compare_is_due(bench) is None


async def test_a_topic_that_ends_with_the_end_of_a_transaction_is_read_to_its_end(topic: Topic, bench: Bench) -> None:
    async def in_a_transaction() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=topic.kafka.servers, transactional_id=f"{topic.kafka.prefix}it")
        await producer.start()
        async with producer.transaction():
            one = message(uuid4(), 1)
            await producer.send_and_wait(
                topic.name, one.body.encode(), key=str(one.stream).encode(), headers=one.headers(), partition=0
            )
        await producer.stop()

    async with topic.consuming(bench) as bus:
        (reading,) = bus.readings
        for number in (1, 2):  # the second one follows an offset that holds no record
            await in_a_transaction()
            await until_total(bench, number)
            await until(reading.read_to_the_end())
    assert await stands_at(bench) == 4  # two records, two ends
    async with topic.consuming(bench) as bus:
        await topic.publish(message(uuid4(), 1), partition=0)
        await until_total(bench, 3)
        assert await full_compare_is_due(bench) is None


async def test_a_source_is_believed_only_from_its_own_topic(topic: Topic, bench: Bench) -> None:
    stream = uuid4()
    await topic.publish(
        message(stream, 1, source="elsewhere"),
        message(stream, 1, source="here", concerns={"unit": "u7"}),
        message(stream, 1),
        message(uuid4(), 1, source="there\x00"),
    )
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 4)
    assert await bench.total() == 1
    assert {source for source, _, _ in await bench.waiting()} == {"unreadable"}
    assert all(not one.message.concerns for _, _, one in await bench.waiting())


async def test_what_a_record_of_a_known_source_concerns_is_held_although_it_is_no_fact(
    topic: Topic, bench: Bench
) -> None:
    headers = [one for one in message(uuid4(), 1).headers() if one[0] != "ce_sequence"]
    await topic.producer.send_and_wait(topic.name, b"{}", headers=headers)
    async with topic.consuming(bench, Publishers(frozenset({"there"}))):
        await until_it_stands_at(bench, 1)
    ((_, _, waiting),) = await bench.waiting()
    assert waiting.message.concerns == {"unit": "u1"}


async def test_a_process_that_lost_its_partitions_moves_nothing_back(topic: Topic, bench: Bench) -> None:
    """A zombie: it was paused with a batch in hand, and wakes up when another process has gone on."""
    stream = uuid4()
    zombie = Bench(bench.database, bench.store, sum_of=bench.sum_of)
    zombie.gate.clear()
    await topic.publish(message(stream, 1))
    async with topic.consuming(zombie):
        await asyncio.wait_for(zombie.reached.wait(), 20)
        async with bench.database.acquire() as connection:
            await connection.execute("update consumer_positions set next_offset = 0 where next_offset = 0")
        await bench.take(message(stream, 1))  # the other process takes the batch, and more
        await topic.publish(message(stream, 2))
        await bench.take(message(stream, 2))
        async with bench.database.acquire() as connection:
            await connection.execute(
                """update consumer_positions set next_offset = 2
                   where partition = (select partition from consumer_positions order by partition limit 1)"""
            )
        zombie.gate.set()
        await until_total(bench, 2)
    assert await bench.total() == 2


async def test_a_fault_of_the_schema_stops_the_consumer_and_parks_nobody(topic: Topic, bench: Bench) -> None:
    streams = [uuid4() for _ in range(5)]
    bench.apart = set(streams)
    async with bench.database.acquire() as connection, tampering(connection):
        await connection.execute("alter table reservations rename to reservations_elsewhere")
    await topic.publish(*(message(stream, 1) for stream in streams))
    async with topic.consuming(bench) as bus:

        async def says_so() -> bool:
            return bus.readings[0].stopped is not None

        await until(says_so)
        assert await bench.parked() == []
        async with bench.database.acquire() as connection, tampering(connection):
            await connection.execute("alter table reservations_elsewhere rename to reservations")
        await until_total(bench, 5)
    assert await bench.parked() == []


async def test_streams_that_fail_alike_in_succession_stop_the_consumer_until_something_works(
    topic: Topic, bench: Bench
) -> None:
    streams: list[UUID] = [uuid4() for _ in range(4)]
    bench.apart = set(streams)
    bench.broken = True
    await topic.publish(*(message(stream, 1) for stream in streams), partition=0)
    async with topic.consuming(bench) as bus:

        async def says_so() -> bool:
            return bus.readings[0].stopped is not None

        await until(says_so)
        assert await bench.parked() == []
        bench.broken = False
        await until_total(bench, 4)

        async def goes_on() -> bool:
            return bus.readings[0].stopped is None

        await until(goes_on)
    assert await bench.parked() == []
