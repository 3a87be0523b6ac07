"""Schema changes yield to running processes: they wait only briefly for a lock, and are retried."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg
from sqlalchemy.exc import DBAPIError

LOCK_TIMEOUT = "500ms"
"""Shorter than PostgreSQL's deadlock_timeout of 1 s: the migration gives up before PostgreSQL would end a service's
transaction as the victim of a deadlock. While a change waits for its lock, other commands queue behind it."""
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.1
_LOCK_CONFLICTS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


async def retry_lock_conflicts(change: Callable[[], Awaitable[None]]) -> None:
    """Makes a change, and retries it as long as others hold the locks that it needs, for two minutes at most.

    The change must run in a transaction of its own with `LOCK_TIMEOUT`. Raises the last error after two minutes.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await change()
        except (*_LOCK_CONFLICTS, DBAPIError) as error:
            if not _is_lock_conflict(error) or time.monotonic() > until:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)


def _is_lock_conflict(error: BaseException | None) -> bool:
    """Returns whether a lock timeout or a deadlock caused the error. SQLAlchemy wraps asyncpg's exceptions."""
    while error is not None:
        if isinstance(error, _LOCK_CONFLICTS):
            return True
        error = error.__cause__
    return False
