"""Each login of PostgreSQL tries everything that is not its own, as itself: nothing is seen by `set role`."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import product
from pathlib import Path

import asyncpg
import pytest

from deploy.local.logins import login_urls
from migrations.logins import ANALYSTS, OWNER, set_passwords
from migrations.revisions import CHAINS
from migrations.schemas import upgrade
from shared.eventstore.logins import login_of, variable_of
from tests.integration.services.test_schema_of_another_release import served, stand_at
from tests.integration.test_migrations import connected, relations

SCHEMAS = tuple(CHAINS)
REFUSED = asyncpg.InsufficientPrivilegeError
HISTORY = ("events", "raised_epochs", "facts", "discarded", "replaced", "recovered_commands", "unrecoverable_facts")
DATA_DEFINITION = (
    "create table {schema}.own ()",
    "create view {schema}.own as select 1",
    "create function {schema}.own() returns int language sql return 1",
    "create schema own",
    "create temporary table own ()",
    "create table public.own ()",
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, '')",
    "create role own",
    "create database own",
    "drop extension plpgsql",
    "alter schema {schema} rename to other",
    "drop schema {schema} cascade",
    "alter role current_user superuser",
    "alter system set fsync = off",
    "set session_replication_role = replica",
    "copy (select 1) to program 'true'",
)
OF_A_TABLE = (
    "truncate {table}",
    "alter table {table} add column other int",
    "alter table {table} disable trigger all",
    "drop table {table}",
    "create index on {table} ((true))",
    "create trigger other before insert on {table} for each row execute function suppress_redundant_updates_trigger()",
    "alter table {table} owner to current_user",
    "alter table {table} enable row level security",
)


@asynccontextmanager
async def logged_in(dsn: str, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """As the service logs in: with its own password, and no other right than its own."""
    async with connected(login_urls(dsn)[variable_of(service)]) as connection:
        assert await connection.fetchval("select session_user") == login_of(service)
        yield connection


async def refused(connection: "asyncpg.Connection[asyncpg.Record]", statement: str) -> str:
    """That the statement needs a right that the login lacks; what PostgreSQL says."""
    with pytest.raises(REFUSED) as refusal:
        await connection.execute(statement)
    return str(refusal.value)


async def columns_of(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[str]:
    rows = await connection.fetch(
        """select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
           order by attnum""",
        table,
    )
    return [str(row["attname"]) for row in rows]


def history(tables: Iterable[str]) -> list[str]:
    """The tables of a schema whose rows are only added, with the partitions of events."""
    return [table for table in tables if table in HISTORY or table.startswith("events_")]


@pytest.fixture
async def with_partitions(postgres_dsn: str) -> str:
    """A migrated database in which every log has its first partitions, made by the services themselves."""
    await asyncio.to_thread(upgrade, postgres_dsn)  # what a database as a whole allows is not in its template
    await set_passwords(postgres_dsn, list(login_urls(postgres_dsn).values()))
    for service in (name for name, chains in CHAINS.items() if "event_store" in chains):
        async with logged_in(postgres_dsn, service) as connection:
            await connection.execute(f"set search_path to {service}; select ensure_partitions()")
    return postgres_dsn


@pytest.mark.parametrize("service", SCHEMAS)
@pytest.mark.rule("R30")
async def test_a_service_adds_to_history_and_never_changes_it(service: str, with_partitions: str) -> None:
    """R30: what happened stays as it was recorded, for partitions as for the tables that they belong to."""
    tables = await relations(with_partitions, service, ("r", "p"))
    kept = history(tables)
    assert ("facts" if service == "reporting" else "events_0") in kept
    async with logged_in(with_partitions, service) as connection, connected(with_partitions) as administrator:
        for table in (f"{service}.{name}" for name in kept):
            for statement in (
                *(f"update {table} set {column} = {column}" for column in await columns_of(connection, table)),
                f"delete from {table}",
                f"truncate {table}",
                f"delete from only {table}",
                f"merge into {table} using (values (1)) one(x) on false when matched then delete",
            ):
                await refused(connection, statement)
                said = "" if statement.startswith("merge") else await refused(administrator, statement)
                assert not said or "happened stays as it was recorded (R30)" in said, statement
        for table in (name for name in kept if not name.startswith("events_")):
            privileges = await connection.fetch(
                """select privilege_type from aclexplode((select relacl from pg_class where oid = $1::regclass)) acl
                   where grantee = $2::regrole order by 1""",
                f"{service}.{table}",
                login_of(service),
            )
            assert [row[0] for row in privileges] == ["INSERT", "SELECT"], table
            assert not await connection.fetchval(
                "select has_any_column_privilege($1, 'update')", f"{service}.{table}"
            ), table


@pytest.mark.rule("R30")
async def test_a_right_to_change_single_columns_of_history_is_taken_back(with_partitions: str) -> None:
    """R30: an earlier step of the migrations let reporting change the marks of a fact."""
    async with connected(with_partitions) as administrator:
        await administrator.execute("grant update (case_id, seen_by_company) on reporting.facts to aftale_reporting")
    await asyncio.to_thread(upgrade, with_partitions)
    async with logged_in(with_partitions, "reporting") as connection:
        await refused(connection, "update reporting.facts set seen_by_company = true")
        await connection.execute("update reporting.facts_as_understood set seen_by_company = true")


@pytest.mark.parametrize("service", SCHEMAS)
async def test_a_service_owns_nothing_and_defines_nothing(service: str, with_partitions: str) -> None:
    async with logged_in(with_partitions, service) as connection:
        owned = await connection.fetch(
            """select pg_describe_object(classid, objid, objsubid) from pg_shdepend
               where refclassid = 'pg_authid'::regclass and refobjid = session_user::regrole and deptype = 'o'"""
        )
        assert owned == []
        for statement in DATA_DEFINITION:
            await refused(connection, statement.format(schema=service))
        tables = await relations(with_partitions, service, ("r", "p"))
        for table, statement in product(tables, OF_A_TABLE):
            await refused(connection, statement.format(table=f"{service}.{table}"))
        for table in tables:  # of what one may not pass on PostgreSQL only warns
            with suppress(REFUSED):
                await connection.execute(f"grant select, insert on {service}.{table} to public")
            assert not await connection.fetchval(
                "select has_table_privilege('public', $1, 'select, insert')", f"{service}.{table}"
            )


@pytest.mark.parametrize("service", SCHEMAS)
async def test_a_service_reaches_no_schema_but_its_own_and_becomes_nobody_else(
    service: str, with_partitions: str
) -> None:
    async with logged_in(with_partitions, service) as connection:
        for other in (name for name in SCHEMAS if name != service):
            for table in await relations(with_partitions, other, ("r", "p", "v")):
                await refused(connection, f"select from {other}.{table}")
                await refused(connection, f"insert into {other}.{table} default values")
        for role in (OWNER, ANALYSTS, *(login_of(name) for name in SCHEMAS if name != service)):
            await refused(connection, f"set role {role}")
            await refused(connection, f"set session authorization {role}")
            await refused(connection, f"grant {role} to {login_of(service)}")
        assert (
            await connection.fetchval("select count(*) from pg_auth_members where member = session_user::regrole") == 0
        )
        rights = await connection.fetchrow("select * from pg_roles where rolname = session_user")
        assert rights is not None
        may = {name for name, value in rights.items() if value is True and name != "rolinherit"}
        assert may == {"rolcanlogin"}


@pytest.mark.parametrize("service", SCHEMAS)
async def test_a_service_may_do_its_own_work(service: str, with_partitions: str) -> None:
    """What is not history is read and written; what the migrations keep is only read."""
    async with logged_in(with_partitions, service) as connection:
        for name in await relations(with_partitions, service, ("r", "p", "v")):
            table = f"{service}.{name}"
            if name.startswith("events_"):
                await refused(connection, f"select from {table}")
                continue
            await connection.execute(f"select from {table}")
            may_delete = await connection.fetchval("select has_table_privilege($1, 'delete')", table)
            view = name.startswith("v_")
            assert may_delete == (name not in HISTORY and not name.startswith("migrated_") and not view), table


async def test_partitions_are_made_for_a_service_with_a_fixed_search_path(with_partitions: str) -> None:
    """A function that runs with its owner's rights finds no table that its caller has put in the way."""
    async with connected(with_partitions) as administrator:
        rows = await administrator.fetch(
            """select p.oid::regprocedure::text as name, n.nspname as schema, p.proconfig, p.proowner::regrole::text,
                      array(select grantee::regrole::text from aclexplode(p.proacl) order by 1) as callers
               from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prosecdef"""
        )
    assert {row["schema"] for row in rows} == {"offers", "guidance", "control", "notices"}
    for row in rows:
        assert row["proconfig"] == [f"search_path={row['schema']}, pg_temp"], row["name"]
        assert row["proowner"] == OWNER
        assert row["callers"] == sorted([OWNER, login_of(row["schema"])])
    async with logged_in(with_partitions, "control") as connection:
        await refused(connection, "select offers.ensure_partitions()")


async def test_the_migrations_own_everything_and_are_no_superuser(with_partitions: str) -> None:
    async with connected(login_urls(with_partitions)["AFTALE_POSTGRES_MIGRATIONS"]) as connection:
        owners = await connection.fetch(
            """select distinct nspowner::regrole::text from pg_namespace where nspname = any($1)
               union select relowner::regrole::text from pg_class where relnamespace::regnamespace::text = any($1)
               union select proowner::regrole::text from pg_proc where pronamespace::regnamespace::text = any($1)""",
            list(SCHEMAS),
        )
        assert [row[0] for row in owners] == [OWNER]
        for statement in ("create role own", "create database own", "alter system set fsync = off"):
            await refused(connection, statement)
        await refused(connection, f"set role {login_of('offers')}")


async def test_a_login_gets_its_password_without_the_server_hearing_it(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as administrator:
        await administrator.execute(f"alter role {login_of('control')} password 'another'")
        url = login_urls(postgres_dsn)[variable_of("control")]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url)
        await set_passwords(postgres_dsn, [url])
        stored = await administrator.fetchval(
            "select rolpassword from pg_authid where rolname = $1", login_of("control")
        )
        await set_passwords(postgres_dsn, [url])
        assert stored == await administrator.fetchval(
            "select rolpassword from pg_authid where rolname = $1", login_of("control")
        ), "one that opens is left as it is"
    async with logged_in(postgres_dsn, "control") as connection:
        await refused(connection, "create table control.own ()")


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("administrator", "a superuser, and could change what happened (R30): name its own login aftale_offers"),
        ("migrations", "AFTALE_POSTGRES_OFFERS does not open the schema of offers"),
        ("control", "AFTALE_POSTGRES_OFFERS does not open the schema of offers"),
    ],
)
async def test_a_service_stops_at_a_login_that_may_do_more(
    login: str, why: str, with_partitions: str, tmp_path: Path
) -> None:
    urls = login_urls(with_partitions)
    url = with_partitions if login == "administrator" else urls[variable_of(login)]
    status, said = await served(url, tmp_path)
    assert (status, len(said.splitlines())) == (1, 1)
    assert why in said


async def test_a_service_stops_at_a_login_that_stands_for_the_owner(with_partitions: str, tmp_path: Path) -> None:
    login = f"stands_for_{with_partitions.rpartition('_')[2][:8]}"
    async with connected(with_partitions) as administrator:
        await administrator.execute(f"create role {login} login password 'secret'")
        await administrator.execute(f"grant {OWNER}, {login_of('offers')} to {login}")
        try:
            address = with_partitions.rpartition("@")[2]
            status, said = await served(f"postgresql://{login}:secret@{address}", tmp_path)
        finally:
            await administrator.execute(f"drop role {login}")
    assert status == 1
    assert said.startswith(f"offers logs in as {login}, the owner of a schema, and could change what happened (R30)")


async def test_an_explicit_setting_lets_a_service_start_under_such_a_login(
    with_partitions: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand_at(with_partitions, "9999")  # found out after the login
    monkeypatch.setenv("AFTALE_POWERFUL_LOGIN", "allowed")
    status, said = await served(with_partitions, tmp_path)
    assert status == 1
    assert said.startswith("The schema of offers is newer than this release")


async def test_the_migrations_run_under_their_own_login_where_everything_is_prepared(postgres_dsn: str) -> None:
    urls = login_urls(postgres_dsn)
    await set_passwords(postgres_dsn, list(urls.values()))
    assert await asyncio.to_thread(upgrade, urls["AFTALE_POSTGRES_MIGRATIONS"]) == []
