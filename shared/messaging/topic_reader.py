"""Reads topics for one consumer: from the positions of its own database, and back to them after whatever goes wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from shared.eventstore.database import DATABASE_AWAY, Database
from shared.messaging import positions
from shared.messaging.assigned_partitions import AssignedPartitions, Batch
from shared.messaging.backoff import Backoff
from shared.messaging.errors import NotAboutOneStream
from shared.messaging.kafka_record import Record
from shared.messaging.transient_errors import is_transient, retry_while_transient
from shared.telemetry.loops import Loops

IDLE_MS = 200
"""How long one call waits for records; those that come meanwhile end it."""
LAG_SECONDS = 1.0
"""How often the position is committed to Kafka: for lag metrics only, nothing resumes from there."""
JUST_ASSIGNED_SECONDS = 0.05
_log = structlog.get_logger()

Take = Callable[[Sequence[Record]], Awaitable[None]]
"""Processes records. Raises NotAboutOneStream, or a transient error; then the records are read again."""


@dataclass(frozen=True)
class Pace:
    """How a consumer asks for records."""

    wait_ms: int = 50
    """How long Kafka waits for records before it answers. A partition whose records came with one answer is asked for
    with the next, so this is also how late its next record may come."""
    records: int = 500
    """Most records in one batch."""


class TopicReader(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads topics for one consumer in one process. `run` is the loop; aiokafka calls the `on_…` methods."""

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
        self._assigned = AssignedPartitions(database, self._client, consumer=name, service=service, sources=sources)
        self._pace = pace
        self._loops = loops
        self._in_flight = asyncio.Lock()
        self._next_told = 0.0
        self._backoff = Backoff()
        self._subscriber: Any = None
        self.stopped: str | None = None
        """Why nothing is processed at present: an error that is not about one stream. None if there is none."""

    def reads_from(self, subscriber: Any) -> None:
        """Sets the FastStream subscriber whose Kafka client is read from; each connection creates a new client."""
        self._subscriber = subscriber

    def read_to_the_end(self) -> Callable[[], Awaitable[bool]]:
        """Returns a function that says whether all that was on the topic at its first call has been processed.

        Records that another process has processed count too, because the stored positions say so.
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
        """Reads and processes batches until cancelled, or until the Kafka client is closed.

        After any error, it returns to the positions in its own database.
        """
        self._heartbeat = self._loops.heartbeat(self.name)
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
                await self._recover(error, self._assigned.find_the_logs(error))
            except Exception as error:
                if isinstance(error, NotAboutOneStream):
                    self.stopped = str(error)
                await self._recover(error, self._assigned.resume(self._assigned.next_offsets))

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Waits until a batch has its effect before its partitions go to another process. Called by aiokafka."""
        async with self._in_flight:
            self._assigned.forget(revoked)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Moves to the positions in the database, whatever Kafka has committed. Called by aiokafka."""
        await retry_while_transient(lambda: self._assigned.resume(assigned), service=self._service)

    async def _turn(self) -> None:
        consumer = self._client()
        answer = await consumer.getmany(timeout_ms=IDLE_MS, max_records=self._pace.records)
        async with self._in_flight:
            batch = await self._assigned.next_batch(answer)
            if batch.records:
                await self._take(batch.records)
            if batch.moves:
                await self._assigned.move(batch.moves)
        self._report(batch)
        await self._tell_kafka()
        await self._assigned.look_whether_moved()

    def _report(self, batch: Batch) -> None:
        """How far each topic is, by what Kafka said with its last answers."""
        behind: dict[str, int] = {}
        assigned = self._client().assignment()
        for partition, next_offset in self._assigned.next_offsets.items():
            newest = self._client().highwater(partition) if partition in assigned else None
            behind[partition.topic] = behind.get(partition.topic, 0) + max(0, (newest or 0) - next_offset)
        self._heartbeat.succeeded()
        taken: dict[str, int] = {}
        for record in batch.records:
            taken[record.topic] = taken.get(record.topic, 0) + 1
        for topic, lag in behind.items():
            if topic in taken:
                self._heartbeat.batch_processed(topic, records=taken[topic], lag=lag)
            else:
                self._heartbeat.set_lag(topic, lag)

    async def _recover(self, error: Exception, recovery: Awaitable[None]) -> None:
        """After a fault: report it, go back to where the database stands, and wait a little longer each time."""
        report = _log.warning if is_transient(error) or isinstance(error, KafkaError) else _log.error
        pause = self._backoff.failed()
        match error:
            case KafkaError():
                self._heartbeat.waiting_for("kafka")
            case _ if isinstance(error, DATABASE_AWAY):
                self._heartbeat.waiting_for("postgres")
            case _:
                self._heartbeat.batch_retried(error)
        report("batch_comes_again", service=self._service, consumer=self.name, error=repr(error), pause_seconds=pause)
        try:
            await recovery
        except ConsumerStoppedError:
            raise
        except Exception as another:  # tried again with the next turn, whose records are dropped until it works
            self._assigned.forget_all()
            _log.warning("positions_not_found", service=self._service, consumer=self.name, error=repr(another))
        await asyncio.sleep(pause)

    async def _tell_kafka(self) -> None:
        """Commit offsets, for whoever watches the lag of the group."""
        if time.monotonic() < self._next_told:
            return
        told = self._assigned.moved_since_asked()
        if not told:
            return
        self._next_told = time.monotonic() + LAG_SECONDS
        assigned = self._client().assignment()
        try:
            await self._client().commit({partition: at for partition, at in told.items() if partition in assigned})
        except KafkaError as error:
            _log.debug("lag_is_not_told", service=self._service, error=repr(error))

    def _client(self) -> AIOKafkaConsumer:
        client: AIOKafkaConsumer | None = self._subscriber.consumer
        if client is None:
            raise ConsumerStoppedError
        return client
