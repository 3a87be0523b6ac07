"""Reads topics for one consumer: from the positions of its own database, and back to them after whatever goes wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from shared.eventstore.database import DATABASE_AWAY, Database
from shared.messaging import completeness, positions
from shared.messaging.passing_faults import Backoff, NotAboutOneStream, until_it_works, will_pass
from shared.messaging.positions import LastRecord, Move, Position
from shared.messaging.record import Record
from shared.telemetry.loops import Loops

IDLE_MS = 200
"""How long one call waits for records; those that come meanwhile end it."""
LAG_SECONDS = 1.0
"""How often Kafka is told where the consumer stands: for lag metrics only, nothing reads it to go on from there."""
LOOK_SECONDS = 2.0
"""How soon a position that somebody else has moved is noticed where no records come."""
CHECK_SECONDS = 60.0
"""How often the last record that was taken is read again: a topic that was made anew under a reader shows so."""
JUST_ASSIGNED_SECONDS = 0.05
ASK_ENDS_AGAIN_SECONDS = 1.0
"""A replica that has just become the leader may not know yet where the log ends."""
_log = structlog.get_logger()

Take = Callable[[Sequence[Record]], Awaitable[None]]
"""Gives records their effect. Raises NotAboutOneStream, or a fault that passes; then they come again."""


@dataclass(frozen=True)
class Pace:
    """How a consumer asks for records."""

    wait_ms: int = 50
    """How long Kafka waits for records before it answers. A partition whose records came with one answer is asked for
    with the next, so this is also how late its next record may come."""
    records: int = 500
    """In one batch, at most."""


@dataclass
class _Place:
    """Where the reader stands in a partition that was assigned to it."""

    position: Position
    checking: bool = False
    """Whether the record that comes next must be the last one taken."""


@dataclass(frozen=True)
class _Batch:
    """What of an answer is to be taken, and where it leads."""

    records: list[Record] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


class Reading(ConsumerRebalanceListener):  # type: ignore[misc]
    """One of these per consumer and process; `run` is its loop, the callbacks are aiokafka's."""

    def __init__(
        self,
        database: Database,
        take: Take,
        *,
        name: str,
        service: str,
        sources: Iterable[str],
        pace: Pace,
        loops: Loops,
    ) -> None:
        self._database = database
        self._take = take
        self.name = name
        self._service = service
        self._sources = tuple(sorted(sources))
        self._pace = pace
        self._loops = loops
        self._places: dict[TopicPartition, _Place] = {}
        self._surprised: set[tuple[TopicPartition, int]] = set()
        """Where another record came than was expected, when it was read the first time."""
        self._in_flight = asyncio.Lock()
        self._told: dict[TopicPartition, int] = {}
        self._next_told = self._next_look = 0.0
        self._next_check = time.monotonic() + CHECK_SECONDS
        self._backoff = Backoff()
        self._subscriber: Any = None
        self.stopped: str | None = None
        """Why nothing is taken, as long as that is so: a fault that is not about one stream."""

    def reads_from(self, subscriber: Any) -> None:
        """The FastStream subscriber whose Kafka client is read from; the client is made anew with each connection."""
        self._subscriber = subscriber

    def read_to_the_end(self) -> Callable[[], Awaitable[bool]]:
        """Asks, each time it is called, whether all is taken that stood on the topic when it was called first.

        By whichever process: the rows say so.
        """
        ends: dict[TopicPartition, int] = {}

        async def is_read() -> bool:
            if not ends:
                client = self._client()
                (topic,) = client.subscription()
                partitions = [TopicPartition(topic, number) for number in client.partitions_for_topic(topic) or ()]
                ends.update(await client.end_offsets(partitions))
            async with self._database.acquire() as connection:
                known = await positions.positions(connection, self.name, ends)
            return bool(ends) and all(one in known and known[one].next >= end for one, end in ends.items())

        return is_read

    async def run(self) -> None:
        """Until cancelled, or until the Kafka client is closed. Whatever is raised leads back to the own positions."""
        self._pulse = self._loops.pulse(self.name)
        while True:
            try:
                await self._turn()
                self._backoff.succeeded()
                self.stopped = None
            except ConsumerStoppedError:
                return
            except NoOffsetForPartitionError:  # a partition that was assigned a moment ago: nobody has sought there yet
                await asyncio.sleep(JUST_ASSIGNED_SECONDS)
            except OffsetOutOfRangeError as error:
                await self._recover(error, self._find_the_logs(error))
            except Exception as error:
                if isinstance(error, NotAboutOneStream):
                    self.stopped = str(error)
                await self._recover(error, self._resume(list(self._places)))

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Called by aiokafka: lets a batch have its effect before its partitions go to another process."""
        async with self._in_flight:
            for partition in revoked:
                self._places.pop(partition, None)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Called by aiokafka: goes to the positions of the database, whatever Kafka has committed."""
        await until_it_works(lambda: self._resume(assigned), service=self._service)

    async def _turn(self) -> None:
        consumer = self._client()
        answer = await consumer.getmany(timeout_ms=IDLE_MS, max_records=self._pace.records)
        async with self._in_flight:
            batch = await self._sorted(answer)
            if batch.records:
                await self._take(batch.records)
            if batch.moves:
                await self._move(batch.moves)
        self._report(batch)
        await self._tell_kafka()
        await self._look_whether_moved()

    def _report(self, batch: _Batch) -> None:
        """How far each topic is, by what Kafka said with its last answers."""
        behind: dict[str, int] = {}
        assigned = self._client().assignment()
        for partition, place in self._places.items():
            newest = self._client().highwater(partition) if partition in assigned else None
            behind[partition.topic] = behind.get(partition.topic, 0) + max(0, (newest or 0) - place.position.next)
        self._pulse.turned()
        taken: dict[str, int] = {}
        for record in batch.records:
            taken[record.topic] = taken.get(record.topic, 0) + 1
        for topic, lag in behind.items():
            if topic in taken:
                self._pulse.batch_taken(topic, records=taken[topic], lag=lag)
            else:
                self._pulse.behind(topic, lag)

    async def _sorted(self, answer: Mapping[TopicPartition, Sequence[Any]]) -> _Batch:
        """The records that come next in partitions that are still assigned; others are dropped, and come again."""
        batch = _Batch()
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
            await self._resume(partition for partition in astray if partition in self._client().assignment())
        return batch

    def _for_the_first_time(self, partition: TopicPartition, offset: int) -> bool:
        """Whether a partition surprises there for the first time: then it is read again, in case the client erred."""
        where = (partition, offset)
        if where in self._surprised:
            self._surprised.discard(where)
            return False
        self._surprised.add(where)
        return True

    async def _move(self, moves: Sequence[Move]) -> None:
        async with self._database.acquire() as connection:
            lost = await positions.move(connection, self.name, moves)
        for one in moves:
            if one.partition not in lost and one.partition in self._places:
                self._places[one.partition].position = one.after
                self._told[one.partition] = one.after.next
        if lost:
            _log.warning(
                "position_was_moved_by_another", service=self._service, consumer=self.name, partitions=len(lost)
            )
            await self._resume(lost)

    async def _resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Stand where the database says. Where no row is, the consumer begins at the beginning."""
        consumer, wanted = self._client(), list(partitions)
        if not wanted:
            return
        async with self._database.acquire() as connection:
            known = await positions.positions(connection, self.name, wanted)
            unknown = [partition for partition in wanted if partition not in known]
            if unknown:
                await positions.begin(connection, self.name, await consumer.beginning_offsets(unknown))
                known |= await positions.positions(connection, self.name, unknown)
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

    def _stand(self, partition: TopicPartition, position: Position, begins: int) -> None:
        """Go to a position; where the last record that was taken is still there, it is read again first."""
        last = position.last
        # Whoever moves a row back may leave the last record in it: that one lies ahead now, and tells nothing yet.
        checking = last is not None and begins <= last.offset < position.next
        self._places[partition] = _Place(position, checking)
        self._client().seek(partition, last.offset if checking and last is not None else position.next)

    async def _find_the_logs(self, error: OffsetOutOfRangeError) -> None:
        (asked,) = error.args
        for partition, offset in dict(asked).items():
            await self._find_the_log(partition, offset)

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
            await positions.move(connection, self.name, [Move(partition, place.position, Position(begins))])
            await completeness.compare_all_again(connection, self._sources, because=f"{partition}: {why}")
        await self._resume([partition])

    async def _recover(self, error: Exception, recovery: Awaitable[None]) -> None:
        """After a fault: report it, go back to where the database stands, and wait a little longer each time."""
        report = _log.warning if will_pass(error) or isinstance(error, KafkaError) else _log.error
        pause = self._backoff.failed()
        match error:
            case KafkaError():
                self._pulse.waits_for("kafka")
            case _ if isinstance(error, DATABASE_AWAY):
                self._pulse.waits_for("postgres")
            case _:
                self._pulse.batch_tried_again(error)
        report("batch_comes_again", service=self._service, consumer=self.name, error=repr(error), pause_seconds=pause)
        try:
            await recovery
        except ConsumerStoppedError:
            raise
        except Exception as another:  # tried again with the next turn, whose records are dropped until it works
            self._places.clear()
            _log.warning("positions_not_found", service=self._service, consumer=self.name, error=repr(another))
        await asyncio.sleep(pause)

    async def _tell_kafka(self) -> None:
        """Commit offsets, for whoever watches the lag of the group."""
        if not self._told or time.monotonic() < self._next_told:
            return
        self._next_told = time.monotonic() + LAG_SECONDS
        told, self._told = self._told, {}
        assigned = self._client().assignment()
        try:
            await self._client().commit({partition: at for partition, at in told.items() if partition in assigned})
        except KafkaError as error:
            _log.debug("lag_is_not_told", service=self._service, error=repr(error))

    async def _look_whether_moved(self) -> None:
        """Follow a position that an operator moved while no records came, and pass what holds no record."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        if passed := await self._offsets_without_records():
            await self._move(passed)
        async with self._database.acquire() as connection:
            known = await positions.positions(connection, self.name, self._places)
        moved = {p for p, place in self._places.items() if p in known and known[p].next != place.position.next}
        moved |= {p for p in self._client().assignment() if p not in self._places}
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + CHECK_SECONDS
            moved |= self._places.keys()
        await self._resume(moved)

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

    def _client(self) -> AIOKafkaConsumer:
        client: AIOKafkaConsumer | None = self._subscriber.consumer
        if client is None:
            raise ConsumerStoppedError
        return client


def _is_last(record: Record, last: LastRecord) -> bool:
    return last == LastRecord(record.offset, record.timestamp, record.event_id)
