"""Where consumers stood in Kafka is taken over once, by services that have taken facts and have no row yet."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition

from migrations.seed_positions import BECAUSE, seed_positions
from shared.messaging.bus import Kafka
from tests.own_topics import own_topics


@pytest.fixture
async def topics(kafka: str) -> AsyncIterator[Kafka]:
    async with own_topics(kafka) as names:
        yield names


async def commit(kafka: Kafka, group: str, topic: str, offset: int) -> None:
    """As an older release committed, for the first two partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers, group_id=kafka.name(group), enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(kafka.name(topic), number) for number in (0, 1)]
    consumer.assign(partitions)
    await consumer.commit({one: OffsetAndMetadata(offset, "") for one in partitions})
    await consumer.stop()


async def rows(dsn: str, service: str) -> list[tuple[str, str, int, int]]:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch(
        f"select consumer, topic, partition, next_offset from {service}.consumer_positions order by 1, 2, 3"
    )
    await connection.close()
    return [tuple(row) for row in found]


async def test_positions_are_taken_over_once_and_all_is_to_be_compared(topics: Kafka, postgres_dsn: str) -> None:
    await commit(topics, "aftale-control-reactions", "agreements", 7)
    await commit(topics, "aftale-control-reactions", "orders", 3)
    await commit(topics, "aftale-guidance-reactions", "agreements", 5)
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "insert into control.inbox (source, stream, epoch, version, event_id) values ('offers', $1, 1, 1, $1)", uuid4()
    )
    seed = await seed_positions(postgres_dsn, topics.servers, prefix=topics.prefix)
    assert seed == ["control"]
    agreements, orders = topics.name("agreements"), topics.name("orders")
    assert await rows(postgres_dsn, "control") == [
        ("orders", orders, 0, 3),
        ("orders", orders, 1, 3),
        ("reactions", agreements, 0, 7),
        ("reactions", agreements, 1, 7),
    ]
    assert await connection.fetchval("select full_because from control.compared_sources") == BECAUSE
    assert await rows(postgres_dsn, "guidance") == []  # it never took a fact: it begins at the beginning
    await connection.execute("update control.consumer_positions set next_offset = 9")
    assert await seed_positions(postgres_dsn, topics.servers, prefix=topics.prefix) == []
    assert {row[3] for row in await rows(postgres_dsn, "control")} == {9}
    await connection.close()
