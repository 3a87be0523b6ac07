"""Reads what a service itself, or another source, has published, from where it was read before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaTimeoutError, UnknownTopicOrPartitionError

from shared.messaging.bus import CONNECT_SECONDS, Kafka
from shared.messaging.cloudevents import Message, read, source_of
from shared.messaging.errors import Undecodable

RECORDS = 2_000
"""Most records that are read from Kafka at a time."""
_POLL_MS = 1_000
_EMPTY_POLLS = 15
"""In a row, after which Kafka counts as away: the client itself would ask for ever."""
_UNREADABLE = (UnicodeDecodeError, CorruptRecordException)
"""What the client makes of a header key that is not UTF-8: in C, and in Python."""
_log = structlog.get_logger()

Take = Callable[[Sequence[Message]], Awaitable[None]]
"""Processes facts, in the order in which they lie in their partition."""


@dataclass(frozen=True)
class Checked:
    """How far a partition was checked."""

    next: int
    last_timestamp: int | None
    """Kafka's timestamp of the record before `next`: that of another record shows that the topic was made anew."""


@asynccontextmanager
async def reading(kafka: Kafka, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Yields a consumer of all partitions of a topic, without a consumer group.

    Raises KafkaError if Kafka is unreachable or the topic does not exist.
    """
    consumer = AIOKafkaConsumer(
        kafka.name(topic),
        **kafka.client(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        max_poll_records=RECORDS,
    )
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await consumer.start()
        if not consumer.assignment():
            raise UnknownTopicOrPartitionError(kafka.name(topic))
        yield consumer
    finally:
        await consumer.stop()


async def read_own(
    consumer: AIOKafkaConsumer, source: str, checked: Mapping[int, Checked], take: Take
) -> dict[int, Checked]:
    """Gives all facts of a source that were not checked before to `take`; returns how far each partition was read.

    Reads a partition up to where it ended when the reading began. A partition that is shorter than was checked, or
    whose record before the checked offset is another one, belongs to a recreated topic: it is read from its beginning.
    """
    return await read_facts(consumer, frozenset({source}), checked, take)


async def read_facts(
    consumer: AIOKafkaConsumer, sources: Container[str | None], checked: Mapping[int, Checked], take: Take
) -> dict[int, Checked]:
    """Gives all facts of several sources that were not checked before to `take`; see `read_own`."""
    partitions = consumer.assignment()
    begins = await consumer.beginning_offsets(list(partitions))
    ends = await consumer.end_offsets(list(partitions))
    stands: dict[TopicPartition, Checked] = {}
    for partition in partitions:
        known = checked.get(partition.partition)
        if known is None or not begins[partition] < known.next <= ends[partition]:
            stands[partition] = Checked(begins[partition], None)
            consumer.seek(partition, begins[partition])
        else:
            stands[partition] = known
            consumer.seek(partition, known.next - 1)  # read again, to be compared
    unfinished = {partition for partition in partitions if begins[partition] < ends[partition]}
    consumer.pause(*(partitions - unfinished))
    while unfinished:
        for partition, records in (await _records(consumer, unfinished, ends)).items():
            fresh = _not_checked(records, stands[partition])
            if fresh is None:
                _log.warning("own_facts_read_from_the_beginning", topic=partition.topic, partition=partition.partition)
                stands[partition] = Checked(begins[partition], None)
                consumer.seek(partition, begins[partition])
                continue
            if found := list(_own_facts(fresh, sources)):
                await take(found)
            if fresh:
                stands[partition] = Checked(fresh[-1].offset + 1, fresh[-1].timestamp)
            if await consumer.position(partition) >= ends[partition]:
                unfinished.discard(partition)
                consumer.pause(partition)
    return {partition.partition: stand for partition, stand in stands.items()}


async def newest(consumer: AIOKafkaConsumer, moved_since: Mapping[int, Checked]) -> dict[int, Any]:
    """Returns the last record of each partition that has grown since it was checked."""
    partitions = consumer.assignment()
    ends = await consumer.end_offsets(list(partitions))
    wanted = {
        partition: end
        for partition, end in ends.items()
        if end > (moved_since[partition.partition].next if partition.partition in moved_since else 0)
    }
    consumer.pause(*(partitions - wanted.keys()))
    for partition, end in wanted.items():
        consumer.resume(partition)
        consumer.seek(partition, end - 1)
    found: dict[int, Any] = {}
    unfinished = set(wanted)
    while unfinished:
        for partition, records in (await _records(consumer, unfinished, wanted)).items():
            before_end = [record for record in records if record.offset < wanted[partition]]
            if before_end:
                found[partition.partition] = before_end[-1]
            unfinished.discard(partition)
            consumer.pause(partition)
    return found


def own_fact(record: Any, source: str) -> Message | None:
    """Returns the fact in a record of this source; None if another source wrote it, or if it is no fact."""
    return next(_own_facts([record], frozenset({source})), None)


async def _records(
    consumer: AIOKafkaConsumer, unfinished: set[TopicPartition], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, list[Any]]:
    """What comes next; a record batch that the client cannot read is stepped over, offset by offset, and logged.

    What was own in it shows as a gap before the facts that follow it.
    """
    for _ in range(_EMPTY_POLLS):
        if found := await _poll(consumer, unfinished, ends):
            return found
    raise KafkaTimeoutError("no records come, although there are some")


async def _poll(
    consumer: AIOKafkaConsumer, unfinished: set[TopicPartition], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, list[Any]]:
    stood = {partition: await consumer.position(partition) for partition in unfinished}
    try:
        found: dict[TopicPartition, list[Any]] = await consumer.getmany(*unfinished, timeout_ms=_POLL_MS)
    except _UNREADABLE:  # a header key; positions of other partitions have moved already
        found = {}
        for partition, offset in stood.items():
            consumer.seek(partition, offset)
        for partition in unfinished:
            try:
                found[partition] = (await consumer.getmany(partition, timeout_ms=_POLL_MS)).get(partition, [])
            except _UNREADABLE as error:
                _log.error(
                    "record_does_not_read", partition=partition.partition, offset=stood[partition], error=str(error)
                )
                consumer.seek(partition, stood[partition] + 1)
                found[partition] = []
    for partition in unfinished - found.keys():
        if await consumer.position(partition) >= ends[partition]:  # its last offsets hold no record
            found[partition] = []
    return found


def _not_checked(records: Sequence[Any], stand: Checked) -> Sequence[Any] | None:
    """Without the record before the checked offset; None where that is another record than it was."""
    for number, record in enumerate(records):
        if record.offset >= stand.next:
            return records[number:]
        if stand.last_timestamp is not None and record.timestamp != stand.last_timestamp:
            return None
    return []


def _own_facts(records: Iterable[Any], sources: Container[str | None]) -> Iterator[Message]:
    for record in records:
        if source_of(record.headers) not in sources:
            continue
        try:
            message = read(record.headers, record.value)
            _ = message.occurred_at.astimezone(UTC), message.recorded_at.astimezone(UTC)
        except (Undecodable, OverflowError) as error:
            _log.error("own_record_is_no_fact", partition=record.partition, offset=record.offset, error=repr(error))
        else:
            yield message
