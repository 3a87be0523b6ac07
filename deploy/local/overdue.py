"""Asks the services' databases what is due and was not done: timers, and messages to people. No service has to run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg

from deploy.local.quantities import quantity
from services.notices.lookups.untold import Waiting, read_untold
from shared.eventstore.database import DATABASE_AWAY
from shared.watching.figures import OVERDUE_AFTER, Overdue, read_overdue

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_CONNECT_SECONDS = 5


def overdue_lines(administrator: str, services: Sequence[str], now: datetime) -> list[str]:
    """R28: returns one line per service: how many timers are due and not fired, the oldest, and its canary."""

    async def ask(connection: Connection) -> list[str]:
        return [f"{service}: {await _of_service(connection, service, now)}" for service in services]

    return asyncio.run(_asked(administrator, ask))


def untold_lines(administrator: str, now: datetime) -> list[str]:
    """R29: returns one line per reason for which matters are due and were not told; one line with 0 if there are none.

    Those that fell due this second are about to be told.
    """

    async def ask(connection: Connection) -> list[str]:
        await _look_at(connection, "notices")
        try:
            found = await read_untold(connection, now - OVERDUE_AFTER)
        except asyncpg.UndefinedTableError:
            return ["no schema yet"]
        return [untold_in_words(one) for one in found] or ["0"]

    return asyncio.run(_asked(administrator, ask))


async def _asked(administrator: str, ask: Callable[[Connection], Awaitable[list[str]]]) -> list[str]:
    try:
        connection = await asyncpg.connect(administrator, timeout=_CONNECT_SECONDS)
    except (*DATABASE_AWAY, asyncpg.PostgresError, TimeoutError) as error:
        return [f"not known, because PostgreSQL does not answer ({type(error).__name__})"]
    try:
        return await ask(connection)
    finally:
        await connection.close()


async def _look_at(connection: Connection, schema: str) -> None:
    await connection.execute("select set_config('search_path', $1, false)", schema)


async def _of_service(connection: Connection, service: str, now: datetime) -> str:
    await _look_at(connection, service)
    try:
        return in_words(await read_overdue(connection, now), now)
    except asyncpg.UndefinedTableError:
        return "no schema yet"


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
