"""A source that was restored from an older backup raises its epoch, and nothing new is taken for a repeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg

from deploy.local.servers import Servers
from shared.messaging.bus import Bus, Kafka
from tests.integration.messaging.reacting import Bench, open_bench
from tests.integration.messaging.restored import SOURCE, TOPIC, backup_of, own_topic, publishing


@asynccontextmanager
async def hearing(dsn: str, kafka: Kafka) -> AsyncIterator[Bench]:
    """Another service, which counts what it hears."""
    async with open_bench(dsn) as reader:
        bus = Bus(kafka, "here")
        bus.consume(TOPIC, reader.reactor, purpose="reactions")
        async with bus.connected():
            yield reader


async def until_total(reader: Bench, total: int) -> None:
    async with asyncio.timeout(20):
        while await reader.total() < total:
            await asyncio.sleep(0.02)


async def add(source: Bench, stream: UUID, *values: int) -> None:
    for by in values:
        await source.count(stream, by)


async def test_facts_after_a_restore_are_taken_although_their_versions_were_taken_before(
    servers: Servers, postgres_dsn: str, other_postgres_dsn: str
) -> None:
    async with own_topic(servers.kafka_bootstrap) as kafka:
        stream = uuid4()
        async with hearing(other_postgres_dsn, kafka) as reader:
            async with publishing(postgres_dsn, kafka) as source:
                await add(source, stream, 1)
            async with backup_of(servers, postgres_dsn) as restored:
                async with publishing(postgres_dsn, kafka) as source:
                    await add(source, stream, 10, 100)  # recorded after the backup, and lost with the server
                    await until_total(reader, 111)
                connection = await asyncpg.connect(restored)
                await connection.execute(f"update {SOURCE}.log set epoch = epoch + 1")
                await connection.close()
                async with publishing(restored, kafka) as source:
                    await add(source, stream, 200, 300, 5)
                    await until_total(reader, 616)
            assert (await reader.total(), await reader.parked()) == (616, [])
