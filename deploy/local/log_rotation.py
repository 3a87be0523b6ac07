"""Rotates the logs of background processes, so that they do not grow without limit; run by the watcher."""

import os
import shutil
from pathlib import Path

LARGEST_BYTES = 20_000_000
KEPT = 3
"""How many older parts of a log are kept; `NAME.log.1` is the newest."""


def rotate(folder: Path, largest: int = LARGEST_BYTES) -> list[str]:
    """Rotates logs that are too large, and returns their names.

    A process keeps its log file open, so the log is copied and truncated, not renamed; what is written between the two
    is lost. Only the newest `largest` bytes of a log are copied, so no part is larger. If the disk is full, the log
    stays as it is.
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
    """Copies the newest bytes of a larger log, from the first whole line; if there is none, from within a line."""
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
