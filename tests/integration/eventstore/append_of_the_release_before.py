"""The event store as processes of release 2026-11 have it: they call append() with 38 arrays, in its order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared.eventstore.append_parameters import Sealings
from shared.eventstore.change import Change
from shared.eventstore.database import Database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.eventstore.group_commit import GroupCommit

_APPEND = f"select * from append({', '.join(f'${n}' for n in range(1, 39))})"


@asynccontextmanager
async def store_of_the_release_before(database: Database, types: EventTypes) -> AsyncIterator[EventStore]:
    """An event store that appends as that release does."""
    store = EventStore(database, types)
    store._group_commit = _ByArrays(database, None, store.wake_up.signal)
    async with store:
        yield store


class _ByArrays(GroupCommit):
    def _call(self, group: Sequence[tuple[Change, Sealings]]) -> tuple[str, Sequence[Any]]:
        return _APPEND, _as_arrays(group)


def _as_arrays(group: Sequence[tuple[Change, Sealings]]) -> list[list[Any] | None]:
    """The parameters in the order of append(), null where there is nothing."""
    keys = [change.key for change, _ in group]
    marks = [change.mark for change, _ in group]
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
    for ordinal, (change, sealings) in enumerate(group, 1):
        for write in change.writes:
            metadata = orjson.dumps({**change.metadata.as_dict(), "concerns": write.concerns}).decode()
            writes.append((ordinal, write.stream, write.expected, len(write.events)))
            sealed = sealings.get(write.stream)
            for number, occurred in enumerate(write.events):
                event, private = occurred.event, sealed.texts[number] if sealed else None
                row: tuple[UUID, str, int, str, str | None]
                row = uuid7(), type(event).__name__, event.schema_version, event.public_json(), private
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


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[list[Any] | None]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [None] * width


def _attributes(values: Sequence[Any], names: Sequence[str]) -> Sequence[list[Any] | None]:
    if not any(values):
        return [None] * len(names)
    return [[getattr(value, name) if value else None for value in values] for name in names]
