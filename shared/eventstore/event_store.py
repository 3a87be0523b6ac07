"""The event store of one service: append by group commit, and load."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import orjson

from shared.eventstore import private_keys
from shared.eventstore.append_parameters import Sealings
from shared.eventstore.change import Change
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import DATABASE_AWAY, Connection, Database
from shared.eventstore.errors import StoreUnavailable
from shared.eventstore.events import EventTypes, Recorded
from shared.eventstore.group_commit import GroupCommit
from shared.eventstore.state_cache import StateCache
from shared.eventstore.wake_up import WakeUp
from shared.tasks import end_tasks
from shared.telemetry.measured import APPEND_SECONDS

_LOAD = """
select e.position, e.stream, e.version, e.event_id, e.type, e.schema_version, e.data, e.private, e.metadata,
       e.occurred_at, e.recorded_at
from unnest($1::uuid[]) as asked(stream)
join streams s on s.id = asked.stream
join events e on e.stream = s.id and e.position >= s.first_position
order by e.stream, e.version
"""
_LOAD_NEWER = """
select asked.place, s.version as newest, e.position, e.stream, e.version, e.event_id, e.type, e.schema_version, e.data,
       e.private, e.metadata, e.occurred_at, e.recorded_at
from unnest($1::uuid[], $2::int[]) with ordinality as asked(stream, known, place)
left join streams s on s.id = asked.stream
left join events e on e.stream = s.id and e.version > asked.known and e.position >= s.first_position
order by asked.place, e.version
"""
_CONCERN = """
select bool_or(e.stream is not null and coalesce(e.metadata -> 'concerns' ->> 'cvr', asked.cvr) = asked.cvr)
from unnest($1::uuid[], $2::text[]) with ordinality as asked(stream, cvr, place)
left join streams s on s.id = asked.stream
left join events e on e.stream = s.id and e.version in (1, s.version) and e.position >= s.first_position
group by asked.place order by asked.place
"""


@dataclass(frozen=True)
class Loaded:
    """The events of a stream, oldest first."""

    events: tuple[Recorded, ...] = ()

    @property
    def version(self) -> int:
        return self.events[-1].version if self.events else 0


class EventStore:
    """Appends and loads the events of one service. Use as an async context manager, which runs its tasks."""

    def __init__(self, database: Database, types: EventTypes, virtual: VirtualClock | None = None) -> None:
        """With a virtual clock facts are recorded at its time, else at the database's (R26)."""
        self._database = database
        self._types = types
        self.state_cache = StateCache()
        """What the commands of this process have produced."""
        self.wake_up = WakeUp(database)
        """Given after each group."""
        self._group_commit = GroupCommit(database, virtual, self.wake_up.signal)
        self._append_seconds = APPEND_SECONDS.labels(database.schema)
        self._notifying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._group_commit.__aenter__()
        self._notifying = asyncio.create_task(self.wake_up.notify_others())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._group_commit.__aexit__()
        if self._notifying is not None:
            await end_tasks([self._notifying])

    @property
    def appends(self) -> bool:
        """Returns whether all tasks of the store run; if one has ended, commands would wait forever."""
        return self._group_commit.runs and self._notifying is not None and not self._notifying.done()

    async def append(self, change: Change) -> int:
        """Appends a change; returns the position of the log after the group that the change was in.

        Raises an AppendFault where the change lost to another, EventTooLarge, or StoreUnavailable.
        """
        self._group_commit.refuse_when_stopped()
        begun = time.perf_counter()
        private = await self._seal(change)
        try:
            return await self._group_commit.append(change, private)
        finally:
            self._append_seconds.observe(time.perf_counter() - begun)

    async def _seal(self, change: Change) -> Sealings:
        private: dict[UUID, private_keys.Sealed] = {}
        for write in change.writes:
            parts = [occurred.event.private_parts() for occurred in write.events]
            if any(parts):
                private[write.stream] = await private_keys.seal(self._database, write.stream, write.expected, parts)
        return private

    async def load(self, stream: UUID, *, readable: bool = False) -> Loaded:
        """Returns the events of a stream; private parts are decrypted only if `readable`."""
        try:
            rows = await self._database.ask(_rows_of_streams, stream)
        except DATABASE_AWAY as error:
            raise StoreUnavailable(str(error)) from error
        keys: Mapping[str, bytes] = {}
        if readable and any(row["private"] is not None for row in rows):
            keys = await private_keys.of_stream(self._database, stream)
        return Loaded(tuple(self._restore(row, keys) for row in rows))

    async def load_newer(self, stream: UUID, than: int) -> tuple[Recorded, ...] | None:
        """Returns the events of a stream after a version, oldest first, without their private parts.

        Returns None if the stream has not that version, as after a restore.
        """
        try:
            newest, rows = await self._database.ask(_newer_rows_of_streams, (stream, than))
        except DATABASE_AWAY as error:
            raise StoreUnavailable(str(error)) from error
        return None if newest < than else tuple(self._restore(row, {}) for row in rows)

    async def may_concern(self, stream: UUID, cvr: str) -> bool:
        """Returns whether a stream may be about a legal entity; an unknown stream takes the same work."""
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


async def _rows_of_streams(connection: Connection, streams: Sequence[UUID]) -> list[list[Any]]:
    """The events of each stream, oldest first."""
    rows: dict[UUID, list[Any]] = {stream: [] for stream in streams}
    for row in await connection.fetch(_LOAD, streams):
        rows[row["stream"]].append(row)
    return list(rows.values())


async def _newer_rows_of_streams(
    connection: Connection, asked: Sequence[tuple[UUID, int]]
) -> list[tuple[int, list[Any]]]:
    """The newest version of each stream, and its events after the version that is known, oldest first."""
    newest, newer = [0] * len(asked), list[list[Any]]([] for _ in asked)
    for row in await connection.fetch(_LOAD_NEWER, [stream for stream, _ in asked], [known for _, known in asked]):
        place = row["place"] - 1
        newest[place] = row["newest"] or 0
        if row["position"] is not None:
            newer[place].append(row)
    return list(zip(newest, newer, strict=True))


async def _may_concern(connection: Connection, asked: Sequence[tuple[UUID, str]]) -> list[bool]:
    """Of each stream and legal entity, whether its first or newest event concerns it; of old ones that is not told."""
    rows = await connection.fetch(_CONCERN, [stream for stream, _ in asked], [cvr for _, cvr in asked])
    return [bool(may) for (may,) in rows]
