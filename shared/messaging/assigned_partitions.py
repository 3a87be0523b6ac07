"""Where a reader stands in each partition that was assigned to it.

The rows of its database say so, as far as Kafka still holds what they point to. Of an answer of Kafka only what
comes next is taken. A log that was cut, or made anew, is found out and read from its beginning.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from shared.eventstore.database import Database
from shared.messaging import positions, reconciliation_state
from shared.messaging.kafka_record import Record
from shared.messaging.positions import LastRecord, Move, Position

LOOK_SECONDS = 2.0
"""How soon a position that somebody else has moved is noticed while no records come."""
CHECK_SECONDS = 60.0
"""Seconds between two checks of the last processed record: reading it again shows whether the topic was recreated."""
ASK_ENDS_AGAIN_SECONDS = 1.0
"""A replica that has just become the leader may not know yet where the log ends."""
_log = structlog.get_logger()


@dataclass
class _Place:
    """Where the reader stands in a partition that was assigned to it."""

    position: Position
    checking: bool = False
    """Whether the record that comes next must be the last one taken."""


@dataclass(frozen=True)
class Batch:
    """The records of an answer that are to be processed, and the moves of position that they lead to."""

    records: list[Record] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


class AssignedPartitions:
    """The partitions that are assigned to one reader, each at the position that was read from its row or moved here."""

    def __init__(
        self,
        database: Database,
        client: Callable[[], AIOKafkaConsumer],
        *,
        consumer: str,
        service: str,
        sources: Iterable[str],
    ) -> None:
        """`client` raises ConsumerStoppedError where the Kafka client is closed."""
        self._database = database
        self._client = client
        self._consumer = consumer
        self._service = service
        self._sources = tuple(sorted(sources))
        self._places: dict[TopicPartition, _Place] = {}
        self._surprised: set[tuple[TopicPartition, int]] = set()
        """Where another record came than was expected, when it was read the first time."""
        self._untold: dict[TopicPartition, int] = {}
        self._next_look = 0.0
        self._next_check = time.monotonic() + CHECK_SECONDS

    @property
    def next_offsets(self) -> dict[TopicPartition, int]:
        """Returns the offset of the next record to be processed in each partition."""
        return {partition: place.position.next for partition, place in self._places.items()}

    def moved_since_asked(self) -> dict[TopicPartition, int]:
        """Returns the next offsets of the partitions that have moved since the last call."""
        moved, self._untold = self._untold, {}
        return moved

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Stops these partitions: drops their records until `resume` gives them positions again."""
        for partition in partitions:
            self._places.pop(partition, None)

    def forget_all(self) -> None:
        """Stops all partitions until `resume` gives them positions again.

        Records received until then are dropped, and read again later.
        """
        self._places.clear()

    async def next_batch(self, answer: Mapping[TopicPartition, Sequence[Any]]) -> Batch:
        """Returns the records that come next in the partitions that are still assigned.

        Records of other partitions are dropped, and read again later.
        """
        batch = Batch()
        astray: list[TopicPartition] = []
        for partition, found in answer.items():
            place = self._places.get(partition)
            if place is None:
                astray.append(partition)
                continue
            records = [Record.of(raw) for raw in found]
            if place.checking and place.position.last is not None:
                if not _is_last(records[0], place.position.last):
                    if self._for_the_first_time(partition, place.position.last.offset):
                        astray.append(partition)
                    else:
                        await self._begin_again(partition, "its last record that was taken is not there any more")
                    continue
                place.checking = False
                records = records[1:]
            records = [record for record in records if record.offset >= place.position.next]
            if not records:
                continue
            if records[0].offset > place.position.next:
                # Offsets hold no record where a transaction ended, and where records were removed.
                if self._for_the_first_time(partition, place.position.next):
                    astray.append(partition)
                    continue
                _log.info("offsets_hold_no_record", partition=str(partition), first=place.position.next)
            batch.records.extend(records)
            last = records[-1]
            after = Position(last.offset + 1, LastRecord(last.offset, last.timestamp, last.event_id))
            batch.moves.append(Move(partition, place.position, after))
        if astray:
            await self.resume(partition for partition in astray if partition in self._client().assignment())
        return batch

    async def move(self, moves: Sequence[Move]) -> None:
        """Moves the stored positions; rereads the position of a partition that another process has moved meanwhile."""
        async with self._database.acquire() as connection:
            lost = await positions.move(connection, self._consumer, moves)
        for one in moves:
            if one.partition not in lost and one.partition in self._places:
                self._places[one.partition].position = one.after
                self._untold[one.partition] = one.after.next
        if lost:
            _log.warning(
                "position_was_moved_by_another", service=self._service, consumer=self._consumer, partitions=len(lost)
            )
            await self.resume(lost)

    async def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Moves to the positions in the database; a partition without one is read from its beginning."""
        consumer, wanted = self._client(), list(partitions)
        if not wanted:
            return
        async with self._database.acquire() as connection:
            known = await positions.positions(connection, self._consumer, wanted)
            unknown = [partition for partition in wanted if partition not in known]
            if unknown:
                await positions.begin(connection, self._consumer, await consumer.beginning_offsets(unknown))
                known |= await positions.positions(connection, self._consumer, unknown)
        mine = [partition for partition in known if partition in consumer.assignment()]
        begins, ends = await consumer.beginning_offsets(mine), await consumer.end_offsets(mine)
        for partition in wanted:
            if partition in mine and partition in consumer.assignment():
                self._stand(partition, known[partition], begins[partition])
            else:
                self._places.pop(partition, None)
        for partition in mine:
            if not begins[partition] <= known[partition].next <= ends[partition]:
                await self._find_the_log(partition, known[partition].next)

    async def find_the_logs(self, error: OffsetOutOfRangeError) -> None:
        """Moves to offsets that Kafka holds, after it was asked for offsets that it does not hold."""
        (asked,) = error.args
        for partition, offset in dict(asked).items():
            await self._find_the_log(partition, offset)

    async def look_whether_moved(self) -> None:
        """Follows positions that an operator moved while no records came, and skips offsets that hold no record."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        if passed := await self._offsets_without_records():
            await self.move(passed)
        async with self._database.acquire() as connection:
            known = await positions.positions(connection, self._consumer, self._places)
        moved = {p for p, place in self._places.items() if p in known and known[p].next != place.position.next}
        moved |= {p for p in self._client().assignment() if p not in self._places}
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + CHECK_SECONDS
            moved |= self._places.keys()
        await self.resume(moved)

    def _for_the_first_time(self, partition: TopicPartition, offset: int) -> bool:
        """Whether a partition surprises there for the first time: then it is read again, in case the client erred."""
        where = (partition, offset)
        if where in self._surprised:
            self._surprised.discard(where)
            return False
        self._surprised.add(where)
        return True

    def _stand(self, partition: TopicPartition, position: Position, begins: int) -> None:
        """Go to a position; where the last record that was taken is still there, it is read again first."""
        last = position.last
        # Whoever moves a row back may leave the last record in it: that one lies ahead now, and tells nothing yet.
        checking = last is not None and begins <= last.offset < position.next
        self._places[partition] = _Place(position, checking)
        self._client().seek(partition, last.offset if checking and last is not None else position.next)

    async def _find_the_log(self, partition: TopicPartition, offset: int) -> None:
        """An offset lies outside of what Kafka holds: records were removed, or it is another log than before."""
        place = self._places.get(partition)
        if place is None:
            return
        begins, ends = await self._bounds(partition)
        if not begins <= offset <= ends:
            await asyncio.sleep(ASK_ENDS_AGAIN_SECONDS)
            begins, ends = await self._bounds(partition)
        if begins <= place.position.next <= ends:
            self._stand(partition, place.position, begins)
        elif place.position.next < begins:
            await self._begin_again(partition, f"records {place.position.next} to {begins - 1} were removed")
        else:
            await self._begin_again(partition, f"it ends at {ends}, and had been read to {place.position.next}")

    async def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        consumer = self._client()
        begins, ends = await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition])
        return begins[partition], ends[partition]

    async def _begin_again(self, partition: TopicPartition, why: str) -> None:
        """Read a partition from its beginning; the inbox knows duplicates, and what is gone is asked of the sources."""
        place = self._places[partition]
        begins = (await self._client().beginning_offsets([partition]))[partition]
        _log.error("partition_is_read_from_its_beginning", service=self._service, partition=str(partition), why=why)
        async with self._database.acquire() as connection, connection.transaction():
            await positions.move(connection, self._consumer, [Move(partition, place.position, Position(begins))])
            await reconciliation_state.compare_all_again(connection, self._sources, because=f"{partition}: {why}")
        await self.resume([partition])

    async def _offsets_without_records(self) -> list[Move]:
        """Where the client has come further than the records that it gave: a transaction's end has an offset, too.

        Else a topic that ends with one would never count as read to its end.
        """
        client, moves = self._client(), []
        for partition in client.assignment():
            place = self._places.get(partition)
            if place is None or place.checking:
                continue
            reached = await client.position(partition)
            if reached > place.position.next:
                moves.append(Move(partition, place.position, Position(reached, place.position.last)))
        return moves


def _is_last(record: Record, last: LastRecord) -> bool:
    return last == LastRecord(record.offset, record.timestamp, record.event_id)
