"""Fold all facts again beside the live tables: to switch to the result, or to see whether the live rows drifted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.reporting import kept_facts
from services.reporting.projection import fold_into_rebuilt, lock
from services.reporting.tables import REBUILT, TABLES, Table
from shared.kernel.database import Connection

BATCH = 2_000
"""Facts in one transaction of a rebuild."""
SWITCH_SECONDS = 600
"""How long the switch or comparison of one table may take: longer than other statements of the service may."""
SHOWN_DIFFERENCES = 100
"""How many rows per table `compare` names, at most."""


class RebuildRuns(RuntimeError):
    """Somebody else is folding all facts at this moment."""


async def rebuild(connection: Connection) -> int:
    """Fold all facts beside the live tables and switch in one transaction; returns the number of facts.

    Opens transactions of its own. Facts may come meanwhile; they wait only while it switches, and readers never do.
    Facts whose type became known since they were taken are folded now.
    """
    async with _alone(connection), _folded_beside(connection, adopt=True) as facts:
        for table in TABLES:
            await connection.execute(_DELETE_OTHERS.format(**_names(table)), timeout=SWITCH_SECONDS)
            await connection.execute(_INSERT_MISSING.format(**_names(table)), timeout=SWITCH_SECONDS)
    return facts


async def compare(connection: Connection) -> list[str]:
    """The rows that differ from a fold of all facts, named by table and key; none where nothing drifted.

    Opens transactions of its own; facts that come meanwhile wait only while the tables are compared.
    """
    async with _alone(connection), _folded_beside(connection, adopt=False):
        return [
            f"{table.name}: {row['key']}"
            for table in TABLES
            for row in await connection.fetch(
                _DIFFERENT.format(**_names(table)), SHOWN_DIFFERENCES, timeout=SWITCH_SECONDS
            )
        ]


# Whole rows are compared, so that a column that is added later is compared too.
_DELETE_OTHERS = """
delete from {live} live where not exists (
  select from {rebuilt} rebuilt where {same_key} and row(live.*) is not distinct from row(rebuilt.*))
"""
_INSERT_MISSING = "insert into {live} select * from {rebuilt} on conflict do nothing"
_DIFFERENT = """
select concat_ws(' ', {keys}) as key
from {live} live full join {rebuilt} rebuilt using ({keys})
where row(live.*) is distinct from row(rebuilt.*)
order by key limit $1
"""


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    """One at a time: all share the tables beside the live ones."""
    if not await connection.fetchval("select pg_try_advisory_lock(hashtext(current_schema() || '.rebuild'))"):
        raise RebuildRuns("a rebuild or a comparison is already running")
    try:
        yield
    finally:
        await connection.execute("select pg_advisory_unlock(hashtext(current_schema() || '.rebuild'))")


@asynccontextmanager
async def _folded_beside(connection: Connection, *, adopt: bool) -> AsyncIterator[int]:
    """While the block runs, in a transaction, a fold of all facts stands beside the live tables, and no fact comes."""
    for table in TABLES:
        await connection.execute(f"delete from {table.name}{REBUILT}")
    position, folded = 0, 1
    while folded:
        async with connection.transaction():
            position, folded = await _fold_next(connection, position, adopt=adopt)
    async with connection.transaction():
        newest = await lock(connection)
        while position < newest:
            position, _ = await _fold_next(connection, position, adopt=adopt)
        yield newest


async def _fold_next(connection: Connection, position: int, *, adopt: bool) -> tuple[int, int]:
    """The position after the next batch, and how many facts it held."""
    batch = await kept_facts.facts_after(connection, position, BATCH)
    if not batch:
        return position, 0
    if adopt:
        await kept_facts.adopt(connection, batch)
    await fold_into_rebuilt(connection, batch)
    return batch[-1].position, len(batch)


def _names(table: Table[Any]) -> dict[str, str]:
    return {
        "live": table.name,
        "rebuilt": f"{table.name}{REBUILT}",
        "keys": ", ".join(table.key),
        "same_key": " and ".join(f"live.{name} = rebuilt.{name}" for name in table.key),
    }
