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
    between the two is lost. Where the disk is full, a log stays as it is.
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
            shutil.copyfile(log, _part(log, 1))
        except OSError:
            _part(log, 1).unlink(missing_ok=True)
            continue
        os.truncate(log, 0)
        rotated.append(log.name)
    return rotated


def _part(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
