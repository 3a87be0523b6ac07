"""Take a batch of facts into the read model, in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.reporting import kept_facts
from services.reporting.fact import Fact, numbered
from services.reporting.fold_batch import Rows, cases_concerned, fold_batch, quarantines_concerned, units_concerned
from services.reporting.tables import (
    CASE_HISTORY,
    CASES,
    LIVE,
    MEASURES,
    PLACES,
    QUARANTINES,
    TABLES,
    TASKS,
    UNITS,
    Table,
)
from shared.kernel.database import Connection
from shared.kernel.received import Received


async def apply(connection: Connection, facts: Sequence[Received]) -> None:
    """Keep facts and fold them into the rows that they are about, in the transaction of the caller.

    The caller has left out repeats: a fact that was kept before raises asyncpg.UniqueViolationError.
    """
    if not facts:
        return
    position = await lock(connection)
    await kept_facts.keep(connection, facts, position + 1)
    await fold_into(connection, numbered(facts, position + 1), LIVE)
    await connection.execute("update checkpoint set position = $1", position + len(facts))


async def lock(connection: Connection) -> int:
    """The position so far. Held to the commit: positions are dense and in commit order, and rows have one writer."""
    # A rebuild may hold it for longer than the role's lock_timeout; the command's own timeout still stands.
    await connection.execute("set local lock_timeout = 0")
    position: int = await connection.fetchval("select position from checkpoint for update")
    return position


async def fold_into(connection: Connection, facts: Sequence[Fact], suffix: str) -> None:
    """Fold facts into the live tables or into those of a rebuild."""
    rows = await _load(connection, facts, suffix)
    before = _by_table(rows)
    fold_batch(rows, facts)
    after = _by_table(rows)
    for table in TABLES:
        gone, added = _changed(before[table], after[table])
        await table.delete(connection, gone, suffix)
        await table.insert(connection, added, suffix)


def _by_table(rows: Rows) -> Mapping[Table[Any], Sequence[Any]]:
    return {
        CASES: list(rows.cases.values()),
        CASE_HISTORY: list(rows.history),
        TASKS: rows.all_tasks(),
        MEASURES: rows.all_measures(),
        PLACES: rows.all_places(),
        UNITS: list(rows.units.values()),
        QUARANTINES: list(rows.quarantines.values()),
    }


def _changed(before: Sequence[Any], after: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """What to take out and what to write. Rows are never changed in place: one that changed is another object."""
    kept = {id(row) for row in before} & {id(row) for row in after}
    return [row for row in before if id(row) not in kept], [row for row in after if id(row) not in kept]


async def _load(connection: Connection, facts: Sequence[Fact], suffix: str) -> Rows:
    case_ids = cases_concerned(facts)
    rows = Rows()
    for case in await CASES.load(connection, case_ids, suffix):
        rows.cases[case.audience, case.case_id] = case
    for task in await TASKS.load(connection, case_ids, suffix):
        rows.tasks.setdefault(task.case_id, []).append(task)
    for measure in await MEASURES.load(connection, case_ids, suffix):
        rows.measures[measure.case_id] = {**rows.measures.get(measure.case_id, {}), measure.measure_id: measure}
    for place in await PLACES.load(connection, case_ids, suffix):
        rows.places[place.case_id] = {**rows.places.get(place.case_id, {}), place.place_id: place}
    for unit in await UNITS.load(connection, units_concerned(facts), suffix):
        rows.units[unit.p_number, unit.effective_from] = unit
    for quarantine in await QUARANTINES.load(connection, quarantines_concerned(facts), suffix):
        rows.quarantines[quarantine.agreement_id, quarantine.p_number] = quarantine
    return rows
