"""PostgreSQL's logins. The migrations' login owns every schema; the services' logins own nothing."""

import asyncio
import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import asyncpg

from migrations.lock_retries import LOCK_TIMEOUT, retry_lock_conflicts
from migrations.revisions import CHAINS
from shared.eventstore.logins import login_of
from shared.release import RELEASE

OWNER = "aftale_migrations"
"""The login of the migrations, which owns every schema, table and function."""
ANALYSTS = "aftale_analyst"
"""The role that may read what analysts may read. Nobody logs in with it: each analyst's login is a member."""
_ITERATIONS = 4096
"""PostgreSQL's default for SCRAM."""

_OWNED_BY_OTHERS = """
select format('schema %I', n.nspname) as object, 'usage, create' as granted, n.nspowner::regrole::text as owner,
       0 as turn
from pg_namespace n where n.nspname = $1 and n.nspowner <> $2::regrole
union all
select format('%s %I.%I', case c.relkind when 'v' then 'view' else 'table' end, $1, c.relname),
       case when c.relkind = 'v' or starts_with(c.relname, 'migrated_') then 'select'
            else 'select, insert, update, delete' end,
       c.relowner::regrole::text, 1
from pg_class c
where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v') and c.relowner <> $2::regrole
union all
select format('function %s', p.oid::regprocedure), null, p.proowner::regrole::text, 2
from pg_proc p where p.pronamespace = $1::regnamespace and p.proowner <> $2::regrole
order by turn, object
"""
_OPEN_TO_EVERYBODY = """
select format('revoke temporary on database %I from public', datname) as closing from pg_database
where datname = current_database() and has_database_privilege('public', oid, 'temporary')
  and pg_has_role(current_user, datdba, 'usage')
union all
select format('revoke execute on function %s from public', oid::regprocedure) from pg_proc
where pronamespace = 'pg_catalog'::regnamespace and proname in ('lo_create', 'lo_creat', 'lo_from_bytea')
  and has_function_privilege('public', oid, 'execute') and pg_has_role(current_user, proowner, 'usage')
"""
_OLD_PROCESSES = """
select distinct $1 as service
from pg_stat_activity, split_part(application_name, '/', 1) as named, split_part(application_name, '/', 2) as release
where datname = current_database() and pid <> pg_backend_pid()
  and named in ('aftale-' || $1, 'aftale-' || $1 || '-relay') and (usename <> $2 or release <> $3)
"""


async def make_logins_and_schemas(dsn: str) -> None:
    """Creates missing logins and empty schemas, and gives the migrations what others own in them.

    It needs a login that may create others if something is missing; else the login of the migrations is enough.
    """
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "pg_catalog"})
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('aftale.migrations'))")
            for login in (OWNER, *map(login_of, CHAINS)):
                await _make_role(connection, login, "login")
            await _make_role(connection, ANALYSTS, "nologin")
            for schema in CHAINS:
                if await connection.fetchval("select to_regnamespace($1)", schema) is None:
                    await connection.execute(f'create schema "{schema}" authorization "{OWNER}"')
            await _close_the_database(connection)
        for schema in CHAINS:
            await _hand_over(connection, schema)
    finally:
        await connection.close()


async def services_of_another_release(dsn: str) -> Sequence[str]:
    """Returns the services with a connected process of another release or under another login."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = [await connection.fetchrow(_OLD_PROCESSES, schema, login_of(schema), RELEASE) for schema in CHAINS]
        return [row["service"] for row in rows if row is not None]
    finally:
        await connection.close()


async def set_passwords(dsn: str, urls: Sequence[str]) -> None:
    """Sets the password of each login whose URL cannot log in to the password in the URL.

    Only a hash is sent, so that no log of the server holds a password.
    """
    closed = [url for url, can in zip(urls, await asyncio.gather(*map(_can_log_in, urls)), strict=True) if not can]
    if not closed:
        return
    connection = await asyncpg.connect(dsn)
    try:
        for url in closed:
            parts = urlsplit(url)
            if parts.username and parts.password:
                verifier = scram_verifier(unquote(parts.password))
                await connection.execute(f"""alter role "{unquote(parts.username)}" password '{verifier}'""")
    finally:
        await connection.close()


def scram_verifier(password: str) -> str:
    """Returns the hash of a password that PostgreSQL stores (RFC 5803)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${stored_text}:{server_text}"


async def _can_log_in(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True


async def _make_role(connection: "asyncpg.Connection[asyncpg.Record]", role: str, login: str) -> None:
    may_log_in = await connection.fetchval("select rolcanlogin from pg_roles where rolname = $1", role)
    if may_log_in is None:
        await connection.execute(f'create role "{role}" {login}')
    elif login == "login" and not may_log_in:
        await connection.execute(f'alter role "{role}" login')
    # A login that is no superuser must be a member of a role before it can act as it, as operators' commands do.
    known = may_log_in is not None and await connection.fetchval(
        "select rolsuper or pg_has_role(current_user, $1::text, 'set') or current_user = $2 from pg_roles "
        "where rolname = current_user",
        role,
        OWNER,
    )
    if not known:
        await connection.execute(f'grant "{role}" to current_user')


async def _close_the_database(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Revokes that everybody may create temporary tables and large objects, as PostgreSQL allows by default."""
    for row in await connection.fetch(_OPEN_TO_EVERYBODY):
        await connection.execute(row["closing"])


async def _hand_over(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> None:
    """Makes the migrations' login the owner of every object, one at a time, so that nobody waits for several locks.

    The former owner can still use the objects. What services no longer need is revoked later (see append_only.sql).
    """
    for row in await connection.fetch(_OWNED_BY_OTHERS, schema, OWNER):
        thing = row["object"].removeprefix("view ")  # GRANT treats views as tables
        grants = [f"grant {row['granted']} on {thing} to {row['owner']}"] if row["granted"] else []
        await _change_with_retries(connection, [f'alter {row["object"]} owner to "{OWNER}"', *grants])


async def _change_with_retries(connection: "asyncpg.Connection[asyncpg.Record]", statements: Sequence[str]) -> None:
    async def change() -> None:
        async with connection.transaction():
            await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
            for statement in statements:
                await connection.execute(statement)

    await retry_lock_conflicts(change)
