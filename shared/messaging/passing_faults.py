"""Which faults pass by themselves, which are about one stream, and trying again until they have passed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.errors import InboxMoved, StaleVersion, StoreUnavailable
from shared.messaging.errors import SourceUnreachable

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
_log = structlog.get_logger()
Result = TypeVar("Result")


_PASSING = (
    *DATABASE_AWAY,
    StoreUnavailable,
    StaleVersion,
    InboxMoved,
    SourceUnreachable,
    asyncpg.InvalidCachedStatementError,
    TimeoutError,
)
_ABOUT_WHAT_IS_WRITTEN = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.RaiseError,
)
"""What PostgreSQL says of values. All else that it says is about its schema, rights or state."""


def will_pass(error: Exception) -> bool:
    """Whether a fault passes by itself, so that the batch is tried again: a server away, or a race that was lost."""
    return isinstance(error, _PASSING)


def is_about_values(error: Exception) -> bool:
    """Whether a fault can be the fault of one fact. The database's schema and rights, and memory, never are."""
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, _ABOUT_WHAT_IS_WRITTEN)
    return not isinstance(error, MemoryError | ImportError)


class Backoff:
    """Pauses that grow from failure to failure, up to a limit."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def failed(self) -> float:
        """Seconds to wait before the next try."""
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE_SECONDS)
        return pause

    def succeeded(self) -> None:
        """The next failure waits as briefly as the first one."""
        self._next = FIRST_PAUSE_SECONDS


async def until_it_works(step: Callable[[], Awaitable[Result]], *, service: str) -> Result:
    """Try with growing pauses while the fault is one that passes. Raises any other."""
    backoff = Backoff()
    while True:
        try:
            return await step()
        except Exception as error:
            if not will_pass(error):
                raise
            pause = backoff.failed()
            _log.warning("tried_again", service=service, error=repr(error), pause_seconds=pause)
            await asyncio.sleep(pause)
