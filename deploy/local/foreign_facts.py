"""Publish facts as another system would: the business register, the order system.

A stand-in: it remembers nothing between two runs, so it answers no request to publish a stream again, as a real source
must (docs/contracts/asyncapi.json, topic `republish`). What it publishes has no gaps: Kafka acknowledges all of it, and
the next run goes on where reporting has heard of everything. A hole that appears nonetheless stays parked, and shows.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from uuid_utils.compat import uuid7

from shared.contracts import orders, register
from shared.contracts.register import UnitRegistered
from shared.deadlines.copenhagen import start_of
from shared.eventstore.events import Event
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message

EPOCH = 1
PATIENCE_SECONDS = 30.0
_KNOWN = """
select stream, max(version) as version
from (select stream, version from reporting.inbox where source = $1
      union all select stream, version from reporting.parked where source = $1) known
group by stream
"""
_HEARD = "select partition, next_offset from reporting.consumer_positions where topic = $1"
"""Where reporting stands, which hears every source."""
_BEHIND = """
select count(*) from unnest($2::uuid[], $3::int[]) as published(stream, version)
left join {}.inbox i on i.source = $1 and i.stream = published.stream
where coalesce(i.version, 0) < published.version
"""


class ForeignSystem:
    """One source outside of Aftale, with its own streams; goes on where reporting has last heard of it.

    Opening it waits for what an earlier run published, and raises TimeoutError where reporting does not take it: else a
    version would be given twice.
    """

    def __init__(self, *, postgres: str, kafka: Kafka, source: str, topic: str) -> None:
        self._postgres = postgres
        self._kafka = kafka
        self._producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all")
        self._source = source
        self._topic = kafka.name(topic)
        self.published: dict[UUID, int] = {}
        """The newest version of each stream."""

    async def __aenter__(self) -> Self:
        await self._until_all_is_heard()
        connection = await asyncpg.connect(self._postgres)
        rows = await connection.fetch(_KNOWN, self._source)
        await connection.close()
        self.published = {row["stream"]: row["version"] for row in rows}
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def publish(self, facts: Iterable[tuple[UUID, Event, datetime]]) -> None:
        """Publish facts of streams, each with its instant; returns once Kafka has them."""
        sent = []
        for stream, event, at in facts:
            version = self.published.get(stream, 0) + 1
            self.published[stream] = version
            message = Message(
                source=self._source,
                stream=stream,
                epoch=EPOCH,
                version=version,
                event_id=uuid7(),
                type=type(event).__name__,
                schema_version=event.schema_version,
                occurred_at=at,
                recorded_at=datetime.now(UTC),
                body=event.public_json(),
                actor=self._source,
                concerns=_concerns(event),
            )
            key = str(stream).encode()
            sent.append(
                await self._producer.send(self._topic, message.body.encode(), key=key, headers=message.headers())
            )
        for acknowledgement in sent:
            await acknowledgement

    async def until_taken(self, consumer: str) -> None:
        """Wait until a service has taken everything that was published here. Raises TimeoutError."""
        connection = await asyncpg.connect(self._postgres)
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while await connection.fetchval(_BEHIND.format(consumer), self._source, *self._versions()):
                if time.monotonic() > until:
                    raise TimeoutError(
                        f"{consumer} has not taken what {self._source} published; see ./aftale logs {consumer}"
                    )
                await asyncio.sleep(0.02)
        finally:
            await connection.close()

    async def _until_all_is_heard(self) -> None:
        topic = AIOKafkaConsumer(self._topic, bootstrap_servers=self._kafka.servers)  # of no group: reads nothing
        connection = await asyncpg.connect(self._postgres)
        try:
            await topic.start()
            ends = {one.partition: end for one, end in (await topic.end_offsets(topic.assignment())).items() if end}
            until = time.monotonic() + PATIENCE_SECONDS
            while ends:
                rows = await connection.fetch(_HEARD, self._topic)
                heard = {row["partition"]: row["next_offset"] for row in rows}
                ends = {partition: end for partition, end in ends.items() if heard.get(partition, 0) < end}
                if ends and time.monotonic() > until:
                    raise TimeoutError(f"reporting has not taken what {self._source} published before")
                await asyncio.sleep(0.02 if ends else 0)
        finally:
            await topic.stop()
            await connection.close()

    def _versions(self) -> tuple[list[UUID], list[int]]:
        return list(self.published), list(self.published.values())


def register_of_businesses(postgres: str, kafka: Kafka) -> ForeignSystem:
    """The business register."""
    return ForeignSystem(postgres=postgres, kafka=kafka, source=register.SOURCE, topic="register")


def order_system(postgres: str, kafka: Kafka) -> ForeignSystem:
    """The authority's order system."""
    return ForeignSystem(postgres=postgres, kafka=kafka, source=orders.SOURCE, topic="orders")


def unit_fact(unit: UnitRegistered) -> tuple[UUID, Event, datetime]:
    """A unit with its stream; it holds from the beginning of its day."""
    stream = uuid5(NAMESPACE_OID, f"register/unit/{unit.p_number}")
    return stream, unit, start_of(unit.effective_from)


def _concerns(event: Event) -> dict[str, str]:
    named = {"cvr": getattr(event, "cvr", None), "pnumber": getattr(event, "p_number", None)}
    return {name: value for name, value in named.items() if value is not None}
