"""Publishes facts as another system would: the business register or the order system.

A stand-in keeps the contract of a source outside of Aftale (docs/contracts/asyncapi.json): it records what it
published, uses each version once, and reports and publishes again what it has recorded (foreign_answers.py).
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
from aiokafka import AIOKafkaProducer
from uuid_utils.compat import uuid7

from deploy.local.foreign_record import EPOCH, ForeignRecord, Published, exclusive_lock, file_of
from shared.contracts import orders, register
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.deadlines.copenhagen import start_of
from shared.eventstore.events import Event
from shared.messaging import lenient_records
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.errors import Undecodable
from shared.messaging.published_facts import read_own, reading
from shared.service import ORDERS_TOPIC, REGISTER_TOPIC

PATIENCE_SECONDS = 30.0
STAND_INS = {register.SOURCE: REGISTER_TOPIC, orders.SOURCE: ORDERS_TOPIC}
"""The topic of each source that has a stand-in."""
_BEHIND = """
select count(*) from unnest($2::uuid[], $3::int[]) as published(stream, version)
left join {}.inbox i on i.source = $1 and i.stream = published.stream
where coalesce(i.version, 0) < published.version
"""


class Environment(Protocol):
    """The servers and the state folder of a system: settings of the services, or what a test has started."""

    @property
    def postgres(self) -> str: ...
    @property
    def kafka(self) -> Kafka: ...
    @property
    def state(self) -> Path: ...


class ForeignSystem:
    """Publishes facts of one source outside of Aftale, and continues where its own record ends.

    Opening it waits while another process publishes for the same source, and sends what an earlier run did not send.
    """

    def __init__(self, environment: Environment, *, source: str, topic: str) -> None:
        self._postgres = environment.postgres
        self._kafka = environment.kafka
        self._producer = AIOKafkaProducer(**environment.kafka.client(), enable_idempotence=True, acks="all")
        self._source = source
        self._topic = topic
        self._file = file_of(environment.state, environment.kafka.name(source))
        self._left = ExitStack()
        self.published: dict[UUID, int] = {}
        """The newest version of each stream."""

    async def __aenter__(self) -> Self:
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, exclusive_lock(self._file))
            self.record = stack.enter_context(ForeignRecord.open_record(self._file, self._source))
            if self.record.is_empty():
                self.record.add(await published_before(self._kafka, self._topic, self._source), acknowledged=True)
            self.published = self.record.versions()
            await self._producer.start()
            self._left = stack.pop_all()
        await self._send_unacknowledged()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            await self._producer.stop()
        finally:
            self._left.close()

    async def publish(self, facts: Iterable[tuple[UUID, Event, datetime]]) -> None:
        """Publishes facts of streams, each with its time; returns once Kafka has acknowledged them."""
        self.record.add([self.next(*fact) for fact in facts])
        await self._send_unacknowledged()

    async def until_taken(self, consumer: str) -> None:
        """Waits until a service has processed everything that was published here. Raises TimeoutError."""
        connection = await asyncpg.connect(self._postgres)
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while await connection.fetchval(_BEHIND.format(consumer), self._source, *self._versions()):
                if time.monotonic() > until:
                    raise TimeoutError(
                        f"{consumer} has not processed all facts of {self._source}; see ./aftale logs {consumer}"
                    )
                await asyncio.sleep(0.02)
        finally:
            await connection.close()

    def next(self, stream: UUID, event: Event, at: datetime) -> Message:
        """Returns a fact as the next version of its stream, without publishing it."""
        version = self.published.get(stream, 0) + 1
        self.published[stream] = version
        return Message(
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

    async def _send_unacknowledged(self) -> None:
        waiting = self.record.unacknowledged()
        await send(self._producer, self._kafka.name(self._topic), waiting)
        if waiting:
            self.record.acknowledge(waiting[-1].position)

    def _versions(self) -> tuple[list[UUID], list[int]]:
        return list(self.published), list(self.published.values())


async def send(producer: AIOKafkaProducer, topic: str, facts: Sequence[Published]) -> None:
    """Send facts in order; returns once Kafka has acknowledged all of them."""
    sent = [await producer.send(topic, one.body, key=str(one.stream).encode(), headers=one.headers) for one in facts]
    for acknowledgement in sent:
        await acknowledgement


async def published_before(kafka: Kafka, topic: str, source: str) -> list[Message]:
    """Returns what a source has published on its topic, each version once, in order.

    It is needed by a stand-in without a record: its file was lost, or an earlier release kept none.
    """
    lenient_records.install()  # records that others wrote there must not prevent reading
    found: dict[tuple[UUID, int], Message] = {}

    async def keep(messages: Sequence[Message]) -> None:
        for message in messages:
            with suppress(Undecodable):
                message.data()
                if message.epoch == EPOCH:
                    found.setdefault((message.stream, message.version), message)

    async with reading(kafka, topic) as client:
        await read_own(client, source, {}, keep)
    return [found[key] for key in sorted(found)]


def register_of_businesses(environment: Environment) -> ForeignSystem:
    """Returns the stand-in of the business register."""
    return ForeignSystem(environment, source=register.SOURCE, topic=REGISTER_TOPIC)


def order_system(environment: Environment) -> ForeignSystem:
    """Returns the stand-in of the authority's order system."""
    return ForeignSystem(environment, source=orders.SOURCE, topic=ORDERS_TOPIC)


def unit_fact(unit: UnitRegistered | UnitCeased) -> tuple[UUID, Event, datetime]:
    """Returns the stream of a unit, the fact, and the beginning of the day from which it holds."""
    stream = uuid5(NAMESPACE_OID, f"register/unit/{unit.p_number}")
    return stream, unit, start_of(unit.effective_from)


def _concerns(event: Event) -> dict[str, str]:
    named = {"cvr": getattr(event, "cvr", None), "pnumber": getattr(event, "p_number", None)}
    return {name: value for name, value in named.items() if value is not None}
