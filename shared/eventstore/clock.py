"""The one place that tells the time: a real clock, or a virtual one shared by all processes through a file."""

import mmap
import os
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = struct.Struct("<q")


class Clock(Protocol):
    """Domain time in UTC. Leases, retries and telemetry use real time instead."""

    def now(self) -> datetime: ...


class RealClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved; one file holds it for all processes of a state folder."""

    def __init__(self, file: Path, start: datetime | None = None) -> None:
        """`start` is used where the file does not exist yet; without it a missing file is an error."""
        if start is not None and not file.exists():
            with NamedTemporaryFile(dir=file.parent) as unfinished:
                unfinished.write(_MICROSECONDS.pack(_in_microseconds(start)))
                unfinished.flush()
                with suppress(FileExistsError):  # linked, not moved: whoever comes first wins, and all have one clock
                    os.link(unfinished.name, file)
        self._file = file.open("r+b")
        self._view = mmap.mmap(self._file.fileno(), _MICROSECONDS.size)

    def now(self) -> datetime:
        (microseconds,) = _MICROSECONDS.unpack_from(self._view)
        return _EPOCH + timedelta(microseconds=microseconds)

    def move_to(self, instant: datetime) -> None:
        """Move forward; moving back is a mistake of the caller and raises ValueError."""
        if instant < self.now():
            raise ValueError(
                f"the clock stands at {self.now().isoformat()} and cannot move back to {instant.isoformat()}"
            )
        _MICROSECONDS.pack_into(self._view, 0, _in_microseconds(instant))


def _in_microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
