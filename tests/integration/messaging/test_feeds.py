"""Some streams of a log go to a topic of their own, under a source of their own, with all that a topic promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.servers import Servers
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging import reconciler
from shared.messaging.bus import REPUBLISH_TOPIC, Bus, Kafka, Publishers
from shared.messaging.cloudevents import Message
from shared.messaging.feeds import Feed
from shared.messaging.heads import HEADS_TOPIC, HeadsRequest, answer
from shared.messaging.published_facts import read_own, reading
from shared.messaging.recovery_from_kafka import Outcome, Recovery
from shared.messaging.relay import Relay
from shared.service import republisher
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, SetAlarm
from tests.integration.messaging.reacting import NOW, Bench, open_bench
from tests.integration.messaging.restored import backup_of, events
from tests.integration.messaging.test_completeness import until

SOURCE, TOPIC = "offers", "facts"
ALARMS = Feed("alarms-of-offers", "alarms", frozenset({"AlarmSet", "Rang"}))
"""A stream counts or it sets alarms; those that set alarms are published apart."""


@dataclass
class Published:
    """A source that publishes some of its streams apart, and its log."""

    bench: Bench
    kafka: Kafka
    dsn: str

    async def count(self, stream: UUID) -> None:
        await self._give(stream, Count(1))

    async def set_alarm(self, stream: UUID) -> None:
        await self._give(stream, SetAlarm(NOW))

    async def _give(self, stream: UUID, command: Count | SetAlarm) -> None:
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.bench.store, [Intent(COUNTER, stream, command)], at=NOW, metadata=metadata)

    @asynccontextmanager
    async def relaying(self, *apart: Feed) -> AsyncIterator[None]:
        relay = Relay(dsn=self.dsn, source=SOURCE, topic=TOPIC, kafka=self.kafka, store=self.bench.store, apart=apart)
        running = asyncio.create_task(relay.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def relay_all(self, *apart: Feed) -> None:
        """Publishes what was recorded and what was asked for again."""
        async with self.relaying(*apart):
            await until(self._all_is_sent)

    async def _all_is_sent(self) -> bool:
        async with self.bench.database.acquire() as connection:
            return bool(
                await connection.fetchval(
                    """select newest_position() = checkpoint and not exists (select from republications) from relay"""
                )
            )

    async def on(self, topic: str, source: str) -> list[tuple[UUID, int]]:
        """Stream and version of every fact of a source on a topic, in the order of each partition."""
        found: list[tuple[UUID, int]] = []

        async def take(facts: Sequence[Message]) -> None:
            found.extend((fact.stream, fact.version) for fact in facts)

        async with reading(self.kafka, topic) as consumer:
            await read_own(consumer, source, {}, take)
        return found


@pytest.fixture
async def cluster(kafka: str) -> Kafka:
    names = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = {TOPIC: 2, ALARMS.topic: 2, REPUBLISH_TOPIC: 1, HEADS_TOPIC: 1}
    await admin.create_topics([NewTopic(names.name(topic), count, 1) for topic, count in topics.items()])
    await admin.close()
    return names


@pytest.fixture
async def published(postgres_dsn: str, cluster: Kafka) -> AsyncIterator[Published]:
    async with open_bench(postgres_dsn) as bench:
        yield Published(bench, cluster, postgres_dsn)


async def test_each_stream_goes_to_its_topic_under_its_source_and_in_its_order(published: Published) -> None:
    counts, alarms = uuid4(), uuid4()
    for _ in range(3):
        await published.count(counts)
        await published.set_alarm(alarms)
    await published.relay_all(ALARMS)
    assert await published.on(TOPIC, SOURCE) == [(counts, version) for version in (1, 2, 3)]
    assert await published.on(ALARMS.topic, ALARMS.source) == [(alarms, version) for version in (1, 2, 3)]
    assert await published.on(TOPIC, ALARMS.source) == await published.on(ALARMS.topic, SOURCE) == []


async def test_a_relay_that_was_killed_repeats_on_both_topics_and_skips_on_neither(published: Published) -> None:
    counts, alarms = uuid4(), uuid4()
    for _ in range(2):
        await published.count(counts)
        await published.set_alarm(alarms)
    await published.relay_all(ALARMS)
    async with published.bench.database.acquire() as connection:  # as if it had died before the checkpoint moved
        await connection.execute("update relay set checkpoint = 2")
    await published.set_alarm(alarms)
    await published.relay_all(ALARMS)
    assert [version for _, version in await published.on(TOPIC, SOURCE)] == [1, 2, 2]
    assert [version for _, version in await published.on(ALARMS.topic, ALARMS.source)] == [1, 2, 2, 3]


async def test_what_is_asked_for_again_comes_on_its_own_topic(published: Published) -> None:
    alarms = uuid4()
    for _ in range(3):
        await published.set_alarm(alarms)
    await published.relay_all(ALARMS)
    await republisher(published.bench.database)(alarms, 2)
    await published.relay_all(ALARMS)
    assert [version for _, version in await published.on(ALARMS.topic, ALARMS.source)] == [1, 2, 3, 2, 3]
    assert await published.on(TOPIC, SOURCE) == []


async def test_heads_of_a_source_name_its_own_streams_alone(published: Published) -> None:
    counts, alarms = uuid4(), uuid4()
    await published.count(counts)
    await published.set_alarm(alarms)
    await published.relay_all(ALARMS)
    async with published.bench.database.acquire() as connection:
        for source, own in ((SOURCE, counts), (ALARMS.source, alarms)):
            after = HeadsRequest(source=source, answer_to=uuid4(), after=0)
            named = HeadsRequest(source=source, answer_to=uuid4(), streams=(counts, alarms))
            for asked in (after, named):
                told = await answer(connection, asked, (ALARMS,))
                assert [head.stream for head in told.heads] == [own], (source, asked)
                assert (told.source, told.up_to, told.end) == (source, 2, 2)


async def test_a_reader_that_lacks_a_stream_of_either_source_gets_it_again(
    published: Published, other_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "EVERY_SECONDS", 0.2)
    counts, alarms = uuid4(), uuid4()
    for _ in range(2):
        await published.count(counts)
        await published.set_alarm(alarms)
    answering = Bus(published.kafka, SOURCE)
    answering.republish_on_request(republisher(published.bench.database), published.bench.database, (ALARMS,))
    async with open_bench(other_postgres_dsn) as reader, published.relaying(ALARMS), answering.connected():
        other = Bench(reader.database, reader.store)
        bus = Bus(published.kafka, "here")
        for bench, topic, source in ((reader, TOPIC, SOURCE), (other, ALARMS.topic, ALARMS.source)):
            bench.ask_again_with = bus.ask_again
            bus.consume(topic, bench.reactor, purpose=topic, sources=Publishers(frozenset({source})))
            bus.compare(bench.reactor, purpose=topic, sources=(source,))

        async def inbox() -> set[tuple[str, UUID, int]]:
            async with reader.database.acquire() as connection:
                rows = await connection.fetch("select source, stream, version from inbox")
            return {(row["source"], row["stream"], row["version"]) for row in rows}

        whole = {(SOURCE, counts, 2), (ALARMS.source, alarms, 2)}

        async def has_all() -> bool:
            return await inbox() == whole

        async def has_all_again() -> bool:
            if await has_all():
                return True
            async with reader.database.acquire() as connection:  # a comparison that was under way may have noted it
                await connection.execute("delete from compared_sources")
            return False

        async with bus.connected():
            await until(has_all)
            async with reader.database.acquire() as connection:  # as if it had passed over all of them
                await connection.execute("delete from inbox; delete from compared_sources")
            await until(has_all_again)
        assert await reader.parked() == []


async def test_a_restored_source_takes_back_what_it_published_on_either_topic(
    servers: Servers, postgres_dsn: str, cluster: Kafka
) -> None:
    counts, alarms = uuid4(), uuid4()

    async def record(times: int, *apart: Feed) -> None:
        async with open_bench(postgres_dsn) as bench:
            published = Published(bench, cluster, postgres_dsn)
            for _ in range(times):
                await published.count(counts)
                await published.set_alarm(alarms)
            await published.relay_all(*apart)

    await record(1)  # by the release before: all on one topic
    async with backup_of(servers, postgres_dsn) as restored:
        await record(2, ALARMS)
        async with open_bench(restored) as bench:
            types = EventTypes(FACTS)
            taking = Recovery(
                bench.database, types, [COUNTER], source=SOURCE, kafka=cluster, topic=TOPIC, apart=(ALARMS,)
            )
            assert await taking.run() == Outcome(recovered=4)
            await taking.keep_checked()
            assert await taking.run() == Outcome()
        assert await events(restored) == await events(postgres_dsn)
