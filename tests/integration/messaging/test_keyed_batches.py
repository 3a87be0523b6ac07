"""Batches of a partition hold what single sends would have put there, in the same order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.messaging import keyed_batches

PARTITIONS = 5
TOPIC = "batches"
SINGLY = "singly"


@pytest.fixture
async def topics(kafka: str) -> dict[str, str]:
    """Two topics of the test's own, by their purpose."""
    names = {purpose: f"test-{uuid4().hex[:8]}-{purpose}" for purpose in (TOPIC, SINGLY)}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names.values()])
    await admin.close()
    return names


@asynccontextmanager
async def producing(kafka: str, max_batch_size: int) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, max_batch_size=max_batch_size)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def read(kafka: str, topic: str) -> dict[int, list[tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]]]:
    """Key, body and headers of everything, by partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[int, list[tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]]] = {}
    for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=500)).values():
                found.setdefault(partition.partition, []).extend((one.key, one.value, one.headers) for one in records)
    await consumer.stop()
    return found


@pytest.mark.parametrize("max_batch_size", [1, 500, 1_000_000], ids=["one each", "several", "all in one"])
async def test_every_record_stands_where_a_single_send_puts_it(
    kafka: str, topics: dict[str, str], max_batch_size: int
) -> None:
    keys = [str(uuid4()).encode() for _ in range(30)]
    records: list[keyed_batches.Record] = [
        (key, b"%d" % number, [("number", b"%d" % number)]) for number in range(10) for key in keys
    ]
    async with producing(kafka, max_batch_size) as producer:
        await (await keyed_batches.send(producer, topics[TOPIC], records))
        for key, body, headers in records:
            await producer.send(topics[SINGLY], body, key=key, headers=headers)
    assert await read(kafka, topics[TOPIC]) == await read(kafka, topics[SINGLY])


async def test_nothing_to_send_is_acknowledged(kafka: str, topics: dict[str, str]) -> None:
    async with producing(kafka, 1000) as producer:
        assert await (await keyed_batches.send(producer, topics[TOPIC], [])) == []
