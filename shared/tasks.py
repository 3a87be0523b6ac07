"""End background tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

_CANCEL_AGAIN_SECONDS = 1.0


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and wait until all have ended; what they raise is left to whoever reads it.

    Cancelling once is not enough: a library that tidies up may swallow it (aiokafka does while it closes a client), and
    the task goes on as if nothing had been said. A process would then wait for it for ever instead of ending.
    """
    alive = set(tasks)
    while alive:
        for task in alive:
            task.cancel()
        _, alive = await asyncio.wait(alive, timeout=_CANCEL_AGAIN_SECONDS)
