"""Records what a stand-in of another system has published, so that it can report heads and publish again."""

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
"""The epoch never grows, because a stand-in is never restored from a backup."""
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
    """One fact with its headers and body, as it is sent to Kafka."""

    position: int
    stream: UUID
    headers: list[tuple[str, bytes]]
    body: bytes


class ForeignRecord:
    """A SQLite file per source in the state folder. One process at a time publishes; any number can read meanwhile."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        self._connection = connection
        self._source = source

    @classmethod
    @contextmanager
    def open_record(cls, file: Path, source: str) -> Iterator[Self]:
        """Opens the file of a source, and creates it if it is missing."""
        private_folder(file.parent)
        with closing(sqlite3.connect(file, timeout=30)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(_TABLE)
            connection.commit()
            yield cls(connection, source)

    def versions(self) -> dict[UUID, int]:
        """Returns the newest version of each stream."""
        rows = self._connection.execute("select stream, max(version) from published group by stream")
        return {UUID(stream): version for stream, version in rows}

    def add(self, messages: Iterable[Message], *, acknowledged: bool = False) -> None:
        """Records all of these facts or none. Raises sqlite3.IntegrityError if a version of a stream exists already."""
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
        """Returns, in order, the facts that Kafka may lack. They are sent again; consumers ignore duplicates."""
        return self._facts("not acknowledged", ())

    def acknowledge(self, up_to: int) -> None:
        """Marks all facts up to this position as acknowledged by Kafka."""
        with self._connection:
            self._connection.execute("update published set acknowledged = 1 where position <= ?", (up_to,))

    def of_stream(self, stream: UUID, from_version: int) -> list[Published]:
        """Returns the acknowledged facts of a stream from a version on."""
        return self._facts("acknowledged and stream = ? and version >= ?", (str(stream), from_version))

    def heads(self, asked: HeadsRequest) -> Heads:
        """Returns the answer to a request for heads."""
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
        """Returns whether this stand-in never published anything: then another system may be the source."""
        return self._connection.execute("select 1 from published limit 1").fetchone() is None

    def _end(self) -> int:
        """Returns the position up to which Kafka has acknowledged every fact."""
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
    """Returns the file in which the stand-in of a source records; `name` includes the topic prefix."""
    return state / "other-systems" / f"{name}.sqlite"


@contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Waits for the lock of a source: two processes at once would publish a version twice."""
    private_folder(file.parent)
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
