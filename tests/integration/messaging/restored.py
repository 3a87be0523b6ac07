"""A source that publishes to Kafka, copies of its database as backups, and what stands in each of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.servers import Servers
from shared.eventstore.events import EventTypes
from shared.messaging.bus import Kafka
from shared.messaging.recovery_from_kafka import Recovery
from shared.messaging.relay import Relay
from tests.integration.eventstore.counter import COUNTER, FACTS
from tests.integration.messaging.reacting import Bench, open_bench

SOURCE, TOPIC = "offers", "facts"
_EVENTS = """
select stream, version, epoch, event_id, type, schema_version, data, metadata, occurred_at, recorded_at
from offers.events order by stream, version
"""


@asynccontextmanager
async def own_topic(kafka: str) -> AsyncIterator[Kafka]:
    """A topic of the test's own, deleted afterwards."""
    cluster = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    await make_topic(cluster)
    yield cluster
    await delete_topic(cluster)


async def make_topic(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    await admin.create_topics([NewTopic(kafka.name(TOPIC), 2, 1)])
    await admin.close()


async def delete_topic(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    await admin.delete_topics([kafka.name(TOPIC)])
    await admin.close()


@asynccontextmanager
async def publishing(dsn: str, kafka: Kafka) -> AsyncIterator[Bench]:
    """A source whose events go to Kafka; left once all of them are there."""
    async with open_bench(dsn) as source:
        relay = Relay(dsn=dsn, source=SOURCE, topic=TOPIC, kafka=kafka, store=source.store)
        relaying = asyncio.create_task(relay.run())
        yield source
        async with asyncio.timeout(60), source.database.acquire() as connection:
            while await connection.fetchval("select newest_position() > checkpoint from relay"):
                await asyncio.sleep(0.02)
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)


@asynccontextmanager
async def backup_of(servers: Servers, dsn: str) -> AsyncIterator[str]:
    """A copy of a database as it stands, dropped afterwards; its URL."""
    address, _, database = dsn.rpartition("/")
    name = f"backup_{uuid4().hex}"
    connection = await asyncpg.connect(servers.postgres_dsn)
    await connection.execute(f"create database {name} template {database}")
    try:
        yield f"{address}/{name}"
    finally:
        await connection.execute(f"drop database {name} with (force)")
        await connection.close()


def recovery(bench: Bench, kafka: Kafka) -> Recovery:
    return Recovery(bench.database, EventTypes(FACTS), [COUNTER], source=SOURCE, kafka=kafka, topic=TOPIC)


async def rows(dsn: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
    try:
        return [tuple(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def events(dsn: str) -> list[tuple[Any, ...]]:
    """Everything of them that is public."""
    return await rows(dsn, _EVENTS)


async def side_rows(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """What is derived from the events."""
    statements = {
        "streams": "select id, version from streams order by 1",
        "timers": "select stream, name, due from timers order by 1, 2",
        "reservations": "select name, stream from reservations order by 1",
        "log": "select epoch from log",
    }
    return {name: await rows(dsn, statement) for name, statement in statements.items()}
