"""Writes what a recovery restores from Kafka: events, the commands that recorded them, timers and reservations."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog

from shared.eventstore.commands import timer_rows
from shared.eventstore.database import Connection
from shared.eventstore.decider import Decider
from shared.eventstore.events import EventTypes, Origin, private_fields
from shared.eventstore.liveness import LIVE, Liveness, origin_in
from shared.messaging.cloudevents import Message
from shared.messaging.continuation import Unrecoverable
from shared.messaging.published_facts import Checked

CHUNK = 500
"""Number of facts, or streams, that one statement processes."""
_INSERT = """
insert into events (position, stream, version, epoch, event_id, type, schema_version, data, metadata, occurred_at,
                    recorded_at)
select $1 + e.number, e.stream, e.version, e.epoch, e.event_id, e.type, e.schema_version, e.data::jsonb,
       e.metadata::jsonb, e.occurred_at, e.recorded_at
from unnest($2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::text[], $7::smallint[], $8::text[], $9::text[],
            $10::timestamptz[], $11::timestamptz[]) with ordinality
     as e(stream, version, epoch, event_id, type, schema_version, data, metadata, occurred_at, recorded_at, number)
"""
_MOVE_STREAMS = """
insert into streams (id, version, first_position)
select stream, max(version), min(position)
from unnest($1::uuid[], $2::int[], $3::bigint[]) as e(stream, version, position) group by stream
on conflict (id) do update set version = excluded.version
"""
_NOTE_FACTS = """
insert into recovered_facts (stream, version, event_id, type, private_fields)
select stream, version, event_id, type, string_to_array(private_fields, ',')
from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[])
     as fact(stream, version, event_id, type, private_fields)
on conflict (stream, version) do update
set event_id = excluded.event_id, type = excluded.type, private_fields = excluded.private_fields,
    recovered_at = excluded.recovered_at
"""
_NOTE_COMMANDS = """
insert into recovered_commands (command_id, stream)
select distinct command_id, stream from unnest($1::uuid[], $2::uuid[]) as done(command_id, stream)
on conflict do nothing
"""
_NOTE_KEYS = """
insert into handled (key, fingerprint, position, handled_at)
select key, $4, $3::bigint, max(recorded_at) from unnest($1::uuid[], $2::timestamptz[]) as done(key, recorded_at)
group by key
on conflict do nothing
"""
_NOTE_UNRECOVERABLE = """
insert into unrecoverable_facts (stream, epoch, version, event_id, reason)
select * from unnest($1::uuid[], $2::int[], $3::int[], $4::uuid[], $5::text[])
on conflict do nothing
"""
_MOVE_CHECKED = """
insert into own_records_checked (topic, partition, next, last_timestamp)
select $1, * from unnest($2::int[], $3::bigint[], $4::bigint[])
on conflict (topic, partition) do update set next = excluded.next, last_timestamp = excluded.last_timestamp
"""
_EVENTS = """
select e.stream, e.type, e.schema_version, e.data, e.metadata
from unnest($1::uuid[]) as asked(stream)
join streams s on s.id = asked.stream
join events e on e.stream = s.id and e.position >= s.first_position
order by e.stream, e.version
"""
RECOVERED = "recovered"
"""Replaces, in `handled`, the fingerprint of a request whose answer was lost."""
_log = structlog.get_logger()
Item = TypeVar("Item")


async def record(connection: Connection, types: EventTypes, taken: Sequence[Message]) -> None:
    """Records facts with their ids, versions and epochs after the newest position, and the commands that they name."""
    base = await connection.fetchval("select newest_position()")
    position = base
    for chunk in in_chunks(taken, CHUNK):
        await connection.execute("select ensure_partitions()")
        await connection.execute(
            _INSERT,
            position,
            *columns_of(chunk, "stream", "version", "epoch", "event_id", "type", "schema_version", "body"),
            [_metadata(message) for message in chunk],
            *columns_of(chunk, "occurred_at", "recorded_at"),
        )
        positions = list(range(position + 1, position + len(chunk) + 1))
        await connection.execute(_MOVE_STREAMS, *columns_of(chunk, "stream", "version"), positions)
        private = [",".join(private_fields(types.of(message.type))) for message in chunk]
        await connection.execute(_NOTE_FACTS, *columns_of(chunk, "stream", "version", "event_id", "type"), private)
        done = [message for message in chunk if message.command_id is not None]
        await connection.execute(_NOTE_COMMANDS, *columns_of(done, "command_id", "stream"))
        position += len(chunk)
        await connection.execute(_NOTE_KEYS, *columns_of(done, "command_id", "recorded_at"), position, RECOVERED)
    # They came from Kafka. Where older facts have not been acknowledged, they go out once more behind those, as
    # duplicates that every reader knows.
    await connection.execute("update relay set checkpoint = $2 where checkpoint = $1", base, position)


async def derive(
    connection: Connection, types: EventTypes, subjects: Sequence[Decider[Any, Any]], streams: Sequence[UUID]
) -> None:
    """Replaces timers and reservations of streams by those that the deciders want for their current states."""
    timers: list[tuple[UUID, str, datetime]] = []
    names: list[tuple[str, UUID]] = []
    for chunk in in_chunks(streams, CHUNK):
        events: dict[UUID, list[Any]] = {stream: [] for stream in chunk}
        origins: dict[UUID, Origin] = {}
        for row in await connection.fetch(_EVENTS, chunk):
            events[row["stream"]].append(types.read(row["type"], row["data"], row["schema_version"]))
            origins.setdefault(row["stream"], origin_in(row["metadata"]))
        for stream, facts in events.items():
            history = Liveness(origins.get(stream, Origin.LIVE)).after(facts)
            for subject in subjects:
                state, liveness = subject.fold(facts), history if subject.of_a_case else LIVE
                timers += [(stream, name, due) for name, due in timer_rows(subject, state, liveness).items()]
                names += [(name, stream) for name in subject.reservations(state)]
    await connection.execute("delete from timers where stream = any($1)", streams)
    await connection.executemany("insert into timers (stream, name, due) values ($1, $2, $3)", timers)
    await connection.execute("delete from reservations where stream = any($1)", streams)
    await connection.executemany(
        "insert into reservations (name, stream) values ($1, $2) on conflict (name) do nothing", names
    )


async def move_checked(connection: Connection, topic: str, checked: Mapping[int, Checked]) -> None:
    """Records up to where each partition was compared."""
    stands = list(checked.values())
    await connection.execute(_MOVE_CHECKED, topic, list(checked), *columns_of(stands, "next", "last_timestamp"))


async def note_unrecoverable(connection: Connection, facts: Sequence[Unrecoverable]) -> None:
    """Logs and records, for operators, which facts are lost to this service, and why."""
    for one in facts:
        message = one.message
        _log.error("own_fact_unrecoverable", stream=str(message.stream), version=message.version, reason=one.reason)
    messages = [one.message for one in facts]
    await connection.execute(
        _NOTE_UNRECOVERABLE,
        *columns_of(messages, "stream", "epoch", "version", "event_id"),
        [one.reason for one in facts],
    )


def _metadata(message: Message) -> str:
    """As Kafka carries it; a fact of a release that did not publish its command has its own id there."""
    values = {
        "command_id": str(message.command_id or message.event_id),
        "actor": message.actor,
        "on_behalf_of": message.on_behalf_of,
        "causation": message.causation,
        "traceparent": message.traceparent,
        "policy": message.policy,
        "origin": None if message.origin is Origin.LIVE else message.origin,
    }
    metadata = {name: value for name, value in values.items() if value is not None}
    return orjson.dumps({**metadata, "concerns": message.concerns}).decode()


def columns_of(rows: Sequence[Any], *names: str) -> list[list[Any]]:
    """Returns one list per field, as `unnest` takes them."""
    return [[getattr(row, name) for row in rows] for name in names]


def in_chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yields the parts of a list that one statement processes."""
    for first in range(0, len(items), size):
        yield items[first : first + size]
