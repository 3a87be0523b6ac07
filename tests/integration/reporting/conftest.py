"""A fresh schema of the read model for each test, on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.state import State
from shared.kernel.database import Connection, Database, open_database

SQL = Path(__file__).parents[3] / "services" / "reporting" / "sql"


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = LocalPostgres(State(tmp_path_factory.mktemp("postgres")), free_port())
    try:
        server.start()
        server.wait_until_ready()
        yield server.dsn
    finally:
        server.stop()


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    owner = await asyncpg.connect(postgres_dsn)
    try:
        await owner.execute("drop schema if exists reporting cascade")
        if not await owner.fetchval("select true from pg_roles where rolname = 'aftale_reporting'"):
            await owner.execute("create role aftale_reporting")
        await owner.execute("create schema reporting; grant usage on schema reporting to aftale_reporting")
        await owner.execute("set search_path to reporting")
        await owner.execute((SQL / "schema.sql").read_text())
        await owner.execute((SQL / "views.sql").read_text())
        await owner.execute(
            "grant select, insert, update, delete on all tables in schema reporting to aftale_reporting"
        )
    finally:
        await owner.close()
    async with open_database(postgres_dsn, "reporting", connections=4) as opened:
        yield opened


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.acquire() as one:
        yield one
