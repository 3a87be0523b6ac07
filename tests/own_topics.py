"""Topics of a test's own, deleted afterwards; with few partitions, since a broker is busy with 150 for every test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient

from migrations.topics import TOPICS, create_topics
from shared.messaging.bus import Kafka

FEW = {name: min(count, 6) for name, count in TOPICS.items()}


@asynccontextmanager
async def own_topics(kafka: str, partitions: Mapping[str, int] = FEW) -> AsyncIterator[Kafka]:
    """All topics of a system, under a prefix that no other test has, with so many partitions each."""
    cluster = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    await create_topics(kafka, prefix=cluster.prefix, partitions=partitions)
    try:
        yield cluster
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(cluster.prefix)])
        finally:
            await admin.close()
