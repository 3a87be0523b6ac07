"""Run the chains of migrations, each service's in its own schema, under the login that owns them all."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migrations.give_way import LOCK_TIMEOUT, until_free
from migrations.logins import OWNER, make_logins_and_schemas, services_of_another_release
from migrations.marks import last_before_takeover, shipped
from migrations.revisions import CHAINS
from shared.watching.errors import WrongSchema
from shared.watching.schema import found_revisions, newer

_PRIVILEGES = Path(__file__).parent / "privileges"
_OF_SERVICES, _APPEND_ONLY = _PRIVILEGES / "service_login.sql", _PRIVILEGES / "append_only.sql"
_OF_ANALYSTS = Path(__file__).parents[1] / "services" / "reporting" / "analysts.sql"


def upgrade(dsn: str, revision: str = "head") -> Sequence[str]:
    """Bring every schema to a revision; makes logins and schemas that are missing. Runs again without harm.

    Returns the services of which a process of another release is connected, so that these processes go on: what is
    marked to run after them waits, and their history is not yet closed to changes. The next run does both.

    Raises WrongSchema where a later release has migrated one of them.
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


async def _upgrade(config: Config, revision: str) -> None:
    """Each revision is a transaction of its own: one that gives way leaves those before it done."""
    await until_free(lambda: asyncio.to_thread(command.upgrade, config, revision))


async def _grant(dsn: str, schema: str, files: Sequence[Path]) -> None:
    """Each file in a transaction of its own, so that none waits for a lock while it holds what another file changed."""
    settings = {"search_path": schema, "role": OWNER, "lock_timeout": LOCK_TIMEOUT}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        for file in files:
            await until_free(partial(_in_a_transaction, connection, file.read_text(encoding="utf-8")))
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
    connection = await asyncpg.connect(dsn, server_settings={"role": OWNER})
    try:
        async with connection.transaction():
            for chain in CHAINS[schema]:
                await connection.execute(f'drop table "{schema}".migrated_{chain}')
            await connection.execute(f'drop schema "{schema}"')
    finally:
        await connection.close()
