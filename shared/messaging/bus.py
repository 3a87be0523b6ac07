"""Kafka as a service meets it: one batch subscriber, and the channel on which sources are asked to publish again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

import structlog
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import BaseModel, Field, ValidationError

from shared.messaging.cloudevents import LARGEST_VERSION
from shared.messaging.consumer import Consumer, Record
from shared.messaging.passing_faults import SourceUnreachable, until_it_works

REPUBLISH_TOPIC = "republish"
"""Requests to a source to publish one of its streams again from a version on; key: the source."""
CONNECT_SECONDS = 10
"""For which a start waits for Kafka, before it goes on without."""
CONNECT_AGAIN_SECONDS = 1.0
ASK_SECONDS = 5
"""After which a source counts as unreachable: an operator waits for it."""
BATCH_TIMEOUT_MS = 20
_log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How a consumer asks for records."""

    wait_ms: int = 50
    """How long Kafka waits for news before it answers. A partition whose records came with one answer is asked for with
    the next, so this is also how late its next record may come."""
    records: int = 500
    """In one batch, at most."""


PROMPT = Pace()
PATIENT = Pace(wait_ms=500)
"""For topics on which little comes, and nobody waits for it: each answer costs half a millisecond."""
IN_BULK = Pace(records=2_000)
"""For who folds a batch as one: the more facts of a case come together, the less often its rows are written."""


@dataclass(frozen=True)
class Kafka:
    """A cluster, and the prefix of everything that Aftale has there, so that several can share it."""

    servers: str
    """host:port, several with commas between."""
    prefix: str = ""

    def name(self, topic_or_group: str) -> str:
        """As it is called in this cluster."""
        return f"{self.prefix}{topic_or_group}"


Republish = Callable[[UUID, int], Awaitable[None]]
"""Put a stream, from a version on, in line to be published again."""


class RepublishRequest(BaseModel):
    """A request to a source to publish one of its streams again, from a version on."""

    source: str
    stream: UUID
    from_version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]

    @classmethod
    def read(cls, body: bytes | None) -> Self | None:
        """None, and a line in the log, for what is no request: it must not hold up those behind it."""
        try:
            return cls.model_validate_json(body or b"")
        except ValidationError as error:
            _log.error("request_to_republish_does_not_read", error=repr(error))
            return None


class _BatchInFlight(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets a batch end and be committed before its partitions go to another process."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()

    async def on_partitions_revoked(self, revoked: object) -> None:
        async with self.lock:
            pass

    async def on_partitions_assigned(self, assigned: object) -> None:
        pass


class Bus:
    """The broker of one service in one process. Connect it when consumer and store are ready, leave it before them."""

    def __init__(self, kafka: Kafka, source: str) -> None:
        self._source = source
        self._kafka = kafka
        # Migrations make topics, with the partitions that they keep for ever; FastStream would make them with one.
        self.broker = KafkaBroker(
            kafka.servers, logger=None, client_id=f"aftale-{source}", allow_auto_create_topics=False
        )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Consumes inside. Where Kafka is away that begins once it is back: what needs no Kafka goes on meanwhile."""
        connecting = asyncio.create_task(self._connect())
        try:
            await asyncio.wait([connecting], timeout=CONNECT_SECONDS)
            yield
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await self.broker.stop()

    async def _connect(self) -> None:
        while True:
            try:
                return await self.broker.start()
            except (KafkaError, OSError) as error:
                _log.warning("no_facts_are_taken_without_kafka", source=self._source, error=repr(error))
            except Exception as error:
                _log.error("no_facts_are_taken", source=self._source, error=repr(error), exc_info=True)
            with suppress(Exception):  # what was half started must not keep it from starting again
                await self.broker.stop()
            await asyncio.sleep(CONNECT_AGAIN_SECONDS)

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        """Ask a source to publish a stream again from this version on. Raises SourceUnreachable."""
        body = RepublishRequest(source=source, stream=stream, from_version=version).model_dump_json().encode()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self.broker.publish(body, self._kafka.name(REPUBLISH_TOPIC), key=source.encode())
        except (KafkaError, IncorrectState, TimeoutError) as error:  # the second: it was never reached
            raise SourceUnreachable(f"{source} could not be asked for {stream} from {version} on") from error

    def consume(self, topics: Sequence[str], consumer: Consumer, *, purpose: str, pace: Pace = PROMPT) -> None:
        """Give batches of these topics to the consumer; offsets are committed once a batch has its effect.

        `purpose` tells the consumer groups of one service apart.
        """
        in_flight = _BatchInFlight()

        async def take(message: KafkaMessage) -> None:
            # Must not raise: the loop would go on, and the next commit would pass over this batch.
            async with in_flight.lock:
                await consumer.take_records([_record(raw) for raw in _raw(message)])
                await message.ack()

        self._subscribe(topics, take, group=f"aftale-{self._source}-{purpose}", listener=in_flight, pace=pace)

    def republish_on_request(self, republish: Republish) -> None:
        """Answer requests of consumers that miss a part of a stream of this service."""

        async def take(message: KafkaMessage) -> None:
            for raw in _raw(message):
                asked = RepublishRequest.read(raw.value)
                if asked is not None and asked.source == self._source:
                    step = partial(republish, asked.stream, asked.from_version)
                    await until_it_works(step, service=self._source)
            await message.ack()

        group = f"aftale-{self._source}-republish"
        self._subscribe([REPUBLISH_TOPIC], take, group=group, listener=None, pace=PATIENT)

    def _subscribe(
        self,
        topics: Sequence[str],
        take: Callable[[KafkaMessage], Awaitable[None]],
        *,
        group: str,
        listener: Any,
        pace: Pace,
    ) -> None:
        subscriber = self.broker.subscriber(
            *(self._kafka.name(topic) for topic in topics),
            batch=True,
            group_id=self._kafka.name(group),
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=_headers_unread,
            decoder=_undecoded,
            max_records=pace.records,
            batch_timeout_ms=BATCH_TIMEOUT_MS,
            fetch_max_wait_ms=pace.wait_ms,
            session_timeout_ms=10_000,
            listener=listener,
        )

        @subscriber
        async def handle(body: Any, message: KafkaMessage) -> None:
            await take(message)


def _raw(message: KafkaMessage) -> Sequence[Any]:
    raw = message.raw_message
    return raw if isinstance(raw, tuple) else (raw,)


def _record(raw: Any) -> Record:
    return tuple(raw.headers), raw.value


async def _headers_unread(records: Any, parse: Callable[[Any], Awaitable[KafkaMessage]]) -> KafkaMessage:
    """FastStream reads all headers as UTF-8 before its handler: one that is not would lose its whole batch.

    It gets to see the first record; the handler takes all of them as they came.
    """
    message = await parse((replace(records[0], headers=()),))
    message.raw_message = records
    return message


async def _undecoded(message: KafkaMessage) -> Any:
    """A body that is not JSON would block its partition for ever: we decode ourselves."""
    return message.body
