"""Connections of one service to its own schema, under its own role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy
    Pool = asyncpg.Pool

_SETTINGS = {
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "plan_cache_mode": "force_generic_plan",  # plans for small arrays and indexes, whatever the tables' statistics say
    "timezone": "UTC",
    "jit": "off",
}


DATABASE_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut while it was idle
)
"""What a database that is away, or that has just come back, makes of a call. Whether it was done is unknown."""


class Database:
    """A pool whose connections see one schema only."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self.schema = schema

    def acquire(self) -> "asyncpg.pool.PoolAcquireContext[asyncpg.Record]":
        """A connection, returned when the block ends."""
        return self._pool.acquire()


async def _nothing_to_reset(_: object) -> None:
    """Nobody here changes a session, and asyncpg's own reset is a round trip after every use of a connection."""


@asynccontextmanager
async def open_database(dsn: str, schema: str, *, connections: int = 12) -> AsyncIterator[Database]:
    """Open the schema of a service as the role `aftale_<schema>`."""
    settings = {**_SETTINGS, "search_path": schema, "role": f"aftale_{schema}", "application_name": f"aftale-{schema}"}
    pool = await asyncpg.create_pool(
        dsn, min_size=2, max_size=connections, server_settings=settings, command_timeout=30, reset=_nothing_to_reset
    )
    try:
        yield Database(pool, schema)
    finally:
        await pool.close()


async def connect(dsn: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection of its own, outside the pool: for who holds a session lock."""
    settings = {
        **_SETTINGS,
        "search_path": schema,
        "role": f"aftale_{schema}",
        "application_name": f"aftale-{schema}-relay",
    }
    return await asyncpg.connect(dsn, server_settings=settings, command_timeout=30)
