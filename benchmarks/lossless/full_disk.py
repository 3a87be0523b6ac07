"""Simulates a full disk without filling one: the files of running processes cannot grow for a while.

Linux can change the file size limit of a running process. A write beyond the limit fails with EFBIG, where a full disk
gives ENOSPC. PostgreSQL, the JVM and Python treat both as an ordinary error of that write.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

_NOTHING_MORE = 1
"""The limit in bytes; all files that matter are larger."""


@contextmanager
def no_room(process_ids: Iterable[int]) -> Iterator[None]:
    """Limits these processes, and those that they start meanwhile."""
    ids = list(process_ids)
    _limit(ids, _NOTHING_MORE)
    try:
        yield
    finally:
        _limit(ids, psutil.RLIM_INFINITY)


def _limit(process_ids: Iterable[int], size: int) -> None:
    """Limits parents first: a child that is started meanwhile inherits the limit, or is found afterwards."""
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
