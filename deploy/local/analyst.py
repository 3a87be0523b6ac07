"""Logins for people who analyse with SQL. Each login can read the views of reporting and nothing else."""

import asyncio
import re
import secrets
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.processes import UserError
from migrations.logins import ANALYSTS, scram_verifier

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_CONNECTIONS = 5
_LONGEST_QUERY = "15min"


def make_login(administrator: str, name: str) -> str:
    """Creates an analyst's login, or gives it a new password; returns the URL to connect with. Raises UserError."""
    return asyncio.run(_make(administrator, _login(name)))


def remove_login(administrator: str, name: str) -> None:
    """Drops an analyst's login. Raises UserError if there is none."""
    asyncio.run(_remove(administrator, _login(name)))


def _login(name: str) -> str:
    """Returns the role's name; its prefix keeps it apart from the services' logins. Raises UserError for a bad name."""
    if not _NAME.fullmatch(name):
        raise UserError(
            "The name of an analyst begins with a letter from a to z; a-z, 0-9 and _ can follow (31 characters)."
        )
    return f"analyst_{name}"


async def _make(administrator: str, login: str) -> str:
    password = secrets.token_urlsafe(24)
    connection = await asyncpg.connect(administrator)
    try:
        async with connection.transaction():
            if not await _exists(connection, login):
                await connection.execute(f"create role {login} login connection limit {_CONNECTIONS}")
            await connection.execute(f"alter role {login} password '{scram_verifier(password)}'")
            await connection.execute(f"grant {ANALYSTS} to {login}")
            for setting, value in (
                ("search_path", "reporting"),
                ("default_transaction_read_only", "on"),
                ("statement_timeout", _LONGEST_QUERY),
                ("timezone", "UTC"),
            ):
                await connection.execute(f"alter role {login} set {setting} = '{value}'")
    finally:
        await connection.close()
    parts = urlsplit(administrator)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}:{password}@{address}"))


async def _remove(administrator: str, login: str) -> None:
    connection = await asyncpg.connect(administrator)
    try:
        if not await _exists(connection, login):
            raise UserError(f"There is no login {login}.")
        await connection.execute(f"drop role {login}")
    finally:
        await connection.close()


async def _exists(connection: "asyncpg.Connection[asyncpg.Record]", login: str) -> bool:
    return bool(await connection.fetchval("select true from pg_roles where rolname = $1", login))
