"""Asks the services' databases what is due and was not done: timers, and messages to people. No service has to run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from deploy.local.asked_of_databases import Connection, asked, in_schema
from deploy.local.quantities import quantity
from services.notices.lookups.untold import Waiting, read_untold
from shared.watching.figures import OVERDUE_AFTER, Overdue, read_overdue


def overdue_lines(administrator: str, services: Sequence[str], now: datetime) -> list[str]:
    """R28: returns one line per service: how many timers are due and not fired, the oldest, and its canary."""

    async def of_service(connection: Connection) -> list[str]:
        return [in_words(await read_overdue(connection, now), now)]

    async def ask(connection: Connection) -> list[str]:
        return [f"{one}: {line}" for one in services for line in await in_schema(connection, one, of_service)]

    return asked(administrator, ask)


def untold_lines(administrator: str, now: datetime) -> list[str]:
    """R29: returns one line per reason for which matters are due and were not told; one line with 0 if there are none.

    Those that fell due this second are about to be told.
    """

    async def of_notices(connection: Connection) -> list[str]:
        found = await read_untold(connection, now - OVERDUE_AFTER)
        return [untold_in_words(one) for one in found] or ["0"]

    return asked(administrator, lambda connection: in_schema(connection, "notices", of_notices))


def untold_in_words(waiting: Waiting) -> str:
    """Returns what an operator reads of matters that wait for the same reason."""
    why = "not tried" if waiting.failure is None else f"the last try failed: {waiting.failure}"
    return f"{quantity(waiting.matters, 'matter')}, the oldest since {waiting.since:%Y-%m-%d %H:%M:%S} UTC; {why}"


def in_words(found: Overdue, now: datetime) -> str:
    """Returns what an operator reads of the timers of one service."""
    waiting = "0"
    if found.timers:
        since = now - timedelta(seconds=found.seconds)
        failing = f", {found.failing:,} failed when tried" if found.failing else ""
        waiting = f"{quantity(found.timers, 'timer')}, the oldest since {since:%Y-%m-%d %H:%M:%S} UTC{failing}"
    if found.canary is None:
        return f"{waiting}; no canary is armed"
    return f"{waiting}; canary {'on time' if found.canary < 1 else f'late by {found.canary:,.0f} s'}"
