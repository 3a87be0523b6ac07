"""A disk on which nothing more can be written for a while, without filling one: files of running processes cannot grow.

Linux lets the limit of a running process be changed. A write beyond it fails with EFBIG, where a full disk says ENOSPC;
PostgreSQL, the JVM and Python all meet both as an ordinary error of that write.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

_NOTHING_MORE = 1
"""Bytes that a file may have: all that matter have more."""


@contextmanager
def no_room(process_ids: Iterable[int]) -> Iterator[None]:
    """For these processes, and those that they start meanwhile."""
    ids = list(process_ids)
    _limit(ids, _NOTHING_MORE)
    try:
        yield
    finally:
        _limit(ids, psutil.RLIM_INFINITY)


def _limit(process_ids: Iterable[int], size: int) -> None:
    """Parents first: a child that is started meanwhile is told with the parent, or found after it."""
    for process_id in process_ids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(process_id)
            _limit_one(process, size)
            for child in process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    _limit_one(child, size)


def _limit_one(process: psutil.Process, size: int) -> None:
    _, highest = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size if highest == psutil.RLIM_INFINITY else min(size, highest), highest))
