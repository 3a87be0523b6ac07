"""A database with what the channels keep, in the schema of notices and under its login."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import services.notices.channels
from shared.eventstore.database import Database, open_database

SCHEMA = "notices"
_TABLES = Path(services.notices.channels.__file__).with_name("sql") / "sending.sql"
_ROLE = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'aftale_notices') then create role aftale_notices; end if;
end $$
"""


@pytest.fixture
async def notices_dsn(empty_database: str) -> str:
    """The URL of a database with the tables of the channels alone."""
    connection = await asyncpg.connect(empty_database)
    try:
        await connection.execute(_ROLE)
        await connection.execute(f"create schema {SCHEMA} authorization aftale_notices")
        await connection.execute(f"set search_path to {SCHEMA}; set role aftale_notices")
        await connection.execute(_TABLES.read_text(encoding="utf-8"))
    finally:
        await connection.close()
    return empty_database


@pytest.fixture
async def database(notices_dsn: str) -> AsyncIterator[Database]:
    """A pool there."""
    async with open_database(notices_dsn, SCHEMA) as opened:
        yield opened
