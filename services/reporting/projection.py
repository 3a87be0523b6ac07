"""Take a batch of facts into the read model, in one transaction."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from services.reporting import kept_facts
from services.reporting.fact import Fact, numbered
from services.reporting.fold_batch import Rows, by_case, fold_case, fold_units, units_told_of
from services.reporting.tables import (
    CASE_HISTORY,
    CASES,
    LIVE,
    MEASURES,
    PLACES,
    QUARANTINES,
    REBUILT,
    TASKS,
    UNITS,
    Table,
)
from shared.kernel.database import Connection
from shared.kernel.received import Received

Result = TypeVar("Result")


async def apply(connection: Connection, received: Sequence[Received]) -> None:
    """Keep facts and fold them into the rows that they are about, in the transaction of the caller.

    The caller has left out repeats: a fact that was kept before raises asyncpg.UniqueViolationError.
    """
    if not received:
        return
    position = await lock(connection)
    facts = numbered(received, position + 1)
    changes = await _load(connection, facts, LIVE)
    await meanwhile(kept_facts.keep(connection, received, position + 1), changes.fold(facts))
    await changes.write(connection, LIVE)
    await connection.execute("update checkpoint set position = $1", position + len(facts))


async def lock(connection: Connection) -> int:
    """The position so far. Held to the commit: positions are dense and in commit order, and rows have one writer."""
    # A rebuild may hold it for longer than the role's lock_timeout; the command's own timeout still stands.
    await connection.execute("set local lock_timeout = 0")
    position: int = await connection.fetchval("select position from checkpoint for update")
    return position


async def fold_into_rebuilt(connection: Connection, facts: Sequence[Fact]) -> None:
    """Fold facts into the tables of a rebuild."""
    changes = await _load(connection, facts, REBUILT)
    await changes.fold(facts)
    await changes.write(connection, REBUILT)


async def meanwhile(first: Awaitable[Result], second: Awaitable[object]) -> Result:
    """Wait for PostgreSQL and fold at the same time; what fails is raised once both have ended.

    Then the connection is free again, whatever came of it.
    """
    result, other = await asyncio.gather(first, second, return_exceptions=True)
    for outcome in (result, other):
        if isinstance(outcome, BaseException):
            raise outcome
    return cast(Result, result)


class Changes:
    """Rows as they were loaded, and as facts change them."""

    def __init__(self, rows: Rows | None = None) -> None:
        self.rows = rows or Rows()
        self._before = _by_table(self.rows)

    async def fold(self, facts: Sequence[Fact]) -> None:
        """Fold facts into the rows; other tasks run between two cases."""
        fold_units(self.rows, units_told_of(facts))
        await self.fold_cases(by_case(facts))

    async def fold_cases(self, cases: Mapping[UUID, Sequence[Fact]]) -> None:
        """Fold the facts of each case into its rows."""
        for case_id, facts in cases.items():
            fold_case(self.rows, case_id, facts)
            await asyncio.sleep(0)

    async def write(self, connection: Connection, suffix: str) -> None:
        """Write what changed. Rows are never changed in place: one that changed is another object than before."""
        for table, after in _by_table(self.rows).items():
            before = self._before[table]
            kept = {id(row) for row in before} & {id(row) for row in after}
            await table.delete(connection, [row for row in before if id(row) not in kept], suffix)
            await table.insert(connection, [row for row in after if id(row) not in kept], suffix)


def _by_table(rows: Rows) -> Mapping[Table[Any], Sequence[Any]]:
    return {
        CASES: list(rows.cases.values()),
        CASE_HISTORY: list(rows.history),
        TASKS: rows.all_tasks(),
        MEASURES: rows.all_measures(),
        PLACES: rows.all_places(),
        UNITS: list(rows.units.values()),
        QUARANTINES: rows.all_quarantines(),
    }


async def _load(connection: Connection, facts: Sequence[Fact], suffix: str) -> Changes:
    case_ids = list(by_case(facts))
    rows = Rows()
    for case in await CASES.load(connection, case_ids, suffix):
        rows.cases[case.audience, case.case_id] = case
    for task in await TASKS.load(connection, case_ids, suffix):
        rows.tasks.setdefault(task.case_id, []).append(task)
    for measure in await MEASURES.load(connection, case_ids, suffix):
        rows.measures[measure.case_id] = {**rows.measures.get(measure.case_id, {}), measure.measure_id: measure}
    for place in await PLACES.load(connection, case_ids, suffix):
        rows.places[place.case_id] = {**rows.places.get(place.case_id, {}), place.place_id: place}
    for unit in await UNITS.load(connection, {unit.p_number for unit in units_told_of(facts)}, suffix):
        rows.units[unit.p_number, unit.effective_from] = unit
    for quarantine in await QUARANTINES.load(connection, case_ids, suffix):
        of_agreement = rows.quarantines.get(quarantine.agreement_id, {})
        rows.quarantines[quarantine.agreement_id] = {**of_agreement, quarantine.p_number: quarantine}
    return Changes(rows)
