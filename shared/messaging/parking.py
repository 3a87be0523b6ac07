"""Streams that wait: because of a hole, or of a message that could not be handled. Operators see, replay, discard."""

import json
from asyncio import gather
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.eventstore.database import Connection, Database
from shared.messaging.cloudevents import Message, read
from shared.messaging.inbox import NO_EVENT, StreamKey

PAGE = 100
"""Messages that are read at once."""
Position = tuple[int, int, UUID]
"""Epoch, version and event id: the order of what waits in a stream."""
BEFORE_ALL: Position = (0, 0, NO_EVENT)


class Reason(StrEnum):
    """Why a message waits."""

    HOLE = "hole"
    """Facts before it are missing."""
    POISON = "poison"
    """It cannot be decoded, or its handler fails for a reason that will not pass."""
    ALARM = "alarm"
    """Its version was taken with another id: the source was changed behind our back."""
    WAITING = "waiting"
    """An earlier message of its stream is parked."""


@dataclass(frozen=True)
class Obstacle:
    """A message that has to wait, and why, in words for operators."""

    message: Message
    reason: Reason
    detail: str


@dataclass(frozen=True)
class Parked(Obstacle):
    """A message that waits."""

    parked_at: datetime


@dataclass(frozen=True)
class ParkedStream:
    """A stream that waits."""

    first: Parked
    waiting: int
    """How many of its messages wait."""


async def park(connection: Connection, obstacles: Sequence[Obstacle]) -> None:
    """Put messages aside; one that is parked already stays as it is."""
    messages = [obstacle.message for obstacle in obstacles]
    headers = [{name: value.decode() for name, value in message.headers()} for message in messages]
    await connection.execute(
        """insert into parked (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions)
           select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::text[], $7::text[],
                                $8::jsonb[], $9::text[], $10::jsonb[])
           on conflict do nothing""",
        [message.source for message in messages],
        [message.stream for message in messages],
        [message.epoch for message in messages],
        [message.version for message in messages],
        [message.event_id for message in messages],
        [obstacle.reason for obstacle in obstacles],
        [obstacle.detail for obstacle in obstacles],
        [json.dumps(values) for values in headers],
        [message.body for message in messages],
        [json.dumps(message.concerns) for message in messages],
    )


async def parked_streams(connection: Connection, streams: Iterable[StreamKey]) -> set[StreamKey]:
    """Which of these streams wait."""
    keys = list(streams)
    rows = await connection.fetch(
        """select distinct p.source, p.stream
           from unnest($1::text[], $2::uuid[]) as asked(source, stream) join parked p using (source, stream)""",
        [source for source, _ in keys],
        [stream for _, stream in keys],
    )
    return {(row["source"], row["stream"]) for row in rows}


async def waiting_messages(
    connection: Connection, source: str, stream: UUID, *, after: Position = BEFORE_ALL, limit: int = PAGE
) -> list[Parked]:
    """What waits in a stream, in its own order and from a position on."""
    rows = await connection.fetch(
        """select headers, body, reason, detail, parked_at from parked
           where source = $1 and stream = $2 and (epoch, version, event_id) > ($3, $4, $5)
           order by epoch, version, event_id limit $6""",
        source,
        stream,
        *after,
        limit,
    )
    return [_parked(row) for row in rows]


async def first_messages(connection: Connection, streams: Iterable[StreamKey]) -> dict[StreamKey, Message]:
    """The first message that waits in each of these streams, where one does."""
    keys = list(streams)
    rows = await connection.fetch(
        """select asked.source, asked.stream, first.*
           from unnest($1::text[], $2::uuid[]) as asked(source, stream)
           join lateral (select headers, body, reason, detail, parked_at from parked
                         where source = asked.source and stream = asked.stream
                         order by epoch, version, event_id limit 1) first on true""",
        [source for source, _ in keys],
        [stream for _, stream in keys],
    )
    return {(row["source"], row["stream"]): _parked(row).message for row in rows}


async def count_waiting(connection: Connection, source: str, stream: UUID) -> int:
    """How many messages wait in a stream."""
    count: int = await connection.fetchval(
        "select count(*) from parked where source = $1 and stream = $2", source, stream
    )
    return count


async def waiting_streams(connection: Connection) -> list[ParkedStream]:
    """The streams that wait, longest first."""
    rows = await connection.fetch(
        """select * from (select distinct on (source, stream) headers, body, reason, detail, parked_at,
                                 count(*) over (partition by source, stream) as waiting
                          from parked order by source, stream, epoch, version, event_id) first
           order by parked_at"""
    )
    return [ParkedStream(_parked(row), row["waiting"]) for row in rows]


async def about_whom_facts_wait(connection: Connection, concerns: Sequence[tuple[str, str]]) -> list[bool]:
    """Whether a fact waits about each of these: a unit or a legal entity, with its name in messages before it."""
    rows = await connection.fetch(
        """select exists (select from parked where extensions @> jsonb_build_object(about.name, about.value)) as waits
           from unnest($1::text[], $2::text[]) with ordinality as about(name, value, place) order by place""",
        [name for name, _ in concerns],
        [value for _, value in concerns],
    )
    return [row["waits"] for row in rows]


async def first_parked(database: Database, concerns: Sequence[tuple[str, str]]) -> str | None:
    """The first of these about which a fact waits."""
    waits = [database.ask(about_whom_facts_wait, about) for about in concerns]
    return next((value for (_, value), one in zip(concerns, await gather(*waits), strict=True) if one), None)


async def unpark(connection: Connection, message: Message) -> None:
    """Forget a message that has been taken."""
    await connection.execute(
        "delete from parked where source = $1 and stream = $2 and epoch = $3 and version = $4 and event_id = $5",
        message.source,
        message.stream,
        message.epoch,
        message.version,
        message.event_id,
    )


async def discard(connection: Connection, message: Message, *, by: str, reason: str, missing: range) -> None:
    """Pass over a parked message for ever, with who decided it and why, and with what had never come before it."""
    passed_over = f"; versions {missing[0]} to {missing[-1]} never came and are passed over too" if missing else ""
    await connection.execute(
        """with gone as (delete from parked where source = $1 and stream = $2 and event_id = $3 returning *)
           insert into discarded (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions,
                                  parked_at, discarded_by, discard_reason)
           select source, stream, epoch, version, event_id, reason, detail || $6, headers, body, extensions,
                  parked_at, $4, $5
           from gone""",
        message.source,
        message.stream,
        message.event_id,
        by,
        reason,
        passed_over,
    )


def _parked(row: Any) -> Parked:
    headers = [(name, value.encode()) for name, value in json.loads(row["headers"]).items()]
    message = read(headers, row["body"].encode())
    return Parked(message, Reason(row["reason"]), row["detail"], row["parked_at"])
