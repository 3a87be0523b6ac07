"""Whole rows of cases, and the tables of their areas: read together, written where an area changed."""

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.reporting.cases.case import Case, Columns, blank_columns, of_columns
from services.reporting.cases.case_types import Audience
from services.reporting.projection.tables import AREA_TABLES, Table
from shared.eventstore.database import Connection

Cases = Mapping[tuple[Audience, UUID], Case]
"""Rows by their keys."""
_CORE, *_OTHERS = AREA_TABLES
_KEY = len(_CORE.key)
"""How many columns of the table of an area, the first ones, are its key."""
_DELETE = """
delete from {table} live using unnest($1::uuid[], $2::text[]) as gone(case_id, audience)
where live.case_id = gone.case_id and live.audience = gone.audience
"""


async def load_cases(connection: Connection, case_ids: Collection[UUID], suffix: str) -> list[Case]:
    """Returns the existing rows of cases, for both audiences.

    Runs a query for each table, so that none is ever read whole, whatever PostgreSQL knows of their sizes.
    """
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for core in await _CORE.load_columns(connection, case_ids, suffix):
        found[core["audience"], core["case_id"]] = blank_columns() | core
    known = {case_id for _, case_id in found}
    for table in _OTHERS:
        for columns in await table.load_columns(connection, known, suffix):
            found[columns["audience"], columns["case_id"]] |= columns
    return [of_columns(columns) for columns in found.values()]


async def write_cases(connection: Connection, before: Cases, after: Cases, suffix: str) -> None:
    """Writes the areas of each case whose columns have changed.

    Every case has a row in the core table; in another area it has one only once something has happened there.
    """
    changed = [
        (None if old is None else vars(old), vars(case))
        for key, case in after.items()
        if (old := before.get(key)) is not case
    ]
    for table in AREA_TABLES:
        told, blank = _TOLD[table.name], _BLANK.get(table.name)
        gone: list[Columns] = []
        records: list[list[Any]] = []
        for former, columns in changed:
            now = told(columns)
            was = blank if former is None else told(former)
            if now != was:
                if former is not None and was != blank:
                    gone.append(former)
                if now != blank:
                    records.append([columns["case_id"], columns["audience"], *now])
        await _delete(connection, table, gone, suffix)
        await table.copy(connection, records, suffix)


async def _delete(connection: Connection, table: Table[Case], gone: Collection[Columns], suffix: str) -> None:
    if gone:
        statement = _DELETE.format(table=f"{table.name}{suffix}")
        await connection.execute(statement, [old["case_id"] for old in gone], [old["audience"] for old in gone])


_TOLD = {table.name: itemgetter(*table.columns[_KEY:]) for table in AREA_TABLES}
"""What an area tells of a case, by table."""
_BLANK = {table.name: tuple(blank_columns()[name] for name in table.columns[_KEY:]) for table in _OTHERS}
"""What it tells where nothing has happened there."""
