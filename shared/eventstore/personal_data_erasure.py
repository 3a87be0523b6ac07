"""Erasures (R31), kept outside of the database: a restored backup holds keys that were destroyed since it was made."""

import asyncio
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import orjson
import structlog

from shared.eventstore import private_keys
from shared.eventstore.database import Database
from shared.private_folders import private_folder

_AGAIN = """
insert into private_keys (stream, about, key, destroyed_at)
select distinct on (stream, about) stream, about, null::bytea, at
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as erased(stream, about, at)
order by stream, about, at
on conflict (stream, about) do update set key = null, destroyed_at = excluded.destroyed_at
where private_keys.key is not null
"""
_CHUNK = 1_000
_log = structlog.get_logger()


@dataclass(frozen=True)
class Erasure:
    """An erasure of private parts of a stream: `about` is the id of a person, or empty for the case itself."""

    stream: UUID
    about: str
    at: datetime

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Parses a line of the file."""
        values = orjson.loads(line)
        return cls(UUID(values["stream"]), values["about"], datetime.fromisoformat(values["at"]))

    def line(self) -> bytes:
        """Returns the line of the file for this erasure; it holds ids only, no names."""
        return orjson.dumps({"stream": str(self.stream), "about": self.about, "at": self.at.isoformat()}) + b"\n"


class Erasures:
    """The file of the erasures of one service. Lines are only added, and all its processes share it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of_state(cls, state: Path, service: str) -> "Erasures":
        """Returns the erasures of a service in a state folder, which are kept beside the attachments."""
        return cls(state / "erasures" / f"{service}.jsonl")

    async def erase(self, database: Database, keys: Sequence[tuple[UUID, str]]) -> int:
        """R31: destroys keys permanently, by stream and by whom they are about; returns how many there were.

        The erasure is written to the file first: one that is interrupted is carried out at the next start.
        """
        now = datetime.now(UTC)
        await asyncio.to_thread(self.add, [Erasure(stream, about, now) for stream, about in keys])
        return await private_keys.destroy(database, keys)

    async def carry_out_again(self, database: Database) -> int:
        """Destroys the keys that restoring a backup has brought back; returns how many.

        Of a key that the backup never held it stores that it is destroyed, so that nothing is written under it again.
        """
        erasures = await asyncio.to_thread(lambda: list(self.all()))
        changed = 0
        for first in range(0, len(erasures), _CHUNK):
            chunk = erasures[first : first + _CHUNK]
            async with database.acquire() as connection:
                status = await connection.execute(
                    _AGAIN, [one.stream for one in chunk], [one.about for one in chunk], [one.at for one in chunk]
                )
            changed += int(status.split()[-1])
        if changed:
            _log.warning("erasures_carried_out_again", service=database.schema, keys=changed)
        return changed

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Stores erasures permanently before it returns, also where several processes write at the same time."""
        private_folder(self._file.parent)
        with self._file.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # the machine stopped within a line, which was never acknowledged
                    file.write(b"\n")
            file.write(b"".join(one.line() for one in erasures))
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def all(self) -> Iterator[Erasure]:
        """Yields the erasures in the order in which they were requested; skips and logs a line that was cut off."""
        if not self._file.exists():
            return
        with self._file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield Erasure.read(line)
                except (ValueError, KeyError, TypeError) as error:
                    if line.strip():
                        _log.error("erasure_does_not_read", file=self._file.name, line=number, error=repr(error))
