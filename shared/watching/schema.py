"""Checks whether a service's database has the schema that its release was written for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from shared.eventstore.database import Connection, connect
from shared.watching.errors import WrongSchema


@dataclass(frozen=True)
class Chain:
    """A chain of migrations as a release ships it."""

    revisions: Sequence[str]
    """All revisions, oldest first."""
    needed: str
    """First revision that the release works with; later ones wait until no process of the previous release runs."""


Shipped = Mapping[str, Chain]
"""The chains of migrations that a release ships for a service, by name."""
Found = Mapping[str, str | None]
"""The revision of each chain in the database; None if the chain was never run."""


async def require_schema(dsn: str, service: str, shipped: Shipped) -> None:
    """Checks the schema before a service starts. Raises WrongSchema, or one of DATABASE_AWAY."""
    try:
        connection = await connect(dsn, service)
    except asyncpg.InvalidParameterValueError:  # there is not even the role
        raise WrongSchema(_none(service)) from None
    try:
        fault = mismatch(service, shipped, await found_revisions(connection, shipped))
    finally:
        await connection.close(timeout=1)
    if fault is not None:
        raise WrongSchema(fault)


async def found_revisions(
    connection: "Connection | asyncpg.Connection[asyncpg.Record]", shipped: Shipped
) -> dict[str, str | None]:
    """Returns the revision of each chain in the schema of the connection."""
    found: dict[str, str | None] = {}
    for chain in shipped:
        table = await connection.fetchval("select to_regclass($1)::text", f"migrated_{chain}")
        found[chain] = await connection.fetchval(f"select version_num from {table}") if table else None
    return found


def mismatch(service: str, shipped: Shipped, found: Found) -> str | None:
    """Returns in one sentence what is wrong with the schema; None if every chain fits this release."""
    if fault := newer(service, shipped, found):
        return fault
    for chain, ships in shipped.items():
        stands, needed = found[chain], ships.needed
        if stands is None:
            return _none(service)
        if ships.revisions.index(stands) < ships.revisions.index(needed):
            return (
                f"The schema of {service} is older than this release: its migrations {chain} stand at {stands}, "
                f"and this release needs {needed}; bring it up to date with ./aftale migrate."
            )
    return None


def newer(service: str, shipped: Shipped, found: Found) -> str | None:
    """Returns what is wrong if a later release has migrated the schema, else None. This release cannot fix that."""
    for chain, ships in shipped.items():
        stands, newest = found[chain], ships.revisions[-1]
        if stands is not None and stands not in ships.revisions:
            return (
                f"The schema of {service} is newer than this release: its migrations {chain} stand at {stands}, "
                f"and this release knows them up to {newest}; start the release that migrated it, or a later one."
            )
    return None


def _none(service: str) -> str:
    return f"The database has no schema of {service} yet: make it with ./aftale migrate."
