"""A consumer on real Kafka: offsets follow effects, and neither garbage nor a server that goes away loses a fact."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.messaging import positions
from shared.messaging.bus import REPUBLISH_TOPIC, Bus, Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.errors import SourceUnreachable
from shared.messaging.parking import Reason
from shared.messaging.positions import Move
from tests.integration.messaging.cable import plugged_in
from tests.integration.messaging.reacting import Bench, message, open_bench

PARTITIONS = 3


@dataclass
class Cluster:
    """Topics of the test's own."""

    kafka: Kafka
    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer

    async def publish(self, *messages: Message) -> None:
        """All at once, each stream in its order."""
        topic = self.kafka.name("facts")
        await asyncio.gather(
            *[
                await self.producer.send(topic, one.body.encode(), key=str(one.stream).encode(), headers=one.headers())
                for one in messages
            ]
        )

    async def send(self, key: bytes, value: bytes | None, headers: Any = (), topic: str = "facts") -> None:
        await self.producer.send_and_wait(self.kafka.name(topic), value, key=key, headers=list(headers))

    async def committed(self) -> int:
        """How many messages the group of the bus has put behind it."""
        group = self.kafka.name("aftale-here-reactions")
        return sum(one.offset for one in (await self.admin.list_consumer_group_offsets(group)).values())

    @asynccontextmanager
    async def consuming(self, bench: Bench) -> AsyncIterator[Bus]:
        bus = Bus(self.kafka, "here")
        bus.consume("facts", bench.reactor, purpose="reactions")
        async with bus.connected():
            yield bus


@pytest.fixture
async def cluster(kafka: str) -> AsyncIterator[Cluster]:
    names = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    admin, producer = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaProducer(bootstrap_servers=kafka)
    await admin.start()
    await producer.start()
    await admin.create_topics(
        [NewTopic(names.name("facts"), PARTITIONS, 1), NewTopic(names.name(REPUBLISH_TOPIC), 1, 1)]
    )
    try:
        yield Cluster(names, admin, producer)
    finally:
        await producer.stop()
        await admin.close()


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(120):
        while not await reached():
            await asyncio.sleep(0.02)


async def until_total(bench: Bench, total: int) -> None:
    async def reached() -> bool:
        return await bench.total() >= total

    await until(reached)


async def until_nothing_is_parked(bench: Bench) -> None:
    """A message that waited for a gap is removed a moment after it was counted by its repetition."""

    async def freed() -> bool:
        return not await bench.parked()

    await until(freed)


async def until_committed(cluster: Cluster, messages: int) -> None:
    async def reached() -> bool:
        return await cluster.committed() >= messages

    await until(reached)


async def test_offsets_are_committed_only_once_a_batch_has_its_effect(cluster: Cluster, bench: Bench) -> None:
    stream = uuid4()
    await cluster.publish(*(message(stream, version) for version in range(1, 6)))
    bench.gate.clear()
    async with cluster.consuming(bench):
        await asyncio.wait_for(bench.reached.wait(), 10)
        await asyncio.sleep(0.2)
        assert await cluster.committed() == 0
        bench.gate.set()
        await until_committed(cluster, 5)
    assert await bench.total() == 5


async def test_a_process_that_ends_between_effect_and_commit_repeats_no_effect(
    cluster: Cluster, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_: object, __: object, moves: Sequence[Move]) -> set[TopicPartition]:
        """As if the process ended here."""
        return {one.partition for one in moves}

    stream = uuid4()
    await cluster.publish(message(stream, 1), message(stream, 2))
    with monkeypatch.context() as ending:
        ending.setattr(positions, "move", lost)
        async with cluster.consuming(bench):
            await until_total(bench, 2)
    assert await cluster.committed() == 0
    await cluster.publish(message(stream, 3))
    async with cluster.consuming(bench):
        await until_committed(cluster, 3)
    assert await bench.total() == 3
    assert await bench.parked() == []


async def test_garbage_on_the_topic_holds_nothing_up(cluster: Cluster, bench: Bench) -> None:
    stream, poisoned = uuid4(), uuid4()
    key = str(stream).encode()
    await cluster.publish(message(stream, 1))
    await cluster.send(key, None)
    await cluster.send(key, b"\xff\x00{", [("ce_id", b"\xff")])
    await cluster.send(key, b"{}", [("ce_type", None)])
    await cluster.publish(message(poisoned, 1, body="[1]"), message(poisoned, 2), message(stream, 2))
    async with cluster.consuming(bench):
        await until_committed(cluster, 7)
    assert await bench.total() == 2
    waiting = [(source, one.reason) for source, _, one in await bench.waiting()]
    assert sorted(waiting) == [
        ("there", Reason.POISON),
        ("there", Reason.WAITING),
        *[("unreadable", Reason.POISON)] * 3,
    ]


async def test_a_database_that_goes_away_in_the_middle_costs_no_fact(cluster: Cluster, postgres_dsn: str) -> None:
    streams = [uuid4() for _ in range(6)]
    async with plugged_in(postgres_dsn) as cable, open_bench(cable.dsn) as bench, open_bench(postgres_dsn) as watcher:
        bench.apart = watcher.apart = set(streams)
        async with cluster.consuming(bench):
            for number in range(3):
                versions = range(number * 20 + 1, number * 20 + 21)
                await cluster.publish(*(message(stream, version) for stream in streams for version in versions))
                await until_total(watcher, number * 120 + 10)
                cable.pull_out()
                await asyncio.sleep(0.3)
                await cable.plug_in()
            await until_committed(cluster, 360)
        assert await watcher.total() == 360
        assert await watcher.parked() == []


async def test_a_second_process_that_joins_takes_over_without_loss_or_repeat(cluster: Cluster, bench: Bench) -> None:
    streams = [uuid4() for _ in range(9)]
    bench.apart = set(streams)
    other = Bench(bench.database, bench.store, apart=bench.apart)

    async def publish() -> None:
        for version in range(1, 31):
            await cluster.publish(*(message(stream, version) for stream in streams))

    async with cluster.consuming(bench):
        publishing = asyncio.create_task(publish())
        await until_total(bench, 30)
        async with cluster.consuming(other):
            await publishing
            await until_committed(cluster, 135)
        await until_committed(cluster, 270)
    assert await bench.total() == 270
    assert await bench.parked() == []


async def test_processes_that_come_and_go_under_load_lose_and_repeat_nothing_although_their_handlers_are_slow(
    cluster: Cluster, bench: Bench
) -> None:
    streams, enough = [uuid4() for _ in range(9)], asyncio.Event()
    bench.apart, bench.slow = set(streams), 0.05
    first, second = (Bench(bench.database, bench.store, apart=bench.apart, slow=0.05) for _ in range(2))

    async def publish() -> int:
        for version in count(1):
            await cluster.publish(*(message(stream, version) for stream in streams))
            if enough.is_set():
                return version * len(streams)
            await asyncio.sleep(0.1)
        raise AssertionError("unreachable")

    async def has_its_share(of: Bench) -> None:
        async def reached() -> bool:
            return of.reactions >= 5

        await until(reached)

    publishing = asyncio.create_task(publish())
    async with cluster.consuming(bench):
        await has_its_share(bench)
        async with cluster.consuming(first):
            await has_its_share(first)
            async with cluster.consuming(second):
                await has_its_share(second)
        enough.set()
        published = await publishing
        await until_committed(cluster, published)
    assert await bench.total() == published
    assert await bench.parked() == []


async def test_a_gap_is_asked_for_over_kafka_and_heals(cluster: Cluster, bench: Bench) -> None:
    stream = uuid4()
    source = Bus(cluster.kafka, "there")

    async def republish(asked: UUID, from_version: int) -> None:
        await cluster.publish(*(message(asked, version) for version in range(from_version, 5)))

    source.republish_on_request(republish, bench.database)
    async with source.connected(), cluster.consuming(bench) as bus:
        bench.ask_again_with = bus.ask_again
        await cluster.publish(message(stream, 1), message(stream, 4))
        await until_total(bench, 4)
        await until_nothing_is_parked(bench)


async def test_requests_to_republish_survive_bad_ones_and_a_database_that_is_away(
    cluster: Cluster, bench: Bench
) -> None:
    stream, asked, failures = uuid4(), [], 2
    source = Bus(cluster.kafka, "there")

    async def republish(wanted: UUID, from_version: int) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise ConnectionError("on purpose")
        asked.append((wanted, from_version))

    source.republish_on_request(republish, bench.database)
    for body in (
        b"not json",
        b"{}",
        None,
        json.dumps({"source": "there", "stream": str(stream), "from_version": 10**12}).encode(),
        json.dumps({"source": "elsewhere", "stream": str(stream), "from_version": 1}).encode(),
        json.dumps({"source": "there", "stream": str(stream), "from_version": 3}).encode(),
    ):
        await cluster.send(b"there", body, topic=REPUBLISH_TOPIC)

    async def done() -> bool:
        return bool(asked)

    async with source.connected():
        await until(done)
    assert asked == [(stream, 3)]


async def test_a_source_that_was_never_reached_cannot_be_asked() -> None:
    with pytest.raises(SourceUnreachable):
        await Bus(Kafka("127.0.0.1:1"), "here").ask_again("there", uuid4(), 1)
