"""Encodes a group of changes as the parameters of append(), see sql/append.sql."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared.eventstore.change import Change, Occurred
from shared.eventstore.errors import EventTooLarge
from shared.eventstore.events import MAX_EVENT_BYTES
from shared.eventstore.private_keys import Sealed

Sealings = Mapping[UUID, Sealed]
"""The private parts of a change, by stream."""


def as_arrays(group: Sequence[tuple[Change, Sealings]]) -> list[list[Any] | None]:
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
