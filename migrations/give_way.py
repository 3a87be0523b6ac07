"""Changes to a schema give way to processes that run: they wait for a lock only briefly, and then begin anew."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg
from sqlalchemy.exc import DBAPIError

LOCK_TIMEOUT = "500ms"
"""Shorter than PostgreSQL's deadlock_timeout, after which it would end one of those that wait for each other: whoever
waits for the migration then goes on. Meanwhile, everybody queues behind a change that waits for its lock."""
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.1
_LOST_TO_OTHERS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


async def until_free(change: Callable[[], Awaitable[None]]) -> None:
    """Make a change, in a transaction of its own with `LOCK_TIMEOUT`, as soon as nobody holds what it must lock.

    Raises the last fault where others hold it for two minutes on end.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await change()
        except (*_LOST_TO_OTHERS, DBAPIError) as error:
            if not _lost_to_others(error) or time.monotonic() > until:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


def _lost_to_others(error: BaseException | None) -> bool:
    """SQLAlchemy wraps what asyncpg says in exceptions of its own."""
    while error is not None:
        if isinstance(error, _LOST_TO_OTHERS):
            return True
        error = error.__cause__
    return False
