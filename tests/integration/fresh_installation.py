"""Compare a database with one that is installed today."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from migrations.revisions import CHAINS
from migrations.schemas import upgrade
from tests.integration.schema_catalogue import assert_same_schemas, read_catalogue


async def assert_equals_a_fresh_installation(dsn: str) -> None:
    """For a database that came here another way, as one restored from an old dump and then upgraded.

    Fails with each difference on a line of its own. Makes a database beside it, on the same server, and drops it again.
    """
    async with _fresh_installation(dsn) as fresh:
        assert_same_schemas(await read_catalogue(dsn), await read_catalogue(fresh), ("this database", "a fresh one"))


@asynccontextmanager
async def _fresh_installation(dsn: str) -> AsyncIterator[str]:
    """With the first partitions of each log, as a service makes them when it starts: those are compared, too."""
    name = f"fresh_{uuid4().hex}"
    fresh = f"{dsn.rpartition('/')[0]}/{name}"
    await _execute(dsn, f"create database {name} template template0")
    try:
        await asyncio.to_thread(upgrade, fresh)
        for schema, chains in CHAINS.items():
            if "event_store" in chains:
                await _execute(fresh, "select ensure_partitions()", search_path=schema, role=f"aftale_{schema}")
        yield fresh
    finally:
        await _execute(dsn, f"drop database {name} with (force)")


async def _execute(dsn: str, statement: str, **settings: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
