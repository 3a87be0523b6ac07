"""The topics of one benchmark, deleted afterwards: a broker keeps something in memory for each of their partitions."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient

from migrations.topics import TOPICS, create_topics
from shared.kernel.bus import Kafka


@asynccontextmanager
async def own_topics(name: str) -> AsyncIterator[Kafka]:
    """All topics, under a prefix of this run. Reads AFTALE_KAFKA."""
    kafka = Kafka(os.environ["AFTALE_KAFKA"], f"bench-{name}-{uuid4().hex[:8]}-")
    await create_topics(kafka.servers, prefix=kafka.prefix)
    try:
        yield kafka
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
        await admin.start()
        await admin.delete_topics([kafka.name(topic) for topic in TOPICS])
        await admin.close()
