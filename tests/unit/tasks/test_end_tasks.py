"""A background task ends although something in it swallows that it was cancelled."""

import ast
import asyncio
from contextlib import suppress

from deploy.rulebook.sources import modules
from shared.tasks import end_tasks


async def test_a_task_that_swallows_a_cancellation_ends() -> None:
    swallowed = 0

    async def close_a_client() -> None:
        nonlocal swallowed
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(close_a_client())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert (swallowed, task.cancelled()) == (1, True)


async def test_what_has_ended_or_failed_is_no_trouble() -> None:
    async def fail() -> None:
        raise ValueError("nobody reads it here")

    failed = asyncio.create_task(fail())
    await end_tasks([failed])
    await end_tasks([failed])
    await end_tasks([])
    assert failed.done()


def test_nobody_waits_for_a_task_that_was_cancelled_once() -> None:
    """The one place that cancels tasks is `end_tasks`; others only cancel a future or a call that nothing waits for."""
    found = {
        file
        for file, tree in modules(("shared", "services", "deploy", "migrations"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cancel"
    }
    assert found == {
        "shared/tasks.py",
        "shared/messaging/relay.py",
        "shared/http/connection_limits.py",
        "services/notices/channels/bounces.py",  # the call that ends a slow connection
    }
