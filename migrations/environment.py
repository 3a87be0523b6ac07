"""Runs a chain in one connection, in the schema of the service, under the login that owns it (see env.py)."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.lock_retries import LOCK_TIMEOUT
from migrations.logins import OWNER


def run() -> None:
    """Runs the migrations that alembic has chosen. Must not be called from an event loop."""
    asyncio.run(_run())


async def _run() -> None:
    attributes = context.config.attributes
    schema = attributes["schema"]
    url = (
        attributes["dsn"]
        .replace("postgresql://", "postgresql+asyncpg://")
        .replace("postgres://", "postgresql+asyncpg://")
    )
    settings = {"search_path": schema, "role": OWNER, "lock_timeout": LOCK_TIMEOUT}
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args={"server_settings": settings})
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


def _migrate(connection: Connection) -> None:
    attributes = context.config.attributes
    table = f"migrated_{attributes['chain']}"
    context.configure(
        connection=connection,
        version_table=table,
        version_table_schema=attributes["schema"],
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
