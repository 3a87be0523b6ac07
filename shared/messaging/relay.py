"""Publish the events of a store to Kafka, in order, at least once."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError
from opentelemetry.trace import SpanKind

from shared.eventstore.database import DATABASE_AWAY, connect
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Origin
from shared.messaging import keyed_batches
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.errors import Fenced
from shared.messaging.feeds import Feed
from shared.messaging.published_epoch import published_epoch
from shared.telemetry.context import mark
from shared.telemetry.loops import Heartbeat

BATCH = 500
POLL_SECONDS = 0.05
"""How soon events are found that were appended without a wake-up."""
RETRY_SECONDS = 0.5
BUSY = 8
"""Number of events in one reading from which on the next reading is delayed, so that more are gathered."""
GATHER_SECONDS = 0.02
"""How far apart two readings of a busy log are: a batch of one event costs Kafka nearly as much as one of ten."""
CHECKPOINT_SECONDS = 0.05
"""How soon after one move of the checkpoint the next may follow. Each leaves an old version of its row, and the next
reads them all, for as long as anybody in this database has a transaction open."""
SEND_TIMEOUT_SECONDS = 30
"""Seconds after which a batch is given up, with its producer; what had arrived is sent once more."""

_PUBLIC = f"""
select position, stream, version, {published_epoch("events")} as epoch, event_id, type, schema_version, data, metadata,
       occurred_at, recorded_at
from events
"""
_READ = f"{_PUBLIC} where position > $1 order by position limit $2"
_READ_STREAM = f"{_PUBLIC} where stream = $1 and version >= $2 and position <= $3 order by version"
_log = structlog.get_logger()


class Relay:
    """Publishes the log of a service. Every process runs one; a session lock lets only one per service be active."""

    def __init__(
        self,
        *,
        dsn: str,
        source: str,
        topic: str,
        kafka: Kafka,
        store: EventStore,
        apart: Sequence[Feed] = (),
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """`apart` are the streams that do not go to `topic`."""
        self._dsn = dsn
        self._source = source
        self._topic = topic
        self._feeds = {name: feed for feed in apart for name in feed.types}
        self._kafka = kafka
        self._store = store
        self._heartbeat = heartbeat or Heartbeat("relay")

    async def run(self) -> None:
        """Publishes the log until cancelled, once no other process holds the lock.

        Starts again while PostgreSQL or Kafka is unreachable.
        """
        while True:
            try:
                await self._with_connection()
            except (*DATABASE_AWAY, KafkaError, Fenced) as error:
                self._note(error)
                _log.warning("relay_starts_again", source=self._source, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    def _note(self, error: Exception) -> None:
        if isinstance(error, KafkaError):
            self._heartbeat.waiting_for("kafka")
        elif isinstance(error, DATABASE_AWAY):
            self._heartbeat.waiting_for("postgres")
        else:
            self._heartbeat.failed(error)

    async def _with_connection(self) -> None:
        connection = await connect(self._dsn, self._source)
        try:
            if await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", f"relay.{self._source}"):
                await self._while_active(connection)
            self._heartbeat.succeeded()
            await asyncio.sleep(RETRY_SECONDS)  # another process is the active relay
        finally:
            with suppress(Exception):  # a connection that is broken already cannot be closed politely
                await connection.close(timeout=1)

    async def _while_active(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        wake_up = self._store.wake_up
        await connection.add_listener(wake_up.channel, wake_up.on_notify)
        wake_up.relay_is_here = True
        try:
            await self._with_producer(connection)
        finally:
            wake_up.relay_is_here = False

    async def _with_producer(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        # A new producer each time round: an idempotent one that met a fatal error fails for ever (aiokafka #1017).
        producer = AIOKafkaProducer(
            **self._kafka.client(),
            enable_idempotence=True,
            acks="all",
            max_batch_size=keyed_batches.MAX_BATCH_BYTES,
        )
        try:
            self._heartbeat.waiting_for("kafka")
            await producer.start()
            await self._publish(connection, producer)
        finally:
            with suppress(Exception):  # a broken producer must not keep the relay from starting again
                async with asyncio.timeout(2):
                    await _give_up(producer)

    async def _publish(self, connection: "asyncpg.Connection[asyncpg.Record]", producer: AIOKafkaProducer) -> None:
        """While Kafka acknowledges one batch the next is read and handed over; the checkpoint follows, in order."""
        checkpoint = acknowledged_to = sent_to = int(await connection.fetchval("select checkpoint from relay"))
        next_move = next_reading = 0.0
        on_their_way: deque[tuple[int, asyncio.Future[Any]]] = deque()
        try:
            while True:
                if (early := next_reading - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                self._store.wake_up.clear()  # before reading: what is appended from here on wakes us
                await self._republish(connection, producer, sent_to)
                rows = await connection.fetch(_READ, sent_to, BATCH)
                if BUSY <= len(rows) < BATCH:  # a full one is a backlog, which does not wait
                    next_reading = time.monotonic() + GATHER_SECONDS
                if rows:
                    sent_to = rows[-1]["position"]
                    on_their_way.append((sent_to, await self._send(producer, rows)))
                if len(on_their_way) > (1 if rows else 0):
                    self._heartbeat.waiting_for("kafka")
                    up_to, acknowledged = on_their_way[0]
                    async with _in_time():
                        await acknowledged
                    acknowledged_to = up_to
                    on_their_way.popleft()
                self._heartbeat.succeeded()
                if checkpoint < acknowledged_to and time.monotonic() >= next_move:
                    checkpoint = await self._move_checkpoint(connection, checkpoint, acknowledged_to)
                    next_move = time.monotonic() + CHECKPOINT_SECONDS
                if not rows and not on_their_way:
                    # However seldom the log is looked at, the checkpoint moves when it may.
                    behind = checkpoint < acknowledged_to
                    await self._store.wake_up.wait(CHECKPOINT_SECONDS if behind else POLL_SECONDS)
        finally:
            for _, acknowledged in on_their_way:
                acknowledged.cancel()

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Any]) -> "asyncio.Future[list[Any]]":
        """Sends each fact to its topic: in order per stream, as all facts of a stream go to one topic."""
        by_topic: dict[str, list[Any]] = {}
        for row in rows:
            feed = self._feeds.get(row["type"])
            by_topic.setdefault(self._topic if feed is None else feed.topic, []).append(row)
        return asyncio.gather(
            *[
                await keyed_batches.send(producer, self._kafka.name(topic), map(self._record, of_topic))
                for topic, of_topic in by_topic.items()
            ]
        )

    def _record(self, row: Any) -> keyed_batches.Record:
        feed = self._feeds.get(row["type"])
        metadata = orjson.loads(row["metadata"])
        case = str(row["stream"])
        message = Message(
            source=self._source if feed is None else feed.source,
            stream=row["stream"],
            epoch=row["epoch"],
            version=row["version"],
            event_id=row["event_id"],
            type=row["type"],
            schema_version=row["schema_version"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            body=row["data"],
            actor=metadata["actor"],
            on_behalf_of=metadata.get("on_behalf_of"),
            policy=metadata.get("policy"),
            traceparent=mark(
                f"publish {row['type']}",
                kind=SpanKind.PRODUCER,
                parent=metadata.get("traceparent"),
                case=case,
                fact=row["type"],
                service=self._source,
            ),
            causation=metadata.get("causation"),
            command_id=UUID(metadata["command_id"]) if "command_id" in metadata else None,
            concerns=metadata.get("concerns", {}),
            origin=Origin(metadata.get("origin", Origin.LIVE)),
        )
        return case.encode(), message.body.encode(), message.headers()

    async def _move_checkpoint(self, connection: "asyncpg.Connection[asyncpg.Record]", old: int, new: int) -> int:
        if await connection.execute("update relay set checkpoint = $2 where checkpoint = $1", old, new) != "UPDATE 1":
            raise Fenced(f"the relay of {self._source} stood at {old}")
        return new

    async def _republish(
        self, connection: "asyncpg.Connection[asyncpg.Record]", producer: AIOKafkaProducer, sent_to: int
    ) -> None:
        for asked in await connection.fetch("select id, stream, from_version from republications order by id limit 20"):
            rows = await connection.fetch(_READ_STREAM, asked["stream"], asked["from_version"], sent_to)
            async with _in_time():
                await (await self._send(producer, rows))
            await connection.execute("delete from republications where id = $1", asked["id"])


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Says whose timeout it was: a database that is away shows in a TimeoutError, too."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
            yield
    except TimeoutError as error:
        raise KafkaTimeoutError(f"Kafka has not acknowledged for {SEND_TIMEOUT_SECONDS} s") from error


async def _give_up(producer: AIOKafkaProducer) -> None:
    """Close a producer with what it could not deliver: an idempotent one would try for as long as Kafka is away."""
    try:
        await producer._sender.close()
    finally:
        await producer.stop()
