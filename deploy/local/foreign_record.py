"""What a stand-in of another system has published: its own truth, so that it can tell heads and publish again."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Self
from uuid import UUID

from shared.messaging.cloudevents import Message, read
from shared.messaging.heads import POSITIONS_AT_ONCE, Head, Heads, HeadsRequest
from shared.private_folders import private_folder

EPOCH = 1
"""A stand-in is never restored from a backup: it begins its history once."""
_TABLE = """
create table if not exists published (
  position integer primary key autoincrement,
  stream text not null,
  version integer not null,
  headers text not null,
  body text not null,
  acknowledged integer not null default 0,
  unique (stream, version)
)
"""
_NEWEST = """
acknowledged and (stream, version) in (
  select stream, max(version) from published where acknowledged and stream in ({asked}) group by stream)
"""
_CHANGED = "select stream from published where position > ? and position <= ?"


@dataclass(frozen=True)
class Published:
    """One fact as it goes to Kafka: key, headers, body."""

    position: int
    stream: UUID
    headers: list[tuple[str, bytes]]
    body: bytes


class ForeignRecord:
    """A file per source in the state folder. One process at a time publishes; any number may read meanwhile."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        self._connection = connection
        self._source = source

    @classmethod
    @contextmanager
    def opened(cls, file: Path, source: str) -> Iterator[Self]:
        """Made where it is missing."""
        private_folder(file.parent)
        with closing(sqlite3.connect(file, timeout=30)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(_TABLE)
            connection.commit()
            yield cls(connection, source)

    def versions(self) -> dict[UUID, int]:
        """The newest version of each stream."""
        rows = self._connection.execute("select stream, max(version) from published group by stream")
        return {UUID(stream): version for stream, version in rows}

    def keep(self, messages: Iterable[Message], *, acknowledged: bool = False) -> None:
        """All of them or none. Raises sqlite3.IntegrityError where a version of a stream is kept already."""
        with self._connection:
            self._connection.executemany(
                "insert into published (stream, version, headers, body, acknowledged) values (?, ?, ?, ?, ?)",
                (
                    (
                        str(one.stream),
                        one.version,
                        json.dumps([(name, value.decode()) for name, value in one.headers()]),
                        one.body,
                        acknowledged,
                    )
                    for one in messages
                ),
            )

    def unacknowledged(self) -> list[Published]:
        """What Kafka has perhaps not got, in order: it is sent again, and whoever took it knows a duplicate."""
        return self._facts("not acknowledged", ())

    def acknowledge(self, up_to: int) -> None:
        """Kafka has everything up to a position."""
        with self._connection:
            self._connection.execute("update published set acknowledged = 1 where position <= ?", (up_to,))

    def of_stream(self, stream: UUID, from_version: int) -> list[Published]:
        """What was published of a stream from a version on."""
        return self._facts("acknowledged and stream = ? and version >= ?", (str(stream), from_version))

    def heads(self, asked: HeadsRequest) -> Heads:
        """The answer to a request for heads."""
        end = self._end()
        if asked.after is None:
            up_to, streams = end, [str(stream) for stream in asked.streams]
        else:
            up_to = min(asked.after + POSITIONS_AT_ONCE, end)
            rows = self._connection.execute(_CHANGED, (asked.after, up_to))
            streams = sorted({stream for (stream,) in rows})
        return Heads(
            source=self._source,
            answer_to=asked.answer_to,
            epoch=EPOCH,
            up_to=up_to,
            end=end,
            heads=tuple(self._heads_of(streams)),
        )

    def is_empty(self) -> bool:
        """Whether this stand-in never published anything: then another system may speak for the source."""
        return self._connection.execute("select 1 from published limit 1").fetchone() is None

    def _end(self) -> int:
        """Up to which position Kafka has everything."""
        (end,) = self._connection.execute(
            "select coalesce((select min(position) - 1 from published where not acknowledged), max(position), 0)"
            " from published"
        ).fetchone()
        return int(end)

    def _heads_of(self, streams: Sequence[str]) -> Iterator[Head]:
        for newest in self._facts(_NEWEST.format(asked=", ".join("?" for _ in streams)), streams):
            fact = read(newest.headers, newest.body)
            yield Head(
                stream=fact.stream,
                epoch=fact.epoch,
                version=fact.version,
                event_id=fact.event_id,
                concerns=dict(fact.concerns),
            )

    def _facts(self, condition: str, values: Sequence[object]) -> list[Published]:
        rows = self._connection.execute(
            f"select position, stream, headers, body from published where {condition} order by position", values
        )
        return [
            Published(
                position,
                UUID(stream),
                [(name, value.encode()) for name, value in json.loads(headers)],
                body.encode(),
            )
            for position, stream, headers, body in rows
        ]


def file_of(state: Path, name: str) -> Path:
    """Where the stand-in of a source keeps what it published; the name is with the prefix of its environment."""
    return state / "other-systems" / f"{name}.sqlite"


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One process at a time publishes for a source: two would give a version twice."""
    private_folder(file.parent)
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
