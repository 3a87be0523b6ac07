"""Publish the events of a store to Kafka, in order, at least once."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from opentelemetry.trace import SpanKind

from shared.kernel.bus import Kafka
from shared.kernel.cloudevents import Message
from shared.kernel.database import DATABASE_AWAY, connect
from shared.kernel.event_store import EventStore
from shared.telemetry.context import current_traceparent, span

BATCH = 1000
POLL_SECONDS = 0.05
"""How soon events of another process of this service are seen."""
RETRY_SECONDS = 0.5
SEND_TIMEOUT_SECONDS = 30
"""After which a batch is given up, with its producer; what had arrived is sent once more."""

_PUBLIC = """
select position, stream, version, epoch, event_id, type, schema_version, data, metadata, occurred_at, recorded_at
from events
"""
_READ = f"{_PUBLIC} where position > $1 order by position limit $2"
_READ_STREAM = f"{_PUBLIC} where stream = $1 and version >= $2 and position <= $3 order by version"
_log = structlog.get_logger()


class Fenced(Exception):
    """Another relay has moved the checkpoint: this one had been paused, and gives up its place."""


class Relay:
    """One of these runs per process; a session lock lets only one per service be active."""

    def __init__(self, *, dsn: str, source: str, topic: str, kafka: Kafka, store: EventStore) -> None:
        self._dsn = dsn
        self._source = source
        self._topic = kafka.name(topic)
        self._kafka = kafka
        self._store = store

    async def run(self) -> None:
        """Until cancelled. Waits its turn for the lock; a server that is away is waited for."""
        while True:
            try:
                await self._with_connection()
            except (*DATABASE_AWAY, KafkaError, Fenced) as error:
                _log.warning("relay_starts_again", source=self._source, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _with_connection(self) -> None:
        connection = await connect(self._dsn, self._source)
        try:
            if await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", f"relay.{self._source}"):
                await self._with_producer(connection)
            await asyncio.sleep(RETRY_SECONDS)  # another process is the active relay
        finally:
            with suppress(Exception):  # a connection that is broken already cannot be closed politely
                await connection.close(timeout=1)

    async def _with_producer(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        # A new producer each time round: an idempotent one that met a fatal error fails for ever (aiokafka #1017).
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.servers, enable_idempotence=True, acks="all", linger_ms=2
        )
        await producer.start()
        try:
            checkpoint = int(await connection.fetchval("select checkpoint from relay"))
            while True:
                await self._republish(connection, producer, checkpoint)
                rows = await connection.fetch(_READ, checkpoint, BATCH)
                if rows:
                    await self._send(producer, rows)
                    checkpoint = await self._move_checkpoint(connection, checkpoint, rows[-1]["position"])
                else:
                    self._store.appended.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._store.appended.wait(), POLL_SECONDS)
        finally:
            with suppress(Exception):  # a broken producer must not keep the relay from starting again
                await asyncio.wait_for(producer.stop(), 2)

    async def _send(self, producer: AIOKafkaProducer, rows: list[Any]) -> None:
        sent = []
        for row in rows:
            message = self._message(row)
            about = {"case": str(message.stream), "fact": message.type, "service": self._source}
            with span(f"publish {message.type}", kind=SpanKind.PRODUCER, parent=message.traceparent, **about):
                message = replace(message, traceparent=current_traceparent() or message.traceparent)
                sent.append(
                    await producer.send(
                        self._topic, message.body.encode(), key=str(message.stream).encode(), headers=message.headers()
                    )
                )
        await asyncio.wait_for(asyncio.gather(*sent), SEND_TIMEOUT_SECONDS)

    async def _move_checkpoint(self, connection: "asyncpg.Connection[asyncpg.Record]", old: int, new: int) -> int:
        if await connection.execute("update relay set checkpoint = $2 where checkpoint = $1", old, new) != "UPDATE 1":
            raise Fenced(f"the relay of {self._source} stood at {old}")
        return new

    async def _republish(
        self, connection: "asyncpg.Connection[asyncpg.Record]", producer: AIOKafkaProducer, checkpoint: int
    ) -> None:
        for asked in await connection.fetch("select id, stream, from_version from republications order by id limit 20"):
            rows = await connection.fetch(_READ_STREAM, asked["stream"], asked["from_version"], checkpoint)
            await self._send(producer, rows)
            await connection.execute("delete from republications where id = $1", asked["id"])

    def _message(self, row: Any) -> Message:
        metadata = json.loads(row["metadata"])
        return Message(
            source=self._source,
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
            traceparent=metadata.get("traceparent"),
            concerns=metadata.get("concerns", {}),
        )
