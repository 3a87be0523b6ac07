"""For tests in which a database was tampered with, or came to be otherwise: what no login of a service may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def tampering(connection: Any) -> AsyncIterator[None]:
    """Inside, a superuser's session does as it likes, and no trigger of R30 speaks up."""
    await connection.execute("set role none; set session_replication_role = replica")
    try:
        yield
    finally:
        await connection.execute("reset session_replication_role; reset role")
