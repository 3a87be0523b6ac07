"""Where a consumer stands: a row per topic and partition of the service's own database, moved once effects are durable.

Kafka's committed offsets are not read: they have run ahead of effects, and do not go back with a restored database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from shared.eventstore.database import Connection


@dataclass(frozen=True)
class LastRecord:
    """The newest record that was processed.

    It is read again on assignment, which shows whether the log is still the same.
    """

    offset: int
    timestamp: int
    """Kafka's timestamp, in milliseconds."""
    event_id: str
    """`ce_id` as received; empty if the record had none."""


@dataclass(frozen=True)
class Position:
    """The position of a consumer in a partition."""

    next: int
    """Offset of the next record to be processed."""
    last: LastRecord | None = None
    """None before the first record was processed."""


@dataclass(frozen=True)
class Move:
    """A step of a consumer in a partition, from the position that it read to the one after a batch."""

    partition: TopicPartition
    before: Position
    after: Position


async def positions(
    connection: Connection, consumer: str, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, Position]:
    """Returns the positions of the consumer in these partitions; omits a partition without a row."""
    asked = list(partitions)
    rows = await connection.fetch(
        """select p.topic, p.partition, p.next_offset, p.last_offset, p.last_timestamp, p.last_event_id
           from unnest($2::text[], $3::int[]) as asked(topic, partition)
           join consumer_positions p using (topic, partition)
           where p.consumer = $1""",
        consumer,
        [one.topic for one in asked],
        [one.partition for one in asked],
    )
    return {
        TopicPartition(row["topic"], row["partition"]): Position(
            row["next_offset"],
            None
            if row["last_offset"] is None
            else LastRecord(row["last_offset"], row["last_timestamp"], row["last_event_id"]),
        )
        for row in rows
    }


async def begin(connection: Connection, consumer: str, at: Mapping[TopicPartition, int]) -> None:
    """Adds positions at these offsets for partitions that have none; leaves existing positions unchanged."""
    await connection.execute(
        """insert into consumer_positions (consumer, topic, partition, next_offset)
           select $1, * from unnest($2::text[], $3::int[], $4::bigint[])
           on conflict do nothing""",
        consumer,
        [one.topic for one in at],
        [one.partition for one in at],
        list(at.values()),
    )


async def move(connection: Connection, consumer: str, moves: Sequence[Move]) -> set[TopicPartition]:
    """Moves positions by compare-and-set; returns the partitions whose position was not `before` any more.

    Does not wait for the disk: the effects that a move follows were written before it in the same log, and a move that
    is lost with the server only lets records be read once more.
    """
    rows = await connection.fetch(
        """with unsynchronised as materialized (select set_config('synchronous_commit', 'off', true))
           update consumer_positions p
           set next_offset = step.after, last_offset = step.last_offset, last_timestamp = step.last_timestamp,
               last_event_id = step.last_event_id, moved_at = clock_timestamp()
           from unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
                  as step(topic, partition, before, after, last_offset, last_timestamp, last_event_id),
                unsynchronised
           where p.consumer = $1 and p.topic = step.topic and p.partition = step.partition
             and p.next_offset = step.before
           returning p.topic, p.partition""",
        consumer,
        [one.partition.topic for one in moves],
        [one.partition.partition for one in moves],
        [one.before.next for one in moves],
        [one.after.next for one in moves],
        [one.after.last.offset if one.after.last else None for one in moves],
        [one.after.last.timestamp if one.after.last else None for one in moves],
        [one.after.last.event_id if one.after.last else None for one in moves],
    )
    moved = {TopicPartition(row["topic"], row["partition"]) for row in rows}
    return {one.partition for one in moves} - moved
