"""Kafka as a service meets it: a client per topic, and the channel on which sources are asked to publish again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

import structlog
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from pydantic import BaseModel, Field, ValidationError

from shared.eventstore.database import Database
from shared.messaging import lenient_records
from shared.messaging.cloudevents import LARGEST_VERSION
from shared.messaging.consumer import Consumer
from shared.messaging.errors import SourceUnreachable
from shared.messaging.feeds import Feed
from shared.messaging.heads import HEADS_TOPIC, HeadsOfSources, HeadsRequest, answer_from
from shared.messaging.kafka_login import KafkaLogin
from shared.messaging.kafka_record import Record
from shared.messaging.reconciler import Reconciler
from shared.messaging.topic_reader import Pace, Take, TopicReader
from shared.messaging.transient_errors import retry_while_transient
from shared.tasks import end_tasks
from shared.telemetry.loops import Loops

REPUBLISH_TOPIC = "republish"
"""Requests to a source to publish one of its streams again from a version on; key: the source."""
CONNECT_SECONDS = 10
"""How long a start waits for Kafka before it goes on without."""
CONNECT_AGAIN_SECONDS = 1.0
ASK_SECONDS = 5
"""Seconds after which a source counts as unreachable; few, because an operator waits for the answer."""
_log = structlog.get_logger()


PROMPT = Pace()
PATIENT = Pace(wait_ms=500)
"""For topics with few records that nobody waits for: each answer costs half a millisecond."""
IN_BULK = Pace(records=2_000)
"""For consumers that fold whole batches: with more facts of a case in one batch, its rows are written less often."""


@dataclass(frozen=True)
class Kafka:
    """A Kafka cluster, and the prefix of all names that Aftale has there, so that several systems can share it."""

    servers: str
    """host:port, several with commas between."""
    prefix: str = ""
    login: KafkaLogin | None = None
    """None if the cluster accepts connections from anybody, as on a single machine."""

    def client(self) -> dict[str, Any]:
        """Returns the address and the login that every aiokafka client takes as keyword arguments."""
        return {"bootstrap_servers": self.servers, **(self.login.client() if self.login else {})}

    def name(self, topic_or_group: str) -> str:
        """Returns the name of a topic or consumer group in this cluster, with the prefix."""
        return f"{self.prefix}{topic_or_group}"


@dataclass(frozen=True)
class Publishers:
    """The sources that may publish on a topic."""

    names: frozenset[str]
    nobody_of: frozenset[str] | None = None
    """None if only `names` may publish. Otherwise anybody may, except these sources of other topics."""

    def __contains__(self, source: object) -> bool:
        return source in self.names or (self.nobody_of is not None and source not in self.nobody_of)


Republish = Callable[[UUID, int], Awaitable[None]]
"""Queues a stream, from a version on, to be published again."""


class RepublishRequest(BaseModel):
    """A request to a source to publish one of its streams again, from a version on."""

    source: str
    stream: UUID
    from_version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]

    @classmethod
    def read(cls, body: bytes | None) -> Self | None:
        """Reads a request; returns None and logs if the body is no request, so that it does not hold up later ones."""
        try:
            return cls.model_validate_json(body or b"")
        except ValidationError as error:
            _log.error("request_to_republish_does_not_read", error=repr(error))
            return None


class Bus:
    """The Kafka client of one service in one process. Connect it after consumer and store, close it before them."""

    def __init__(self, kafka: Kafka, source: str, loops: Loops | None = None) -> None:
        self._source = source
        self._told_loops = loops or Loops()
        self._kafka = kafka
        # Migrations make topics, with the partitions that they keep for ever; FastStream would make them with one.
        self.broker = KafkaBroker(
            kafka.servers,
            security=kafka.login.security() if kafka.login else None,
            logger=None,
            client_id=f"aftale-{source}",
            allow_auto_create_topics=False,
        )
        self.readings: list[TopicReader] = []
        self.heads = HeadsOfSources(self._publish, REPUBLISH_TOPIC)
        self.reconcilers: list[Reconciler] = []
        self._hears_heads = False
        self._loops: list[asyncio.Task[None]] = []
        lenient_records.install()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Connects to Kafka and consumes while the body runs.

        If Kafka is unreachable, the body starts all the same, because not everything needs Kafka; consuming begins once
        Kafka is back.
        """
        connecting = asyncio.create_task(self._connect())
        try:
            await asyncio.wait([connecting], timeout=CONNECT_SECONDS)
            yield
        finally:
            await end_tasks([connecting, *self._loops])
            await self.broker.stop()

    async def _connect(self) -> None:
        while True:
            try:
                await self.broker.start()
                loops: list[Any] = [*self.readings, *self.reconcilers, *([self.heads] if self._hears_heads else [])]
                self._loops = [asyncio.create_task(loop.run()) for loop in loops]
                return
            except (KafkaError, OSError) as error:
                _log.warning("no_facts_are_taken_without_kafka", source=self._source, error=repr(error))
            except Exception as error:
                _log.error("no_facts_are_taken", source=self._source, error=repr(error), exc_info=True)
            with suppress(Exception):  # what was half started must not keep it from starting again
                await self.broker.stop()
            await asyncio.sleep(CONNECT_AGAIN_SECONDS)

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        """Asks a source to publish a stream again from this version on. Raises SourceUnreachable."""
        body = RepublishRequest(source=source, stream=stream, from_version=version).model_dump_json().encode()
        await self._publish(REPUBLISH_TOPIC, body, source)

    def consume(
        self,
        topic: str,
        consumer: Consumer,
        *,
        purpose: str,
        sources: "Publishers | None" = None,
        pace: Pace = PROMPT,
    ) -> None:
        """Registers a consumer of a topic, which gets its batches from the position that its database holds.

        Each topic has its own Kafka client, so that what others write cannot hold up the agreements. `purpose` names
        the consumer among those of its service; `sources` are those that may publish on the topic, None allows any.
        """

        async def take(records: Sequence[Record]) -> None:
            await consumer.take_records(records, sources)

        self._read(topic, take, consumer.database, purpose=purpose, sources=sources.names if sources else (), pace=pace)

    def republish_on_request(self, republish: Republish, database: Database, apart: Sequence[Feed] = ()) -> None:
        """Answers consumers that ask this service to publish a part of a stream again, or to report its heads.

        It answers under its own name, and under the sources of the streams that it publishes apart.
        """
        sources = {self._source, *(feed.source for feed in apart)}

        async def take(records: Sequence[Record]) -> None:
            for record in records:
                if (heads := HeadsRequest.read(record.value)) is not None:
                    if heads.source in sources:
                        await self._tell_heads(database, heads, apart)
                    continue
                asked = RepublishRequest.read(record.value)
                if asked is not None and asked.source in sources:
                    await retry_while_transient(
                        partial(republish, asked.stream, asked.from_version), service=self._source
                    )

        self._read(REPUBLISH_TOPIC, take, database, purpose="republish", sources=(), pace=PATIENT)

    async def _tell_heads(self, database: Database, asked: HeadsRequest, apart: Sequence[Feed]) -> None:
        """Whoever asked in vain asks again: an answer that cannot be given now holds up nobody else's."""
        try:
            told = await answer_from(database, asked, apart)
            await self._publish(HEADS_TOPIC, told.model_dump_json().encode(), asked.source)
        except Exception as error:
            _log.warning("heads_not_told", service=self._source, error=repr(error))

    async def _publish(self, topic: str, body: bytes, key: str) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self.broker.publish(body, self._kafka.name(topic), key=key.encode())
        except (KafkaError, IncorrectState, TimeoutError) as error:  # the second: it was never reached
            raise SourceUnreachable(f"nothing could be sent to {topic}: {error!r}") from error

    def compare(self, consumer: Consumer, *, purpose: str, sources: Iterable[str]) -> None:
        """Compares what each source reports as published with what the consumer of that purpose received."""
        reading = next(one for one in self.readings if one.name == purpose)
        self._hear_heads()
        consumer.believe(self.heads)
        self.reconcilers.extend(
            Reconciler(
                consumer.database,
                self.heads,
                self.ask_again,
                reading.read_to_the_end,
                source=source,
                service=self._source,
                loops=self._told_loops,
            )
            for source in sorted(sources)
            if source != self._source
        )

    def _hear_heads(self) -> None:
        if self._hears_heads:
            return
        self._hears_heads = True
        self.heads.reads_from(
            self.broker.subscriber(
                self._kafka.name(HEADS_TOPIC), batch=True, auto_offset_reset="latest", ack_policy=AckPolicy.MANUAL
            )
        )

    def _read(
        self, topic: str, take: Take, database: Database, *, purpose: str, sources: Iterable[str], pace: Pace
    ) -> None:
        """Through a subscriber without a handler: FastStream makes, starts and stops its client, and we read from it.

        FastStream's own loop begins again after an exception where the client stands then, past what was dropped.
        """
        reading = TopicReader(
            database,
            take,
            name=purpose,
            service=self._source,
            sources=sources,
            pace=pace,
            loops=self._told_loops,
        )
        subscriber = self.broker.subscriber(
            self._kafka.name(topic),
            batch=True,
            group_id=self._kafka.name(f"aftale-{self._source}-{purpose}"),
            auto_offset_reset="none",
            ack_policy=AckPolicy.MANUAL,
            fetch_max_wait_ms=pace.wait_ms,
            session_timeout_ms=10_000,
            listener=reading,
        )
        reading.reads_from(subscriber)
        self.readings.append(reading)
