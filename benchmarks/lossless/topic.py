"""What lies on the topic, read record by record: it may be larger than memory."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition

from migrations.topics import TOPICS
from shared.service import AGREEMENTS_TOPIC

COLUMNS = ("partition", "offset", "source", "stream", "version", "event_id")
Heard = tuple[int, int, str, str, int, str]
_PARTITIONS = [TopicPartition(AGREEMENTS_TOPIC, number) for number in range(TOPICS[AGREEMENTS_TOPIC])]


async def messages(kafka: str) -> AsyncIterator[Heard]:
    """Every message, as COLUMNS has it; each partition in its order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(_PARTITIONS)
        ends = await consumer.end_offsets(_PARTITIONS)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                for record in records:
                    about = dict(record.headers)
                    yield (
                        record.partition,
                        record.offset,
                        about["ce_source"].decode(),
                        about["ce_subject"].decode(),
                        int(about["ce_sequence"]),
                        about["ce_id"].decode(),
                    )
    finally:
        await consumer.stop()
