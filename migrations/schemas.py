"""Runs the chains of migrations, each service's in its own schema, under the login that owns them all."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migrations.lock_retries import LOCK_TIMEOUT, retry_lock_conflicts
from migrations.logins import OWNER, make_logins_and_schemas, services_of_another_release
from migrations.marks import last_before_takeover, shipped
from migrations.revisions import CHAINS
from shared.watching.errors import WrongSchema
from shared.watching.schema import found_revisions, newer

_PRIVILEGES = Path(__file__).parent / "privileges"
_OF_SERVICES, _APPEND_ONLY = _PRIVILEGES / "service_login.sql", _PRIVILEGES / "append_only.sql"
_OF_ANALYSTS = Path(__file__).parents[1] / "services" / "reporting" / "analysts.sql"


def upgrade(dsn: str, revision: str = "head") -> Sequence[str]:
    """Migrates every schema to a revision, and creates missing logins and schemas. Can be repeated.

    Returns the services with a connected process of another release. These processes keep running: revisions that are
    marked *after* wait, and the services can still change recorded facts. The next run does both steps.

    Raises WrongSchema if a later release has migrated one of the schemas.
    """
    asyncio.run(_refuse_newer(dsn))
    asyncio.run(make_logins_and_schemas(dsn))
    old = asyncio.run(services_of_another_release(dsn))
    for schema, chains in CHAINS.items():
        for chain in chains:
            waits = schema in old and revision == "head"
            asyncio.run(_upgrade(_config(dsn, schema, chain), last_before_takeover(chain) if waits else revision))
    old = sorted({*old, *asyncio.run(services_of_another_release(dsn))})
    for schema in CHAINS:
        asyncio.run(_grant(dsn, schema, [_OF_SERVICES] if schema in old else [_APPEND_ONLY, _OF_SERVICES]))
    asyncio.run(_grant(dsn, "reporting", [_OF_ANALYSTS]))
    return old


def known_revisions(chain: str) -> frozenset[str]:
    """Returns all revisions from which this release can migrate to its newest."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(_config("", "", chain)).walk_revisions())


async def revisions(connection: "asyncpg.Connection[asyncpg.Record]", schema: str) -> dict[str, str]:
    """Returns the current revision of each chain of a schema."""
    return {
        chain: await connection.fetchval(f'select version_num from "{schema}".migrated_{chain}')
        for chain in CHAINS[schema]
    }


def downgrade(dsn: str) -> None:
    """Drops every schema with its data. The roles stay, because other databases of the server may need them."""
    for schema in asyncio.run(_existing(dsn)):
        for chain in reversed(CHAINS[schema]):
            command.downgrade(_config(dsn, schema, chain), "base")
        asyncio.run(_drop(dsn, schema))


async def _upgrade(config: Config, revision: str) -> None:
    """Runs the revisions, each in its own transaction: if one is retried, the earlier ones stay done."""
    await retry_lock_conflicts(lambda: asyncio.to_thread(command.upgrade, config, revision))


async def _grant(dsn: str, schema: str, files: Sequence[Path]) -> None:
    """Runs each file in its own transaction, so that no file waits for a lock while it holds those of another."""
    settings = {"search_path": schema, "role": OWNER, "lock_timeout": LOCK_TIMEOUT}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        for file in files:
            await retry_lock_conflicts(partial(_in_a_transaction, connection, file.read_text(encoding="utf-8")))
    finally:
        await connection.close()


async def _in_a_transaction(connection: "asyncpg.Connection[asyncpg.Record]", statements: str) -> None:
    async with connection.transaction():
        await connection.execute(statements)


def _config(dsn: str, schema: str, chain: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / chain).replace("%", "%%"))
    config.attributes["dsn"] = dsn
    config.attributes["schema"] = schema
    config.attributes["chain"] = chain
    return config


async def _refuse_newer(dsn: str) -> None:
    """Raises WrongSchema if a later release has migrated a schema, before anything is changed.

    Without this check alembic would fail half-way, without saying what to do.
    """
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
    """Drops the schema without `cascade`, so that objects which a downgrade forgot are found."""
    connection = await asyncpg.connect(dsn, server_settings={"role": OWNER})
    try:
        async with connection.transaction():
            for chain in CHAINS[schema]:
                await connection.execute(f'drop table "{schema}".migrated_{chain}')
            await connection.execute(f'drop schema "{schema}"')
    finally:
        await connection.close()
