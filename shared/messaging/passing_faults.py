"""Which faults pass by themselves, and trying again until they have."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from shared.eventstore.database import DATABASE_AWAY
from shared.eventstore.event_store import InboxMoved, StaleVersion, StoreUnavailable

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
_log = structlog.get_logger()
Result = TypeVar("Result")


class SourceUnreachable(Exception):
    """A source could not be asked to publish again."""


_PASSING = (
    *DATABASE_AWAY,
    StoreUnavailable,
    StaleVersion,
    InboxMoved,
    SourceUnreachable,
    asyncpg.TransactionRollbackError,
)


def will_pass(error: Exception) -> bool:
    """Whether a fault passes by itself, so that the batch is tried again: a server away, or a race that was lost."""
    return isinstance(error, _PASSING)


async def until_it_works(step: Callable[[], Awaitable[Result]], *, service: str) -> Result:
    """Try with growing pauses.

    Also after a fault that nobody foresaw: a batch that is given up is lost, one that is tried again shows as lag.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await step()
        except Exception as error:
            report = _log.warning if will_pass(error) else _log.error
            report("tried_again", service=service, error=repr(error), pause_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
