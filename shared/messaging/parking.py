"""Parked streams: a fact is missing, or one could not be processed. Operators see, retake, replay, discard."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message, read
from shared.messaging.inbox import NO_EVENT, StreamKey

PAGE = 100
"""Messages that are read at once."""
Position = tuple[int, int, bool, UUID]
"""Epoch, version, whether it is an alarm, and event id: the order of what waits in a stream.

Of two events at one version the alarm comes second: it must not be tried in place of the event that came first.
"""
BEFORE_ALL: Position = (0, 0, False, NO_EVENT)
MessageKey = tuple[str, UUID, int, int]
"""Source, stream, epoch and version."""


class Reason(StrEnum):
    """Why a message waits."""

    GAP = "hole"
    """Facts before it are missing. The stored code is `hole`."""
    POISON = "poison"
    """It cannot be decoded, or its handler fails for a reason that is not transient."""
    ALARM = "alarm"
    """Its version was received with another id: the source was changed unnoticed."""
    WAITING = "waiting"
    """An earlier message of its stream is parked."""


@dataclass(frozen=True)
class Obstacle:
    """A message that has to wait, and why, in words for operators."""

    message: Message
    reason: Reason
    detail: str


def behind_another(message: Message) -> Obstacle:
    """Returns the obstacle of a message that only waits for an earlier one of its stream."""
    return Obstacle(message, Reason.WAITING, "an earlier message of its stream is parked")


@dataclass(frozen=True)
class Parked(Obstacle):
    """A parked message."""

    parked_at: datetime


@dataclass(frozen=True)
class ParkedStream:
    """A stream with parked messages."""

    first: Parked
    waiting: int
    """How many of its messages are parked."""


async def park(connection: Connection, obstacles: Sequence[Obstacle]) -> None:
    """Parks messages; one that is parked already stays as it is."""
    messages = [obstacle.message for obstacle in obstacles]
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
        [_headers(message) for message in messages],
        [message.body for message in messages],
        [json.dumps(message.concerns) for message in messages],
    )


async def parked_streams(connection: Connection, streams: Iterable[StreamKey]) -> set[StreamKey]:
    """Returns those of these streams that are parked."""
    keys = list(streams)
    rows = await connection.fetch(
        """select distinct p.source, p.stream
           from unnest($1::text[], $2::uuid[]) as asked(source, stream) join parked p using (source, stream)""",
        [source for source, _ in keys],
        [stream for _, stream in keys],
    )
    return {(row["source"], row["stream"]) for row in rows}


async def parked_at(connection: Connection, messages: Iterable[Message]) -> dict[MessageKey, Parked]:
    """Returns the parked messages, except alarms, that have the stream and version of one of these messages."""
    keys = [key_of(message) for message in messages]
    rows = await connection.fetch(
        """select p.headers, p.body, p.reason, p.detail, p.parked_at
           from unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) as asked(source, stream, epoch, version)
           join parked p using (source, stream, epoch, version)
           where p.reason <> 'alarm'""",
        *_columns(keys),
    )
    return {key_of(found.message): found for found in map(_parked, rows)}


async def waiting_messages(
    connection: Connection, source: str, stream: UUID, *, after: Position = BEFORE_ALL, limit: int = PAGE
) -> list[Parked]:
    """Returns the parked messages of a stream after a position, in the order of the stream."""
    rows = await connection.fetch(
        """select headers, body, reason, detail, parked_at from parked
           where source = $1 and stream = $2 and (epoch, version, reason = 'alarm', event_id) > ($3, $4, $5, $6)
           order by epoch, version, reason = 'alarm', event_id limit $7""",
        source,
        stream,
        *after,
        limit,
    )
    return [_parked(row) for row in rows]


async def first_messages(connection: Connection, streams: Iterable[StreamKey]) -> dict[StreamKey, Message]:
    """Returns the first parked message of each of these streams; omits a stream without one."""
    keys = list(streams)
    rows = await connection.fetch(
        """select asked.source, asked.stream, first.*
           from unnest($1::text[], $2::uuid[]) as asked(source, stream)
           join lateral (select headers, body, reason, detail, parked_at from parked
                         where source = asked.source and stream = asked.stream
                         order by epoch, version, reason = 'alarm', event_id limit 1) first on true""",
        [source for source, _ in keys],
        [stream for _, stream in keys],
    )
    return {(row["source"], row["stream"]): _parked(row).message for row in rows}


async def count_waiting(connection: Connection, source: str, stream: UUID) -> int:
    """Returns how many messages of a stream are parked."""
    count: int = await connection.fetchval(
        "select count(*) from parked where source = $1 and stream = $2", source, stream
    )
    return count


async def waiting_streams(
    connection: Connection, *, after: tuple[datetime, UUID, str] | None = None, limit: int | None = None
) -> list[ParkedStream]:
    """Returns the parked streams, longest first; `after` is what `place_of` returns for the last one before."""
    parked_at, stream, source = after or (None, None, None)
    rows = await connection.fetch(
        """select headers, body, reason, detail, parked_at, waiting
           from (select distinct on (source, stream) source, stream, headers, body, reason, detail, parked_at,
                        count(*) over (partition by source, stream) as waiting,
                        encode(sha256(convert_to(source, 'UTF8')), 'hex') as of_source
                 from parked order by source, stream, epoch, version, reason = 'alarm', event_id) first
           where $1::timestamptz is null or (parked_at, stream, of_source) > ($1, $2::uuid, $3::text)
           order by parked_at, stream, of_source limit $4""",
        parked_at,
        stream,
        source,
        limit,
    )
    return [ParkedStream(_parked(row), row["waiting"]) for row in rows]


def place_of(waiting: ParkedStream) -> tuple[datetime, UUID, str]:
    """Returns the place of a stream in the order of the parked ones.

    Hashes the name of the source, which may have any length.
    """
    message = waiting.first.message
    return waiting.first.parked_at, message.stream, hashlib.sha256(message.source.encode()).hexdigest()


async def put_in_place(connection: Connection, copies: Iterable[Message]) -> None:
    """Replaces the parked messages that have the ids of these copies, and keeps the replaced ones aside."""
    newest = {(*key_of(message), message.event_id): message for message in copies}
    messages = list(newest.values())
    await connection.execute(
        """with copy as (
             select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::jsonb[], $7::text[],
                                  $8::jsonb[])
               as copy(source, stream, epoch, version, event_id, headers, body, extensions)
           ), before as (
             insert into replaced (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions,
                                   parked_at)
             select source, stream, epoch, version, event_id, p.reason, p.detail, p.headers, p.body, p.extensions,
                    p.parked_at
             from parked p join copy using (source, stream, epoch, version, event_id)
           )
           update parked p set headers = copy.headers, body = copy.body, extensions = copy.extensions
           from copy
           where (p.source, p.stream, p.epoch, p.version, p.event_id)
                 = (copy.source, copy.stream, copy.epoch, copy.version, copy.event_id)""",
        *_columns(map(key_of, messages)),
        [message.event_id for message in messages],
        [_headers(message) for message in messages],
        [message.body for message in messages],
        [json.dumps(message.concerns) for message in messages],
    )


async def explain(connection: Connection, message: Message, detail: str) -> None:
    """Records why a parked message cannot be processed, after it was tried."""
    await connection.execute(
        """update parked set reason = $6, detail = $7
           where source = $1 and stream = $2 and epoch = $3 and version = $4 and event_id = $5""",
        *key_of(message),
        message.event_id,
        Reason.POISON,
        detail,
    )


async def unpark(connection: Connection, message: Message) -> None:
    """Removes a parked message that has been processed."""
    await connection.execute(
        "delete from parked where source = $1 and stream = $2 and epoch = $3 and version = $4 and event_id = $5",
        message.source,
        message.stream,
        message.epoch,
        message.version,
        message.event_id,
    )


async def discard(connection: Connection, message: Message, *, by: str, reason: str, missing: range) -> None:
    """Discards a parked message, with who decided it and why, and the versions missing before it."""
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


async def discard_all(connection: Connection, source: str, *, by: str, reason: str) -> int:
    """Discards all parked messages of a source whose streams have one message each; returns how many there were."""
    discarded: int = await connection.fetchval(
        """with gone as (
             delete from parked where source = $1 returning *
           ), kept as (
             insert into discarded (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions,
                                    parked_at, discarded_by, discard_reason)
             select source, stream, epoch, version, event_id, reason, detail, headers, body, extensions, parked_at,
                    $2, $3
             from gone
           ), passed_over as (
             insert into inbox (source, stream, epoch, version, event_id)
             select source, stream, epoch, version, event_id from gone
             on conflict do nothing
           )
           select count(*) from gone""",
        source,
        by,
        reason,
    )
    return discarded


def key_of(message: Message) -> MessageKey:
    """Returns the source, stream, epoch and version of a message."""
    return message.source, message.stream, message.epoch, message.version


def _columns(keys: Iterable[MessageKey]) -> tuple[list[str], list[UUID], list[int], list[int]]:
    """One list per column, as `unnest` takes them."""
    asked = list(keys)
    return (
        [source for source, _, _, _ in asked],
        [stream for _, stream, _, _ in asked],
        [epoch for _, _, epoch, _ in asked],
        [version for _, _, _, version in asked],
    )


def _headers(message: Message) -> str:
    return json.dumps({name: value.decode() for name, value in message.headers()})


def _parked(row: Any) -> Parked:
    headers = [(name, value.encode()) for name, value in json.loads(row["headers"]).items()]
    message = read(headers, row["body"].encode())
    return Parked(message, Reason(row["reason"]), row["detail"], row["parked_at"])
