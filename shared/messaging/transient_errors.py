"""Which errors are transient, which can be about one stream, and trying again while they are transient."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.errors import InboxMoved, StaleVersion, StoreUnavailable
from shared.messaging.backoff import Backoff
from shared.messaging.errors import SourceUnreachable

_log = structlog.get_logger()
Result = TypeVar("Result")


_TRANSIENT = (
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


def is_transient(error: Exception) -> bool:
    """Returns whether an error is worth a retry after a while: a server was unreachable, or a race was lost."""
    return isinstance(error, _TRANSIENT)


def is_about_values(error: Exception) -> bool:
    """Returns whether an error can be caused by a single fact.

    Errors about the schema, rights or state of the database, and about memory or imports, never are.
    """
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, _ABOUT_WHAT_IS_WRITTEN)
    return not isinstance(error, MemoryError | ImportError)


async def retry_while_transient(step: Callable[[], Awaitable[Result]], *, service: str) -> Result:
    """Runs a step, with retries and backoff while its error is transient. Raises any other error."""
    backoff = Backoff()
    while True:
        try:
            return await step()
        except Exception as error:
            if not is_transient(error):
                raise
            pause = backoff.failed()
            _log.warning("tried_again", service=service, error=repr(error), pause_seconds=pause)
            await asyncio.sleep(pause)
