"""The event store of one service: append by group commit, and load."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson
import structlog
from uuid_utils.compat import uuid7

from shared.eventstore import private_keys
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import DATABASE_AWAY, Connection, Database
from shared.eventstore.events import MAX_EVENT_BYTES, Event, EventTypes, Metadata, Recorded
from shared.eventstore.known_states import KnownStates
from shared.eventstore.news import News
from shared.tasks import end_tasks
from shared.telemetry.context import span
from shared.telemetry.measured import APPEND_GROUP, APPEND_SECONDS

_log = structlog.get_logger()
GROUP_SIZE = 500
"""Commands in one transaction, at most."""
LOOK_AT_PARTITIONS_EVERY = 1_000_000
"""Positions after which the next partition is made, if it is not there yet; a partition holds ten times as many."""
COMMITTERS = 2
"""Connections that append in turn: while one commits its group, the other one's callers decide and queue up."""


class AppendFault(Exception):
    """A command lost in its group; nothing of it was kept."""


class StaleVersion(AppendFault):
    """Another command wrote to one of the streams first."""


class AlreadyHandled(AppendFault):
    """The idempotency key is used."""


class InboxMoved(AppendFault):
    """The inbox no longer stands where the reader of the fact found it."""


class NameReserved(AppendFault):
    """Another stream holds a name that must be unique."""


class StoreUnavailable(Exception):
    """The database cannot be reached; whether the command was kept is unknown. Safe to retry with the same key."""


class EventTooLarge(ValueError):
    """An event is larger than MAX_EVENT_BYTES."""


_FAULTS: Mapping[str, type[AppendFault]] = {
    "stale": StaleVersion,
    "repeated": AlreadyHandled,
    "moved": InboxMoved,
    "reserved": NameReserved,
}


@dataclass(frozen=True)
class Occurred:
    """An event that is about to be written, with its domain time."""

    event: Event
    at: datetime


@dataclass(frozen=True)
class Write:
    """Events for one stream at an expected version. Without events it guards: the stream must not have moved."""

    stream: UUID
    expected: int
    events: tuple[Occurred, ...] = ()
    concerns: Mapping[str, str] = field(default_factory=dict)
    """Ids that travel beside the events, see Decider.concerns."""


@dataclass(frozen=True)
class Mark:
    """A step of the inbox: from where the reader found it to the fact that it has now taken."""

    source: str
    stream: UUID
    from_epoch: int
    from_version: int
    epoch: int
    version: int
    event_id: UUID


@dataclass(frozen=True)
class IdempotencyKey:
    """The key of a command, what was asked under it, and the answer that a repetition gets."""

    key: UUID
    fingerprint: str
    answer: str | None = None


@dataclass(frozen=True)
class Change:
    """All that one command does, kept whole or not at all."""

    metadata: Metadata
    writes: tuple[Write, ...] = ()
    key: IdempotencyKey | None = None
    mark: Mark | None = None
    arm: tuple[tuple[UUID, str, datetime], ...] = ()
    cancel: tuple[tuple[UUID, str], ...] = ()
    reserve: tuple[tuple[str, UUID], ...] = ()
    release: tuple[tuple[str, UUID], ...] = ()


@dataclass(frozen=True)
class Loaded:
    """The events of a stream, oldest first."""

    events: tuple[Recorded, ...] = ()

    @property
    def version(self) -> int:
        return self.events[-1].version if self.events else 0


class _Pending:
    """A change in the queue, and the future of who waits for it."""

    __slots__ = ("change", "claims", "done", "private", "relies_on")

    def __init__(self, change: Change, private: Mapping[UUID, "private_keys.Sealed"], done: "asyncio.Future[int]"):
        self.change = change
        self.private = private
        self.claims = _claims(change)
        self.relies_on = [write.stream for write in change.writes if not write.events]
        self.done = done


class EventStore:
    """Appends and loads the events of one service. Use as an async context manager: its tasks live as long."""

    def __init__(self, database: Database, types: EventTypes, virtual: VirtualClock | None = None) -> None:
        """With a virtual clock facts are recorded at its time, else at the database's (R26)."""
        self._database = database
        self._virtual = virtual
        self._types = types
        self._queue: deque[_Pending] = deque()
        self._under_way = 0
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._partitions_looked_at = 0
        self.known = KnownStates()
        """What the commands of this process have brought about."""
        self.news = News(database)
        """Told after each group."""
        self._append_seconds = APPEND_SECONDS.labels(database.schema)
        self._group_size = APPEND_GROUP.labels(database.schema)

    async def __aenter__(self) -> Self:
        await self._make_partitions_ahead(0)
        loops = [*(self._commit_groups for _ in range(COMMITTERS)), self.news.pass_on]
        self._tasks = [asyncio.create_task(loop()) for loop in loops]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_tasks(self._tasks)
        self._tasks = []
        for pending in self._queue:
            _fail(pending, StoreUnavailable("the service is stopping"))

    @property
    def appends(self) -> bool:
        """Whether its tasks live; where one has ended, commands would wait for ever."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def append(self, change: Change) -> int:
        """Keep a change; returns the position of the log after the group that it was in.

        Raises an AppendFault where the change lost, EventTooLarge, or StoreUnavailable.
        """
        if not self._tasks:
            raise StoreUnavailable("the service is stopping")
        begun = time.perf_counter()
        private: dict[UUID, private_keys.Sealed] = {}
        for write in change.writes:
            parts = [occurred.event.private_parts() for occurred in write.events]
            if any(parts):
                private[write.stream] = await private_keys.seal(self._database, write.stream, write.expected, parts)
        # A cancelled caller leaves its command in the queue: it may be under way already.
        pending = _Pending(change, private, asyncio.get_running_loop().create_future())
        self._queue.append(pending)
        self._arrived.set()
        try:
            with span("append", service=self._database.schema):
                return await pending.done
        finally:
            self._append_seconds.observe(time.perf_counter() - begun)

    async def load(self, stream: UUID, *, readable: bool = False) -> Loaded:
        """The events of a stream; private parts are decrypted only for who asks for them."""
        try:
            rows = await self._database.ask(_rows_of_streams, stream)
        except DATABASE_AWAY as error:
            raise StoreUnavailable(str(error)) from error
        keys: Mapping[str, bytes] = {}
        if readable and any(row["private"] is not None for row in rows):
            keys = await private_keys.of_stream(self._database, stream)
        return Loaded(tuple(self._restore(row, keys) for row in rows))

    async def may_concern(self, stream: UUID, cvr: str) -> bool:
        """Whether a stream may be about a legal entity; a stream that is not there takes the same work."""
        try:
            return await self._database.ask(_may_concern, (stream, cvr))
        except DATABASE_AWAY as error:
            raise StoreUnavailable(str(error)) from error

    def _restore(self, row: Any, keys: Mapping[str, bytes]) -> Recorded:
        name, schema_version = row["type"], row["schema_version"]
        if keys and row["private"] is not None:
            private = private_keys.unseal(orjson.loads(row["private"]), keys)
            event = self._types.restore(name, orjson.loads(row["data"]) | private, schema_version)
        else:
            event = self._types.read(name, row["data"], schema_version)
        return Recorded(
            position=row["position"],
            stream=row["stream"],
            version=row["version"],
            event=event,
            metadata_json=row["metadata"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            event_id=row["event_id"],
        )

    async def _commit_groups(self) -> None:
        while True:
            group = self._next_group()
            if not group:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            self._under_way += len(group)
            try:
                await self._commit(group)
            except asyncio.CancelledError:
                for pending in group:
                    _fail(pending, StoreUnavailable("the service is stopping"))
                raise
            finally:
                self._under_way -= len(group)

    def _next_group(self) -> list[_Pending]:
        """Commands of which none claims what another claims or relies on; the others keep their order, for later.

        A committer takes its share of all commands, so that the database is busy with one group while the callers of
        the other go on: together they would wait for each other in turn.
        """
        share = -(-(len(self._queue) + self._under_way) // COMMITTERS)
        group: list[_Pending] = []
        held: list[_Pending] = []
        claimed: set[object] = set()
        relied_on: set[UUID] = set()
        while self._queue and len(group) < min(share, GROUP_SIZE):
            pending = self._queue.popleft()
            claims, relies_on = pending.claims, pending.relies_on
            free = claimed.isdisjoint(claims) and claimed.isdisjoint(relies_on) and relied_on.isdisjoint(claims)
            (group if free else held).append(pending)
            claimed.update(claims)
            relied_on.update(relies_on)
        self._queue.extendleft(reversed(held))
        return group

    async def _commit(self, group: list[_Pending]) -> None:
        try:
            faults, position = await self._execute(group)
        except DATABASE_AWAY as error:
            for pending in group:
                _fail(pending, StoreUnavailable(str(error)))
            return
        except Exception as error:
            if len(group) == 1:
                _fail(group[0], error)
                return
            for pending in group:  # one of them is at fault: it fails alone
                await self._commit([pending])
            return
        self._group_size.observe(len(group))
        for pending, fault in zip(group, faults, strict=True):
            if fault is None:
                if not pending.done.done():
                    pending.done.set_result(position)
            else:
                _fail(pending, _FAULTS[fault](fault))
        self.news.tell()
        if position - self._partitions_looked_at > LOOK_AT_PARTITIONS_EVERY:
            try:
                await self._make_partitions_ahead(position)
            except Exception as error:  # there is time: the next group tries again, and the committer must live
                _log.error("partitions_not_made", schema=self._database.schema, error=repr(error))

    async def _make_partitions_ahead(self, position: int) -> None:
        async with self._database.acquire() as connection:
            await connection.execute("select ensure_partitions()")
        self._partitions_looked_at = position

    async def _execute(self, group: list[_Pending]) -> tuple[list[str | None], int]:
        arrays = _as_arrays(group)
        async with self._database.acquire() as connection:
            if self._virtual is None:
                row = await connection.fetchrow(_APPEND, *arrays)
            else:
                async with connection.transaction():
                    await connection.execute(_VIRTUAL_NOW, self._virtual.now().isoformat())
                    row = await connection.fetchrow(_APPEND, *arrays)
        assert row is not None
        return row["faults"], row["last_position"]


_LOAD = """
select e.position, e.stream, e.version, e.event_id, e.type, e.schema_version, e.data, e.private, e.metadata,
       e.occurred_at, e.recorded_at
from unnest($1::uuid[]) as asked(stream)
join streams s on s.id = asked.stream
join events e on e.stream = s.id and e.position >= s.first_position
order by e.stream, e.version
"""
_CONCERN = """
select bool_or(e.stream is not null and coalesce(e.metadata -> 'concerns' ->> 'cvr', asked.cvr) = asked.cvr)
from unnest($1::uuid[], $2::text[]) with ordinality as asked(stream, cvr, place)
left join streams s on s.id = asked.stream
left join events e on e.stream = s.id and e.version in (1, s.version) and e.position >= s.first_position
group by asked.place order by asked.place
"""
_VIRTUAL_NOW = "select set_config('aftale.virtual_now', $1, true)"
_APPEND = f"select * from append({', '.join(f'${n}' for n in range(1, 39))})"


async def _rows_of_streams(connection: Connection, streams: Sequence[UUID]) -> list[list[Any]]:
    """The events of each stream, oldest first."""
    rows: dict[UUID, list[Any]] = {stream: [] for stream in streams}
    for row in await connection.fetch(_LOAD, streams):
        rows[row["stream"]].append(row)
    return list(rows.values())


async def _may_concern(connection: Connection, asked: Sequence[tuple[UUID, str]]) -> list[bool]:
    """Of each stream and legal entity, whether its first or newest event concerns it; of old ones that is not told."""
    rows = await connection.fetch(_CONCERN, [stream for stream, _ in asked], [cvr for _, cvr in asked])
    return [bool(may) for (may,) in rows]


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.done.done():
        pending.done.set_exception(error)
        with suppress(Exception):  # a caller that went away must not make the loop warn of an exception nobody took
            pending.done.exception()


def _claims(change: Change) -> set[object]:
    """What no two commands of one group may share. A stream that is only guarded may be guarded by many of them."""
    claims: set[object] = {write.stream for write in change.writes if write.events}
    if change.key is not None:
        claims.add(("key", change.key.key))
    if change.mark is not None:
        claims.add((change.mark.source, change.mark.stream))
    if change.arm or change.cancel:
        claims.update(stream for stream, *_ in (*change.arm, *change.cancel))
    if change.reserve or change.release:
        claims.update(name for name, _ in (*change.reserve, *change.release))
    return claims


def _as_arrays(group: Sequence[_Pending]) -> list[list[Any] | None]:
    """The parameters of append(), in its order and null where there is nothing; see sql/append.sql."""
    keys = [pending.change.key for pending in group]
    marks = [pending.change.mark for pending in group]
    commands: list[list[Any] | None] = [
        [key.key if key else None for key in keys],
        *_attributes(keys, ("fingerprint", "answer")),
        *_attributes(marks, ("source", "stream", "from_epoch", "from_version", "epoch", "version", "event_id")),
    ]
    writes: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    timers: list[tuple[Any, ...]] = []
    reserve: list[tuple[Any, ...]] = []
    release: list[tuple[Any, ...]] = []
    new_keys: list[tuple[Any, ...]] = []
    for ordinal, pending in enumerate(group, 1):
        change = pending.change
        for write in change.writes:
            metadata = orjson.dumps({**change.metadata.as_dict(), "concerns": write.concerns}).decode()
            writes.append((ordinal, write.stream, write.expected, len(write.events)))
            sealed = pending.private.get(write.stream)
            for number, occurred in enumerate(write.events):
                row = _event_row(occurred, sealed.texts[number] if sealed else None)
                events.append((ordinal, write.stream, write.expected + number + 1, *row, metadata, occurred.at))
            if sealed:
                new_keys.extend((ordinal, write.stream, about, key) for about, key in sealed.new_keys.items())
        timers.extend((ordinal, stream, name, due) for stream, name, due in change.arm)
        timers.extend((ordinal, stream, name, None) for stream, name in change.cancel)
        reserve.extend((ordinal, name, stream) for name, stream in change.reserve)
        release.extend((ordinal, name, stream) for name, stream in change.release)
    return [
        *commands,
        *_columns(writes, 4),
        *_columns(events, 10),
        *_columns(timers, 4),
        *_columns(reserve, 3),
        *_columns(release, 3),
        *_columns(new_keys, 4),
    ]


def _event_row(occurred: Occurred, private: str | None) -> tuple[UUID, str, int, str, str | None]:
    event = occurred.event
    data = event.public_json()
    if len(data.encode()) + len(private or "") > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{type(event).__name__} has more than {MAX_EVENT_BYTES} bytes")
    return uuid7(), type(event).__name__, event.schema_version, data, private


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[list[Any] | None]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [None] * width


def _attributes(values: Sequence[Any], names: Sequence[str]) -> Sequence[list[Any] | None]:
    if not any(values):
        return [None] * len(names)
    return [[getattr(value, name) if value else None for value in values] for name in names]
