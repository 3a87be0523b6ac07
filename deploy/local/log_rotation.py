"""Keeps the logs of background processes from growing for ever: the watcher looks at them now and then."""

import os
import shutil
from pathlib import Path

LARGEST_BYTES = 20_000_000
KEPT = 3
"""Older parts of a log, `NAME.log.1` the newest of them."""


def rotate(folder: Path, largest: int = LARGEST_BYTES) -> list[str]:
    """Set logs that are too large aside, and return their names.

    A process goes on with the file that it has open, so its log is copied and emptied, not renamed; what it writes
    between the two is lost. Of a log that grew while nobody looked the newest bytes are kept, so that no part is larger
    than `largest`. Where the disk is full, a log stays as it is.
    """
    rotated = []
    for log in sorted(folder.glob("*.log")):
        if log.stat().st_size <= largest:
            continue
        for number in range(KEPT - 1, 0, -1):
            older = _part(log, number)
            if older.exists():
                older.replace(_part(log, number + 1))
        try:
            _copy_newest(log, _part(log, 1), largest)
        except OSError:
            _part(log, 1).unlink(missing_ok=True)
            continue
        os.truncate(log, 0)
        rotated.append(log.name)
    return rotated


def _copy_newest(log: Path, part: Path, bytes_kept: int) -> None:
    """From the first line that is whole; where there is none, from the middle of one. The log is larger than that."""
    with log.open("rb") as grown, part.open("wb") as copy:
        grown.seek(-bytes_kept - 1, os.SEEK_END)
        grown.readline()
        if grown.read(1) == b"":
            grown.seek(-bytes_kept, os.SEEK_END)
        else:
            grown.seek(-1, os.SEEK_CUR)
        shutil.copyfileobj(grown, copy)


def _part(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
