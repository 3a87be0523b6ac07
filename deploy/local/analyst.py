"""Logins of people who analyse with SQL: each their own, which reads the views of reporting and nothing else."""

import asyncio
import re
import secrets
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.processes import Fault
from migrations.logins import ANALYSTS, scram_verifier

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_CONNECTIONS = 5
_LONGEST_QUERY = "15min"


def make_login(administrator: str, name: str) -> str:
    """Make the login of an analyst, or give it a new password; returns the URL with which to connect. Raises Fault."""
    return asyncio.run(_make(administrator, _login(name)))


def remove_login(administrator: str, name: str) -> None:
    """Raises Fault where there is none."""
    asyncio.run(_remove(administrator, _login(name)))


def _login(name: str) -> str:
    """With a beginning of its own, so that no service's login can be meant."""
    if not _NAME.fullmatch(name):
        raise Fault("The name of an analyst begins with a letter; a-z, 0-9 and _ may follow, 31 characters in all.")
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
            raise Fault(f"There is no login {login}.")
        await connection.execute(f"drop role {login}")
    finally:
        await connection.close()


async def _exists(connection: "asyncpg.Connection[asyncpg.Record]", login: str) -> bool:
    return bool(await connection.fetchval("select true from pg_roles where rolname = $1", login))
