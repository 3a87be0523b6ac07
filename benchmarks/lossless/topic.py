"""Reads the topic record by record, because it may be larger than memory; deletes and creates it again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from benchmarks.lossless.evidence import Connection
from migrations.topics import TOPICS, create_topics
from shared.messaging import lenient_records
from shared.messaging.kafka_record import Record
from shared.service import AGREEMENTS_TOPIC

COLUMNS = ("partition", "offset", "source", "stream", "version", "event_id")
TopicMessage = tuple[int, int, str, str, int, str]
PARTITIONS = [TopicPartition(AGREEMENTS_TOPIC, number) for number in range(TOPICS[AGREEMENTS_TOPIC])]
PLANTED = "ce_planted"
"""The header of records that no source has published."""
_WITH_A_LOG = ("offers", "guidance")
_OFFSETS_OF_ONE_TOPIC = 2**40
"""Added to the offsets of each later topic of the same name, so that they come after those of the earlier one."""
_SMALL_SEGMENTS = {"segment.bytes": str(16 * 1024 * 1024)}
"""A killed broker reads unfinished segments again at its start; with Kafka's default size, the whole topic."""


async def make(kafka: str) -> None:
    """Creates all topics that are missing."""
    await create_topics(kafka)
    async with _admin(kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, AGREEMENTS_TOPIC, _SMALL_SEGMENTS)])


async def recreate(kafka: str) -> None:
    """Deletes the topic with its records, and creates it again, so that offsets begin at 0."""
    while True:
        try:
            await _remove(kafka)
            await make(kafka)
        except KafkaError:  # it is still being removed, or not known everywhere yet
            await asyncio.sleep(0.1)
        else:
            return


async def _remove(kafka: str) -> None:
    async with _admin(kafka) as admin:
        await admin.delete_topics([AGREEMENTS_TOPIC])
        while AGREEMENTS_TOPIC in await admin.list_topics():
            await asyncio.sleep(0.1)


async def record_messages(kafka: str, connection: Connection, generation: int) -> None:
    """Copies all messages that are on the topic now; `generation` is how often the topic was created again."""
    raised = generation * _OFFSETS_OF_ONE_TOPIC
    records = ((partition, offset + raised, *rest) async for partition, offset, *rest in _messages(kafka))
    await connection.copy_records_to_table("messages", schema_name="lossless", columns=COLUMNS, records=records)


async def ends(kafka: str) -> dict[int, int]:
    """Returns the offset that the next record of each partition will have."""
    async with _reader(kafka) as consumer:
        return {partition.partition: end for partition, end in (await consumer.end_offsets(PARTITIONS)).items()}


async def _messages(kafka: str) -> AsyncIterator[TopicMessage]:
    """Yields every message of a source with a log, as a tuple of COLUMNS; each partition in its order."""
    lenient_records.install()
    async with _reader(kafka) as consumer:
        consumer.assign(PARTITIONS)
        until = await consumer.end_offsets(PARTITIONS)
        while any([await consumer.position(partition) < end for partition, end in until.items()]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                for record in map(Record.of, records):
                    source = record.header("ce_source")
                    if source in _WITH_A_LOG and record.header(PLANTED) is None:
                        yield (
                            record.partition,
                            record.offset,
                            source,
                            record.header("ce_subject") or "",
                            int(record.header("ce_sequence") or 0),
                            record.event_id,
                        )


@asynccontextmanager
async def _reader(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def _admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
