"""Asks the services' databases which timers are due and have not fired, also for a service that is stopped."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from deploy.local.quantities import quantity
from shared.eventstore.database import DATABASE_AWAY
from shared.watching.figures import Overdue, read_overdue

_CONNECT_SECONDS = 5


def overdue_lines(administrator: str, services: Sequence[str], now: datetime) -> list[str]:
    """R28: returns one line per service: how many timers are due and not fired, the oldest, and its canary."""
    return asyncio.run(_lines(administrator, services, now))


async def _lines(administrator: str, services: Sequence[str], now: datetime) -> list[str]:
    try:
        connection = await asyncpg.connect(administrator, timeout=_CONNECT_SECONDS)
    except (*DATABASE_AWAY, asyncpg.PostgresError, TimeoutError) as error:
        return [f"not known, because PostgreSQL does not answer ({type(error).__name__})"]
    try:
        return [f"{service}: {await _of_service(connection, service, now)}" for service in services]
    finally:
        await connection.close()


async def _of_service(connection: "asyncpg.Connection[asyncpg.Record]", service: str, now: datetime) -> str:
    await connection.execute("select set_config('search_path', $1, false)", service)
    try:
        return in_words(await read_overdue(connection, now), now)
    except asyncpg.UndefinedTableError:
        return "no schema yet"


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
