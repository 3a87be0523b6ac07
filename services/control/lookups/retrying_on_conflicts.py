"""Repeats what reads a course and appends to it, when another command was quicker."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.eventstore.commands import ATTEMPTS
from shared.eventstore.errors import NameReserved, StaleVersion, VersionMismatch

Result = TypeVar("Result")


async def retry_on_conflicts(act: Callable[[], Awaitable[Result]]) -> Result:
    """Returns the result of `act`, which looks anew each time.

    Another command may have taken a name first, or have written to the stream. Raises its NameReserved, StaleVersion
    or VersionMismatch after the last attempt.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await act()
        except (NameReserved, StaleVersion, VersionMismatch):
            continue
    return await act()
