"""The Kafka topics, with the number of partitions that they keep for ever (order is per key)."""

import asyncio
import time

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

TOPICS = {"agreements": 48, "orders": 48, "register": 48, "republish": 1, "heads": 1}
PATIENCE_SECONDS = 60.0
_FOR_EVER = {"retention.ms": "-1"}
_ONE_HOUR = {"retention.ms": "3600000"}
_ANSWERS = frozenset({"heads"})
"""Topics whose records are of use to who asked for them, and to nobody later."""


async def connected_admin(kafka: str) -> AIOKafkaAdminClient:
    """Connected; a Kafka that is just starting is waited for."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        try:
            await admin.start()
        except KafkaConnectionError:
            await admin.close()
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)
        else:
            return admin


async def create_topics(kafka: str, *, prefix: str = "", replication_factor: int = 1) -> None:
    """Create the topics that are missing; the others stay as they are."""
    admin = await connected_admin(kafka)
    try:
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(
                f"{prefix}{name}",
                partitions,
                replication_factor,
                topic_configs=_ONE_HOUR if name in _ANSWERS else _FOR_EVER,
            )
            for name, partitions in TOPICS.items()
            if f"{prefix}{name}" not in existing
        ]
        if missing:
            response = await admin.create_topics(missing)
            for topic, code, message, *_ in response.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {topic}: {message}")
    finally:
        await admin.close()
