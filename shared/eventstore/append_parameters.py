"""Encodes a group of changes as the parameters of append(): rows whose fields have names, see sql/append.sql."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple, Self, TypedDict
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.database import Connection
from shared.eventstore.errors import EventTooLarge
from shared.eventstore.events import MAX_EVENT_BYTES
from shared.eventstore.private_keys import Sealed

Sealings = Mapping[UUID, Sealed]
"""The private parts of a change, by stream."""


class CommandRow(TypedDict):
    """One command: its idempotency key, if it has one, and the step of the inbox, if it reacts to a fact."""

    key: UUID | None
    fingerprint: str | None
    answer: str | None
    inbox_source: str | None
    inbox_stream: UUID | None
    inbox_from_epoch: int | None
    inbox_from_version: int | None
    inbox_epoch: int | None
    inbox_version: int | None
    inbox_event_id: UUID | None


class WriteRow(TypedDict):
    """A stream that a command writes to or guards; `command` counts from 1, here and below."""

    command: int
    stream: UUID
    expected: int
    adds: int


class EventRow(TypedDict):
    """An event; `data`, `private` and `metadata` are JSON texts."""

    command: int
    stream: UUID
    version: int
    event_id: UUID
    type: str
    schema_version: int
    data: str
    private: str | None
    metadata: str
    occurred_at: datetime


class TimerRow(TypedDict):
    """A timer that is armed, or cancelled where `due` is None."""

    command: int
    stream: UUID
    name: str
    due: datetime | None


class ReservationRow(TypedDict):
    """A name that a stream reserves or releases."""

    command: int
    name: str
    stream: UUID


class PrivateKeyRow(TypedDict):
    """A new key for private parts of a stream."""

    command: int
    stream: UUID
    about: str
    key: bytes


@dataclass
class GroupRows:
    """All rows that one group of commands writes, one field for each parameter of the function `append()`."""

    commands: list[CommandRow] = field(default_factory=list)
    writes: list[WriteRow] = field(default_factory=list)
    new_events: list[EventRow] = field(default_factory=list)
    timer_changes: list[TimerRow] = field(default_factory=list)
    reserve: list[ReservationRow] = field(default_factory=list)
    release: list[ReservationRow] = field(default_factory=list)
    new_keys: list[PrivateKeyRow] = field(default_factory=list)

    @classmethod
    def of(cls, group: Sequence[tuple[Change, Sealings]]) -> Self:
        """Returns the rows that a group of changes writes. Raises EventTooLarge."""
        rows = cls()
        for command, (change, sealings) in enumerate(group, 1):
            rows.commands.append(_command_row(change))
            for write in change.writes:
                rows._add_write(command, write, change, sealings.get(write.stream))
            rows._add_timers_and_names(command, change)
        return rows

    def _add_write(self, command: int, write: Write, change: Change, sealed: Sealed | None) -> None:
        stream, expected = write.stream, write.expected
        self.writes.append({"command": command, "stream": stream, "expected": expected, "adds": len(write.events)})
        metadata = orjson.dumps({**change.metadata.as_dict(write.origin), "concerns": write.concerns}).decode()
        for number, occurred in enumerate(write.events):
            event, private = occurred.event, sealed.texts[number] if sealed else None
            self.new_events.append(
                {
                    "command": command,
                    "stream": stream,
                    "version": expected + number + 1,
                    "event_id": uuid7(),
                    "type": type(event).__name__,
                    "schema_version": event.schema_version,
                    "data": _data(occurred, private),
                    "private": private,
                    "metadata": metadata,
                    "occurred_at": occurred.at,
                }
            )
        for about, key in sealed.new_keys.items() if sealed else ():
            self.new_keys.append({"command": command, "stream": stream, "about": about, "key": key})

    def _add_timers_and_names(self, command: int, change: Change) -> None:
        for stream, name, due in change.arm:
            self.timer_changes.append({"command": command, "stream": stream, "name": name, "due": due})
        for stream, name in change.cancel:
            self.timer_changes.append({"command": command, "stream": stream, "name": name, "due": None})
        for name, stream in change.reserve:
            self.reserve.append({"command": command, "name": name, "stream": stream})
        for name, stream in change.release:
            self.release.append({"command": command, "name": name, "stream": stream})


class RowType(NamedTuple):
    """The declaration of a row: its composite type in the schema, and the class with its fields."""

    sql_type: str
    fields: type


PARAMETERS: Mapping[str, RowType] = {
    "commands": RowType("append_command", CommandRow),
    "writes": RowType("append_write", WriteRow),
    "new_events": RowType("append_event", EventRow),
    "timer_changes": RowType("append_timer", TimerRow),
    "reserve": RowType("append_reservation", ReservationRow),
    "release": RowType("append_reservation", ReservationRow),
    "new_keys": RowType("append_private_key", PrivateKeyRow),
}
APPEND = f"select * from append({', '.join(f'{name} => ${number}' for number, name in enumerate(PARAMETERS, 1))})"
_ORDERS = """
select c.relname, array_agg(a.attname::text order by a.attnum) as attributes
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'c' and c.relname = any($1)
group by c.relname
"""


class RowOrder:
    """Puts the fields of rows in the order in which the database declares them.

    asyncpg could do this itself for mappings, row by row, but that made the encoding a fifth slower.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]]) -> None:
        self._ordered: dict[str, Callable[[Any], tuple[Any, ...]]] = {
            parameter: itemgetter(*attributes[row.sql_type]) for parameter, row in PARAMETERS.items()
        }

    @classmethod
    async def of_schema(cls, connection: Connection) -> Self:
        """Reads the order of fields from the schema. It never changes: another append() has types of its own."""
        found = await connection.fetch(_ORDERS, [row.sql_type for row in PARAMETERS.values()])
        return cls({row["relname"]: row["attributes"] for row in found})

    def arguments(self, rows: GroupRows) -> list[list[tuple[Any, ...]]]:
        """Returns one list of ordered rows per parameter of append(). Raises KeyError where a row lacks a field."""
        return [list(map(ordered, getattr(rows, parameter))) for parameter, ordered in self._ordered.items()]


def _command_row(change: Change) -> CommandRow:
    key, mark = change.key, change.mark
    return {
        "key": key.key if key else None,
        "fingerprint": key.fingerprint if key else None,
        "answer": key.answer if key else None,
        "inbox_source": mark.source if mark else None,
        "inbox_stream": mark.stream if mark else None,
        "inbox_from_epoch": mark.from_epoch if mark else None,
        "inbox_from_version": mark.from_version if mark else None,
        "inbox_epoch": mark.epoch if mark else None,
        "inbox_version": mark.version if mark else None,
        "inbox_event_id": mark.event_id if mark else None,
    }


def _data(occurred: Occurred, private: str | None) -> str:
    event = occurred.event
    data = event.public_json()
    if len(data.encode()) + len(private or "") > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{type(event).__name__} has more than {MAX_EVENT_BYTES} bytes")
    return data
