"""The Kafka topics, with their fixed number of partitions: events are ordered by key."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from shared.messaging.kafka_login import KafkaLogin

TOPICS = {"agreements": 48, "orders": 48, "register": 48, "people": 48, "notices": 48, "republish": 1, "heads": 1}
USUAL_SECONDS = 15.0
"""Seconds between two "Waiting for Kafka" messages."""
_FOR_EVER = {"retention.ms": "-1"}
_ONE_HOUR = {"retention.ms": "3600000"}
_ANSWERS = frozenset({"heads"})
"""Topics whose records only the service that asked needs, for a short time."""


@contextmanager
def quiet_client() -> Iterator[None]:
    """Silences aiokafka while Kafka is starting: it would log ten failed attempts a second."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def connected_admin(
    kafka: str, say: Callable[[str], None] = print, *, login: KafkaLogin | None = None
) -> AIOKafkaAdminClient:
    """Returns a connected client. Waits for Kafka without limit, and prints a line every 15 s."""
    begun = time.monotonic()
    say_at = begun + USUAL_SECONDS
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka, **(login.client() if login else {}))
        try:
            await admin.start()
        except KafkaConnectionError:
            await admin.close()
            if time.monotonic() > say_at:
                say(f"Waiting for Kafka at {kafka}, which does not answer yet ({time.monotonic() - begun:.0f} s) ...")
                say_at = time.monotonic() + USUAL_SECONDS
            await asyncio.sleep(0.1)
        else:
            return admin


async def create_topics(
    kafka: str,
    *,
    prefix: str = "",
    partitions: Mapping[str, int] = TOPICS,
    replication_factor: int = 1,
    say: Callable[[str], None] = print,
    login: KafkaLogin | None = None,
) -> None:
    """Creates missing topics and leaves the others unchanged. Waits for Kafka, and says so now and then."""
    with quiet_client():
        admin = await connected_admin(kafka, say, login=login)
    try:
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(
                f"{prefix}{name}",
                count,
                replication_factor,
                topic_configs=_ONE_HOUR if name in _ANSWERS else _FOR_EVER,
            )
            for name, count in partitions.items()
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
