"""Asks the databases of services as their administrator, so that no service has to run; for what operators read."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg

from shared.eventstore.database import DATABASE_AWAY

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

Ask = Callable[[Connection], Awaitable[list[str]]]
_CONNECT_SECONDS = 5


def asked(administrator: str, ask: Ask) -> list[str]:
    """Returns the lines that `ask` makes; one that says why not, if PostgreSQL does not answer."""
    return asyncio.run(_asked(administrator, ask))


async def in_schema(connection: Connection, schema: str, ask: Ask) -> list[str]:
    """Returns the lines that `ask` makes of a service's schema; one that says so, if it is not there yet."""
    await connection.execute("select set_config('search_path', $1, false)", schema)
    try:
        return await ask(connection)
    except asyncpg.UndefinedTableError:
        return ["no schema yet"]


async def _asked(administrator: str, ask: Ask) -> list[str]:
    try:
        connection = await asyncpg.connect(administrator, timeout=_CONNECT_SECONDS)
    except (*DATABASE_AWAY, asyncpg.PostgresError, TimeoutError) as error:
        return [f"not known, because PostgreSQL does not answer ({type(error).__name__})"]
    try:
        return await ask(connection)
    finally:
        await connection.close()
