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
_BYTES = 2 * _MICROSECONDS.size
"""What time it is, and from where the clock jumped there; a file of an earlier release has only the first."""
_JUMPED_FROM = _MICROSECONDS.size


class Clock(Protocol):
    """Domain time in UTC. Leases, retries and telemetry use real time instead."""

    def now(self) -> datetime: ...

    def fires_at(self, due: datetime) -> datetime:
        """Returns the time that counts as now when a timer fires that was due at `due`."""
        ...


class RealClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def fires_at(self, due: datetime) -> datetime:
        """Returns the present: after downtime a timer is judged by the time at which it fires (R28)."""
        return self.now()


class VirtualClock:
    """A clock that stands still until it is moved; one file holds it for all processes of a state folder."""

    def __init__(self, file: Path, start: datetime | None = None) -> None:
        """`start` is used where the file does not exist yet; without it a missing file is an error."""
        if start is not None and not file.exists():
            with NamedTemporaryFile(dir=file.parent) as unfinished:
                unfinished.write(2 * _MICROSECONDS.pack(_in_microseconds(start)))
                unfinished.flush()
                with suppress(FileExistsError):  # linked, not moved: whoever comes first wins, and all have one clock
                    os.link(unfinished.name, file)
        self._file = file.open("r+b")
        if file.stat().st_size < _BYTES:
            self._file.truncate(_BYTES)
        self._view = mmap.mmap(self._file.fileno(), _BYTES)

    def now(self) -> datetime:
        return self._read(0)

    def fires_at(self, due: datetime) -> datetime:
        """Returns the due time of a timer that the last jump passed, as if the clock had stopped there; else `now`."""
        jumped_from, now = self._read(_JUMPED_FROM), self.now()
        return due if jumped_from < due < now else now

    def move_to(self, instant: datetime) -> None:
        """Moves forward; moving back is a mistake of the caller and raises ValueError."""
        self._refuse_past(instant)
        self._write(_JUMPED_FROM, instant)  # first, so that nobody takes the move for a jump
        self._write(0, instant)

    def jump_to(self, instant: datetime) -> None:
        """Moves forward over the timers in between, each of which is judged by its own due time; see `move_to`.

        The caller has waited until no timer was due, and ends the jump with `move_to` once none is due again.
        """
        self._refuse_past(instant)
        self._write(_JUMPED_FROM, self.now())
        self._write(0, instant)

    def _refuse_past(self, instant: datetime) -> None:
        if instant < self.now():
            raise ValueError(
                f"the clock stands at {self.now().isoformat()} and cannot move back to {instant.isoformat()}"
            )

    def _read(self, offset: int) -> datetime:
        (microseconds,) = _MICROSECONDS.unpack_from(self._view, offset)
        return _EPOCH + timedelta(microseconds=microseconds)

    def _write(self, offset: int, instant: datetime) -> None:
        _MICROSECONDS.pack_into(self._view, offset, _in_microseconds(instant))


def _in_microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
