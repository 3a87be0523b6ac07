"""Take a batch of facts into the read model, in one transaction."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from services.reporting.projection import kept_facts
from services.reporting.projection.case_rows import load_cases, write_cases
from services.reporting.projection.checkpoint import lock
from services.reporting.projection.fact import Fact, numbered
from services.reporting.projection.fold_batch import Rows, by_case, fold_case, fold_units, units_told_of
from services.reporting.projection.rows_at_hand import RowsAtHand
from services.reporting.projection.tables import (
    CASE_HISTORY,
    LINKS,
    LIVE,
    MEASURES,
    PLACES,
    QUARANTINES,
    REBUILT,
    TASKS,
    UNITS,
    Table,
)
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.eventstore.database import Connection
from shared.messaging.received_fact import ReceivedFact

Result = TypeVar("Result")
_NO_TABLE_IS_READ_WHOLE = "set local enable_seqscan = off"
"""A plan that is made while a table is empty is kept for as long as the connection lives."""


async def apply(connection: Connection, received: Sequence[ReceivedFact], at_hand: RowsAtHand | None = None) -> None:
    """Stores facts and folds them into the rows that they are about, in the transaction of the caller.

    Cached rows are not read again. The caller has left out duplicates: a fact that was stored before raises
    asyncpg.UniqueViolationError.
    """
    if not received:
        return
    at_hand = at_hand or RowsAtHand()
    checkpoint = await lock(connection)
    await connection.execute(_NO_TABLE_IS_READ_WHOLE)
    facts = numbered(received, checkpoint.position + 1)
    cases = by_case(facts)
    rows, missing = at_hand.at(checkpoint, cases)
    await _load(connection, rows, missing, facts, LIVE)
    changes = Changes(rows)
    keep = kept_facts.keep(connection, received, facts)
    await meanwhile(keep, changes.fold(cases, units_told_of(facts)))
    await changes.write(connection, LIVE)
    at_hand.keep(await checkpoint.moved(connection, len(facts)), rows, cases)


async def fold_into_rebuilt(connection: Connection, facts: Sequence[Fact]) -> None:
    """Folds facts into the tables of a rebuild."""
    await connection.execute(_NO_TABLE_IS_READ_WHOLE)
    rows, cases = Rows(), by_case(facts)
    await _load(connection, rows, list(cases), facts, REBUILT)
    changes = Changes(rows)
    await changes.fold(cases, units_told_of(facts))
    await changes.write(connection, REBUILT)
    await connection.execute("set local enable_seqscan = on")


async def meanwhile(first: Awaitable[Result], second: Awaitable[object]) -> Result:
    """Waits for PostgreSQL and folds at the same time; returns the result of the first.

    Raises an error of either only once both have ended, because the connection is free again then.
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
        self._cases_before = dict(self.rows.cases)
        self._before = _by_table(self.rows)

    async def fold(
        self, cases: Mapping[UUID, Sequence[Fact]], told: Sequence[UnitRegistered | UnitCeased] = ()
    ) -> None:
        """Folds the facts of each case, and what the business register reports, into the rows.

        Other tasks can run between two cases.
        """
        fold_units(self.rows, told)
        for case_id, facts in cases.items():
            fold_case(self.rows, case_id, facts)
            await asyncio.sleep(0)

    async def write(self, connection: Connection, suffix: str) -> None:
        """Writes the rows that changed, together with the rows that are loaded with them.

        Rows are never changed in place: a row that changed is another object than before.
        """
        await write_cases(connection, self._cases_before, self.rows.cases, suffix)
        for table, after in _by_table(self.rows).items():
            before = self._before[table]
            if not before:
                await table.insert(connection, after, suffix)
                continue
            kept = {id(row) for row in before} & {id(row) for row in after}
            changed = {table.value(row) for row in (*before, *after) if id(row) not in kept}
            if changed:
                await table.delete(connection, changed.intersection(map(table.value, before)), suffix)
                await table.insert(connection, [row for row in after if table.value(row) in changed], suffix)


def _by_table(rows: Rows) -> Mapping[Table[Any], Sequence[Any]]:
    """What hangs on cases, and the units."""
    return {
        CASE_HISTORY: list(rows.history),
        TASKS: rows.all_tasks(),
        MEASURES: rows.all_measures(),
        PLACES: rows.all_places(),
        UNITS: list(rows.units.values()),
        QUARANTINES: rows.all_quarantines(),
        LINKS: rows.all_links(),
    }


async def _load(
    connection: Connection, rows: Rows, case_ids: Sequence[UUID], facts: Sequence[Fact], suffix: str
) -> None:
    """Add the rows of cases, and those of the units that facts tell of."""
    for case in await load_cases(connection, case_ids, suffix):
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
    for link in await LINKS.load(connection, case_ids, suffix):
        key = (link.audience, link.other_case_id, link.kind)
        rows.links[link.case_id] = {**rows.links.get(link.case_id, {}), key: link}
