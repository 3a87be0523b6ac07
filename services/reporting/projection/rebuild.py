"""Fold all facts again beside the live tables: to switch to the result, or to see whether the live rows drifted."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from services.reporting.projection import kept_facts
from services.reporting.projection.checkpoint import all_folded_anew, lock
from services.reporting.projection.errors import RebuildRuns
from services.reporting.projection.fact import Fact
from services.reporting.projection.kept_facts import Kept
from services.reporting.projection.projection import Changes, fold_into_rebuilt, meanwhile
from services.reporting.projection.tables import AREA_TABLES, REBUILT, TABLES, Table
from shared.eventstore.database import Connection

BATCH = 2_000
"""Facts that a rebuild reads at once."""
SWITCH_SECONDS = 600
"""How long a statement over a whole table may take: longer than other statements of the service may."""
SHOWN_DIFFERENCES = 100
"""How many rows per table `compare` names, at most."""

_TOLD_AS = {table.name: "cases" for table in AREA_TABLES}
"""An operator is told of a case, whichever of its areas differs."""

NotAsToday = Callable[[Sequence[Fact]], Awaitable[None]]
"""Receives the facts that are stored otherwise than today's classes say."""


async def rebuild(connection: Connection) -> int:
    """Folds all facts beside the live tables and switches in one transaction; returns the number of facts.

    Opens transactions of its own. Facts that come meanwhile wait only during the switch, and readers never wait. Facts
    whose type became known after they were received are folded now.
    """
    adopt = partial(kept_facts.adopt, connection)
    async with _alone(connection):
        await kept_facts.mark_what_follows(connection, seconds=SWITCH_SECONDS)
        async with _folded_beside(connection, adopt) as facts:
            for table in TABLES:
                await connection.execute(_DELETE_OTHERS.format(**_names(table)), timeout=SWITCH_SECONDS)
                await connection.execute(_INSERT_MISSING.format(**_names(table)), timeout=SWITCH_SECONDS)
            await all_folded_anew(connection)
    return facts


async def compare(connection: Connection) -> list[str]:
    """Returns, by table and key, the rows and stored facts that a new fold of all facts would make otherwise.

    Also names facts that are stored otherwise than today's classes say, such as those whose type was unknown when they
    came.

    Opens transactions of its own; facts that come meanwhile wait only while the tables are compared.
    """
    differences: list[str] = []

    async def note(facts: Sequence[Fact]) -> None:
        for fact in facts:  # one that concerns two cases is met twice
            if (named := f"facts: {fact.position}") not in differences and len(differences) < SHOWN_DIFFERENCES:
                differences.append(named)

    async with _alone(connection), _folded_beside(connection, note):
        for table in TABLES:
            rows = await connection.fetch(_DIFFERENT.format(**_names(table)), SHOWN_DIFFERENCES, timeout=SWITCH_SECONDS)
            named = (f"{_TOLD_AS.get(table.name, table.name)}: {row['key']}" for row in rows)
            differences += [row for row in named if row not in differences]
    return differences


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
async def _folded_beside(connection: Connection, not_as_today: NotAsToday) -> AsyncIterator[int]:
    """While the block runs, in a transaction, a fold of all facts stands beside the live tables, and no fact comes.

    Gives their number. Facts that are kept otherwise than today's classes say are told of as they are met.
    """
    for table in TABLES:
        await connection.execute(f"delete from {table.name}{REBUILT}")
    await kept_facts.mark_unmarked(connection, seconds=SWITCH_SECONDS)
    newest: int = await connection.fetchval("select position from checkpoint")
    await _fold_facts_of_no_case(connection, newest, not_as_today)
    await _fold_cases(connection, newest, not_as_today)
    async with connection.transaction():
        position, newest = newest, (await lock(connection)).position
        while position < newest:
            batch = await kept_facts.facts_after(connection, position, BATCH)
            await _tell(batch, not_as_today)
            await fold_into_rebuilt(connection, [kept.fact for kept in batch])
            position = batch[-1].fact.position
        yield newest


async def _fold_facts_of_no_case(connection: Connection, newest: int, not_as_today: NotAsToday) -> None:
    """What the register says. Facts whose type has become known are told of here, and are read with their cases."""
    position = 0
    while page := await kept_facts.facts_of_no_case(connection, position, newest, BATCH):
        async with connection.transaction():
            await _tell(page, not_as_today)
            await fold_into_rebuilt(connection, [kept.fact for kept in page if kept.fact.understood.case_id is None])
        position = page[-1].fact.position


async def _fold_cases(connection: Connection, newest: int, not_as_today: NotAsToday) -> None:
    """One case after the other, so that its rows are written once, and no more than three pages are in memory.

    While a page is folded, the rows of the page before it are written and the page after it is read.
    """
    page = await kept_facts.facts_by_case(connection, kept_facts.START, newest, BATCH)
    begun: list[Kept] = []
    folded = Changes()
    while page or begun:
        cases, begun = _whole_cases(begun, page)
        folding = Changes()
        write_and_read = _write_and_read(connection, folded, page, newest, not_as_today)
        page = await meanwhile(write_and_read, folding.fold(cases))
        folded = folding
    await folded.write(connection, REBUILT)


def _whole_cases(begun: Sequence[Kept], page: Sequence[Kept]) -> tuple[dict[UUID, list[Fact]], list[Kept]]:
    """Facts by case, and those of the last case, which may go on in the next page."""
    facts = [*begun, *page]
    last = page[-1].about if page else None
    cases: dict[UUID, list[Fact]] = {}
    for kept in facts:
        if kept.about != last:
            cases.setdefault(kept.about, []).append(kept.fact)
    return cases, [kept for kept in facts if kept.about == last]


async def _write_and_read(
    connection: Connection, folded: Changes, page: Sequence[Kept], newest: int, not_as_today: NotAsToday
) -> list[Kept]:
    """Write what is folded, and give the page that comes after this one."""
    async with connection.transaction():
        await _tell(page, not_as_today)
        await folded.write(connection, REBUILT)
    if not page:
        return []
    return await kept_facts.facts_by_case(connection, (page[-1].about, page[-1].fact.position), newest, BATCH)


async def _tell(page: Sequence[Kept], not_as_today: NotAsToday) -> None:
    facts = [kept.fact for kept in page if not kept.as_today]
    if facts:
        await not_as_today(facts)


def _names(table: Table[Any]) -> dict[str, str]:
    return {
        "live": table.name,
        "rebuilt": f"{table.name}{REBUILT}",
        "keys": ", ".join(table.key),
        "same_key": " and ".join(f"live.{name} = rebuilt.{name}" for name in table.key),
    }
