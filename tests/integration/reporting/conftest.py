"""The read model on a real PostgreSQL, in a database of the test's own."""

from collections.abc import AsyncIterator

import pytest

from shared.eventstore.database import Connection, Database, open_database


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "reporting", connections=4) as opened:
        yield opened


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.acquire() as one:
        yield one
