"""./aftale analyst: a login of their own for people who analyse, which reads the views and nothing else."""

import asyncio
import re

import asyncpg
import pytest

from deploy.local.analyst import make_login, remove_login
from deploy.local.processes import UserError
from tests.integration.test_migrations import connected, relations


@pytest.fixture
def name(postgres_dsn: str) -> str:
    """Of this test alone: logins belong to the server, which tests share."""
    return f"of_{postgres_dsn.rpartition('_')[2][:8]}"


async def test_an_analyst_reads_the_views_and_nothing_else(postgres_dsn: str, name: str) -> None:
    url = await asyncio.to_thread(make_login, postgres_dsn, name)
    views = [view for view in await relations(postgres_dsn, "reporting", ("v",)) if view.startswith("v_")]
    async with connected(url) as analyst:
        for view in views:
            await analyst.execute(f"select * from {view}")
        assert await analyst.fetchval("select count(*) from pg_auth_members where member = session_user::regrole") == 1
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await analyst.execute("create table own ()")
        await analyst.execute("set default_transaction_read_only = off")
        tables = [f"{schema}.{table}" for schema in ("offers", "reporting") for table in await tables_of(url, schema)]
        assert len(tables) > 30
        for statement in (
            *(f"select from {table}" for table in tables),
            "insert into v_tasks (kind) values ('odd')",
            "delete from v_tasks",
            "update v_tasks set kind = 'odd'",
            "create table reporting.own ()",
            "create table public.own ()",
            "set role aftale_reporting",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await analyst.execute(statement)
    await asyncio.to_thread(remove_login, postgres_dsn, name)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(url)


async def tables_of(url: str, schema: str) -> list[str]:
    """What the analyst finds in the catalogue, which everybody may read."""
    return await relations(url, schema, ("r", "p"))


async def test_asked_again_there_is_a_new_password(postgres_dsn: str, name: str) -> None:
    first, second = [await asyncio.to_thread(make_login, postgres_dsn, name) for _ in range(2)]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(first)
    async with connected(second) as analyst:
        assert await analyst.fetchval("select session_user") == f"analyst_{name}"
    await asyncio.to_thread(remove_login, postgres_dsn, name)


@pytest.mark.parametrize("odd", ["aftale offers", "x; drop role aftale", "Ib", "", "a" * 32])
def test_an_odd_name_is_refused_before_anything_is_asked(odd: str) -> None:
    with pytest.raises(UserError, match="begins with a letter"):
        make_login("postgresql://nowhere.invalid/aftale", odd)


def test_nobody_is_removed_twice(postgres_dsn: str) -> None:
    with pytest.raises(UserError, match=r"no login analyst_nobody\."):
        remove_login(postgres_dsn, "nobody")


async def test_every_column_that_analysts_see_is_explained(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as connection:
        columns = await connection.fetch(
            """select c.relname, a.attname, col_description(c.oid, a.attnum) as meaning
               from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               where c.relnamespace = 'reporting'::regnamespace and c.relkind <> 'i'
                 and has_table_privilege('aftale_analyst', c.oid, 'select')"""
        )
    assert len(columns) > 200
    unexplained = [
        f"{column['relname']}.{column['attname']}"
        for column in columns
        if not re.fullmatch(r"\S.{8,}\.", column["meaning"] or "", re.DOTALL)
    ]
    assert unexplained == []
