"""Ends background tasks reliably."""

import asyncio
from collections.abc import Iterable
from typing import Any

_CANCEL_AGAIN_SECONDS = 1.0


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancels tasks and waits until all have ended; does not raise what they raised.

    Cancelling once is not enough: a library may swallow the cancellation while it cleans up (aiokafka does while it
    closes a client), so that the task continues. A process would then wait for it forever instead of ending.
    """
    alive = set(tasks)
    while alive:
        for task in alive:
            task.cancel()
        _, alive = await asyncio.wait(alive, timeout=_CANCEL_AGAIN_SECONDS)
