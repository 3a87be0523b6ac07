"""Creates a database for one benchmark on the servers of `./aftale up`, and drops it afterwards."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from deploy.local.logins import login_urls
from migrations.logins import set_passwords
from migrations.schemas import upgrade


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """Creates a database with all schemas; yields its libpq URL. Reads AFTALE_POSTGRES.

    A database that a killed run left under the same name is dropped first.
    """
    admin = os.environ["AFTALE_POSTGRES"]
    database = f"aftale_bench_{name}"
    asyncio.run(_administer(admin, f"drop database if exists {database} with (force)"))
    asyncio.run(_administer(admin, f"create database {database}"))
    url = f"{admin.rpartition('/')[0]}/{database}"
    upgrade(url)
    asyncio.run(set_passwords(url, list(login_urls(url).values())))
    try:
        yield url
    finally:
        asyncio.run(_administer(admin, f"drop database {database} with (force)"))


async def _administer(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()
