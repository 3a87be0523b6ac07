"""The heads of a source's streams: what it says itself that it has published, asked for and told over Kafka.

A head is the newest fact of a stream that Kafka has acknowledged: epoch, version, event id, and what it concerns.
Readers compare heads with what they took (reconciler.py). A gap at the end of a stream shows in no other way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

import orjson
import structlog
from aiokafka.errors import ConsumerStoppedError
from pydantic import BaseModel, Field, ValidationError

from shared.eventstore.database import Connection, Database
from shared.messaging.backoff import Backoff
from shared.messaging.cloudevents import LARGEST_VERSION
from shared.messaging.errors import SourceUnreachable
from shared.messaging.feeds import Feed, selection
from shared.messaging.published_epoch import published_epoch

HEADS_TOPIC = "heads"
"""Where sources answer; key: the source."""
POSITIONS_AT_ONCE = 1_000
"""Positions of a source's log that one answer covers, at most."""
LONGEST_CONCERN = 100
STREAMS_AT_ONCE = 500
"""Streams that can be asked for in one request."""
ANSWER_SECONDS = 10.0
"""Seconds after which a source that was asked counts as silent."""
_log = structlog.get_logger()


class HeadsRequest(BaseModel):
    """Asks a source for the newest fact of each listed stream, or of every stream that changed after a position."""

    source: str
    answer_to: UUID
    """Repeated in the answer."""
    after: Annotated[int | None, Field(ge=0)] = None
    """A position of the source's log; the answer says up to which one it has come."""
    streams: Annotated[tuple[UUID, ...], Field(max_length=STREAMS_AT_ONCE)] = ()

    @classmethod
    def read(cls, body: bytes | None) -> Self | None:
        """Reads a request; returns None if the body is no such request."""
        try:
            return cls.model_validate_json(body or b"")
        except ValidationError:
            return None


class Head(BaseModel):
    """The newest published fact of a stream."""

    stream: UUID
    epoch: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    event_id: UUID
    concerns: dict[str, Annotated[str, Field(max_length=LONGEST_CONCERN, pattern=r"^[\w.:-]*$")]] = Field(
        default_factory=dict
    )
    """CVR and P-number, as `ce_cvr` and `ce_pnumber` of its facts; never a text."""


class Heads(BaseModel):
    """A source's answer to a HeadsRequest: the newest fact of each stream in question."""

    source: str
    answer_to: UUID
    epoch: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    """Of the source's history; raised where it was restored from a backup and could not take everything back."""
    up_to: Annotated[int, Field(ge=0)]
    """The position up to which streams that changed are told here."""
    end: Annotated[int, Field(ge=0)]
    """The position up to which Kafka has acknowledged all: where it is beyond `up_to`, there is more to ask for."""
    heads: tuple[Head, ...]


_OF_POSITIONS = f"""
with touched as (
  select distinct stream from events where position > $1 and position <= $2 and (type = any($4::text[])) = $5)
select head.stream, head.epoch, head.version, head.event_id, head.metadata
from touched cross join lateral (
  select stream, {published_epoch("events")} as epoch, version, event_id, metadata from events
  where stream = touched.stream and position <= $3 order by version desc limit 1) head
"""
_OF_STREAMS = f"""
select head.stream, head.epoch, head.version, head.event_id, head.metadata
from unnest($1::uuid[]) as asked(stream) cross join lateral (
  select stream, {published_epoch("events")} as epoch, version, event_id, type, metadata from events
  where stream = asked.stream and position <= $2 order by version desc limit 1) head
where (head.type = any($3::text[])) = $4
"""


async def answer(connection: Connection, asked: HeadsRequest, apart: Sequence[Feed] = ()) -> Heads:
    """Returns the heads of what this service has published under the source of the request, as it asks for them.

    `apart` are the streams that it publishes under other sources.
    """
    of_source = selection(asked.source, apart)
    epoch = await connection.fetchval("select epoch from log")
    end = await connection.fetchval("select checkpoint from relay")
    if asked.after is None:
        up_to, rows = end, await connection.fetch(_OF_STREAMS, list(asked.streams), end, *of_source)
    else:
        up_to = min(asked.after + POSITIONS_AT_ONCE, end)
        rows = await connection.fetch(_OF_POSITIONS, asked.after, up_to, end, *of_source)
    return Heads(
        source=asked.source,
        answer_to=asked.answer_to,
        epoch=epoch,
        up_to=up_to,
        end=end,
        heads=tuple(
            Head(
                stream=row["stream"],
                epoch=row["epoch"],
                version=row["version"],
                event_id=row["event_id"],
                concerns=orjson.loads(row["metadata"]).get("concerns", {}),
            )
            for row in rows
        ),
    )


async def answer_from(database: Database, asked: HeadsRequest, apart: Sequence[Feed] = ()) -> Heads:
    """Returns the answer to a request for heads, over a connection of its own."""
    async with database.acquire() as connection:
        return await answer(connection, asked, apart)


Publish = Callable[[str, bytes, str], Awaitable[None]]
"""Sends a body to a topic, by its name without prefix, under a key. Raises SourceUnreachable."""


class HeadsOfSources:
    """Asks sources for heads, and waits for their answers. One of these per service and process."""

    def __init__(self, publish: Publish, request_topic: str) -> None:
        self._publish = publish
        self._request_topic = request_topic
        self._waiting: dict[UUID, asyncio.Future[Heads]] = {}
        self._subscriber: Any = None

    def reads_from(self, subscriber: Any) -> None:
        """Sets the FastStream subscriber of the topic with answers.

        It begins at the end of the topic: nobody waits for older answers.
        """
        self._subscriber = subscriber

    async def run(self) -> None:
        """Receives answers until cancelled, or until the Kafka client is closed."""
        backoff = Backoff()
        while True:
            client = self._subscriber.consumer
            if client is None:
                return
            try:
                answers = await client.getmany(timeout_ms=200)
                backoff.succeeded()
            except ConsumerStoppedError:
                return
            except Exception as error:
                _log.warning("answers_cannot_be_read", error=repr(error))
                await asyncio.sleep(backoff.failed())
                continue
            for records in answers.values():
                for record in records:
                    self._note(record.value)

    async def after(self, source: str, position: int) -> Heads:
        """Returns the heads of the streams that changed after a position.

        Raises SourceUnreachable if no answer comes.
        """
        return await self._ask(HeadsRequest(source=source, answer_to=uuid4(), after=position))

    async def of_streams(self, source: str, streams: Sequence[UUID]) -> Heads:
        """Returns the heads of streams; omits one that the source does not have. Raises SourceUnreachable."""
        return await self._ask(HeadsRequest(source=source, answer_to=uuid4(), streams=tuple(streams)))

    async def _ask(self, request: HeadsRequest) -> Heads:
        coming: asyncio.Future[Heads] = asyncio.get_running_loop().create_future()
        self._waiting[request.answer_to] = coming
        try:
            await self._publish(self._request_topic, request.model_dump_json().encode(), request.source)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await coming
        except TimeoutError as error:
            raise SourceUnreachable(f"{request.source} told no heads within {ANSWER_SECONDS:.0f} s") from error
        finally:
            del self._waiting[request.answer_to]

    def _note(self, body: bytes | None) -> None:
        try:
            told = Heads.model_validate_json(body or b"")
        except ValidationError:
            return
        waiting = self._waiting.get(told.answer_to)
        if waiting is not None and not waiting.done():
            waiting.set_result(told)
