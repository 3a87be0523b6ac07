"""Run the chains of migrations, each service's in its own schema and under its own role."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migrations.revisions import CHAINS, shipped
from shared.watching.schema import WrongSchema, found_revisions, newer


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring every schema to a revision; makes roles and schemas that are missing. Runs again without harm.

    Raises WrongSchema where a later release has migrated one of them.
    """
    asyncio.run(make_roles_and_schemas(dsn))
    asyncio.run(_refuse_newer(dsn))
    for schema, chains in CHAINS.items():
        for chain in chains:
            command.upgrade(_config(dsn, schema, chain), revision)


def known_revisions(chain: str) -> frozenset[str]:
    """All revisions that this release can bring to its newest."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(_config("", "", chain)).walk_revisions())


async def revisions(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> dict[str, str]:
    """At which revision each chain of a schema stands."""
    return {
        chain: await connection.fetchval(f'select version_num from "{schema}".migrated_{chain}')
        for chain in CHAINS[schema]
    }


def downgrade(dsn: str) -> None:
    """Take every schema away, with all that is in it. The roles stay: other databases of the server may need them."""
    for schema in asyncio.run(_existing(dsn)):
        for chain in reversed(CHAINS[schema]):
            command.downgrade(_config(dsn, schema, chain), "base")
        asyncio.run(_drop(dsn, schema))


async def make_roles_and_schemas(dsn: str) -> None:
    """Make the roles and the empty schemas that are missing; the others stay as they are."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('aftale.migrations'))")
            for schema in CHAINS:
                await _make_role(connection, f"aftale_{schema}")
                await connection.execute(f'create schema if not exists "{schema}" authorization "aftale_{schema}"')
            await _make_role(connection, "aftale_analyst")
    finally:
        await connection.close()


def _config(dsn: str, schema: str, chain: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / chain).replace("%", "%%"))
    config.attributes["dsn"] = dsn
    config.attributes["schema"] = schema
    config.attributes["chain"] = chain
    return config


async def _refuse_newer(dsn: str) -> None:
    """Before anything is changed: alembic itself fails in the middle, and does not say what to do."""
    for schema in CHAINS:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": schema})
        try:
            if fault := newer(schema, shipped(schema), await found_revisions(connection, shipped(schema))):
                raise WrongSchema(fault)
        finally:
            await connection.close()


async def _existing(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("select nspname from pg_namespace where nspname = any($1)", list(CHAINS))
        return [row["nspname"] for row in rows]
    finally:
        await connection.close()


async def _drop(dsn: str, schema: str) -> None:
    """Without `cascade`, so that what a migration forgot to take back is found."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            for chain in CHAINS[schema]:
                await connection.execute(f'drop table "{schema}".migrated_{chain}')
            await connection.execute(f'drop schema "{schema}"')
    finally:
        await connection.close()


async def _make_role(connection: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f'create role "{role}" nologin')
    await connection.execute(f'grant "{role}" to current_user')
