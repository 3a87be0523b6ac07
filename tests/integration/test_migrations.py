"""Migrations on a real PostgreSQL: there and back leaves nothing, and nobody reaches what is not theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from migrations.revisions import CHAINS
from migrations.schemas import downgrade, upgrade

SCHEMAS = tuple(CHAINS)
DUMPS = {
    "schemas": "select schema_name, schema_owner from information_schema.schemata where {ours}",
    "tables": "select table_schema, table_name, table_type from information_schema.tables where {ours}",
    "columns": """select table_schema, table_name, ordinal_position, column_name, data_type, is_nullable,
                         column_default, is_identity, collation_name from information_schema.columns where {ours}""",
    "views": "select table_schema, table_name, view_definition from information_schema.views where {ours}",
    "routines": "select routine_schema, routine_name, routine_definition from information_schema.routines where {ours}",
    "grants": """select table_schema, table_name, grantee, privilege_type
                 from information_schema.role_table_grants where {ours}""",
    "constraints": """select n.nspname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid)
                      from pg_constraint c join pg_namespace n on n.oid = c.connamespace where {ours}""",
    "indexes": "select schemaname, tablename, indexname, indexdef from pg_indexes where {ours}",
    "options": """select n.nspname, c.relname, c.relkind::text, c.reloptions, pg_get_userbyid(c.relowner)
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace where {ours}""",
}
"""What a schema is made of; each first column names the schema."""


@asynccontextmanager
async def connected(dsn: str, role: str | None = None) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn, server_settings={"role": role} if role else {})
    try:
        yield connection
    finally:
        await connection.close()


async def dump(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that does not belong to PostgreSQL itself."""
    async with connected(dsn) as connection:
        found = {}
        for name, query in DUMPS.items():
            schema = query.split()[1].rstrip(",")
            ours = f"{schema} not in ('pg_catalog', 'information_schema', 'pg_toast', 'public')"
            rows = await connection.fetch(query.format(ours=ours))
            found[name] = sorted((tuple(row) for row in rows), key=repr)
        return found


async def relations(dsn: str, schema: str, kinds: tuple[str, ...]) -> list[str]:
    async with connected(dsn) as connection:
        rows = await connection.fetch(
            """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = $1 and c.relkind::text = any($2) order by 1""",
            schema,
            list(kinds),
        )
    return [row["relname"] for row in rows]


async def test_down_leaves_nothing_behind(empty_database: str) -> None:
    before = await dump(empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    assert await dump(empty_database) != before
    await asyncio.to_thread(downgrade, empty_database)
    assert await dump(empty_database) == before


async def test_up_down_and_up_again_is_as_up(empty_database: str) -> None:
    await asyncio.to_thread(upgrade, empty_database)
    once = await dump(empty_database)
    assert all(once.values())
    await asyncio.to_thread(downgrade, empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    assert await dump(empty_database) == once


async def test_up_and_down_run_again_without_harm(postgres_dsn: str) -> None:
    migrated = await dump(postgres_dsn)
    await asyncio.to_thread(upgrade, postgres_dsn)
    assert await dump(postgres_dsn) == migrated
    await asyncio.to_thread(downgrade, postgres_dsn)
    nothing = await dump(postgres_dsn)
    await asyncio.to_thread(downgrade, postgres_dsn)
    assert await dump(postgres_dsn) == nothing


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
    views = await relations(postgres_dsn, "reporting", ("v",))
    assert {"v_facts", "v_cases", "v_case_history", "v_measures", "v_measure_catalogue"} <= set(views)
    async with connected(postgres_dsn, "aftale_analyst") as connection:
        for view in views:
            await connection.execute(f"select * from reporting.{view}")
            for privilege in ("insert", "update", "delete", "truncate", "references", "trigger"):
                may = await connection.fetchval("select has_table_privilege($1, $2)", f"reporting.{view}", privilege)
                assert not may, (view, privilege)
        for schema in SCHEMAS:
            tables = await relations(postgres_dsn, schema, ("r", "p", "S"))
            assert tables
            for table in tables:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f'select from "{schema}"."{table}"')
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
