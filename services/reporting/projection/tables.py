"""Rows of the read model in PostgreSQL: one query to load a batch's rows, a deletion and a COPY to write them anew."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg
import orjson

from services.reporting.cases.case import AREAS, Case
from services.reporting.cases.case_projection import Reached
from services.reporting.cases.links import Link
from services.reporting.cases.measures import MeasureRow
from services.reporting.cases.places import PlaceRow
from services.reporting.cases.quarantines import Quarantine
from services.reporting.cases.tasks import Task
from services.reporting.cases.units import Unit
from shared.eventstore.database import Connection

Row = TypeVar("Row")

LIVE = ""
REBUILT = "_rebuilt"
"""Suffix of the tables that a rebuild is folded into."""

_COLUMN_TYPES = {
    str: "text",
    int: "int",
    bool: "bool",
    UUID: "uuid",
    datetime: "timestamptz",
    date: "date",
    dict: "jsonb",
    tuple: "text[]",
}


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A table whose columns are the fields of a class."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    loaded_by: str
    """The column whose values say which rows a batch needs."""
    wide: frozenset[str] = frozenset()
    """Columns of 64 bits."""
    columns: tuple[str, ...] = ()
    """The fields that are columns of this table, if other tables hold the others; empty for all."""

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        hints = get_type_hints(self.row)
        return {name: hints[name] for name in self.columns or hints}

    @cached_property
    def column_types(self) -> Mapping[str, str]:
        """Returns PostgreSQL's type of each column, in the order of the fields."""
        return {
            name: "bigint" if name in self.wide else _COLUMN_TYPES[_plain(hint)] for name, hint in self._hints.items()
        }

    async def load(self, connection: Connection, values: Iterable[object], suffix: str) -> list[Row]:
        """Returns all rows that have one of these values in the column `loaded_by`."""
        return [self.row(**columns) for columns in await self.load_columns(connection, values, suffix)]

    async def load_columns(self, connection: Connection, values: Iterable[object], suffix: str) -> list[dict[str, Any]]:
        """Returns the rows that `load` returns, each as its columns by name."""
        wanted = list(values)
        if not wanted:
            return []
        column_type = self.column_types[self.loaded_by]
        names = ", ".join(self.column_types)
        records = await connection.fetch(
            f"select {names} from {self.name}{suffix} where {self.loaded_by} = any($1::{column_type}[])",
            wanted,
        )
        return [self._restored(record) for record in records]

    async def delete(self, connection: Connection, values: Iterable[object], suffix: str) -> None:
        """Deletes all rows that `load` returns for these values."""
        gone = list(values)
        if gone:
            column_type = self.column_types[self.loaded_by]
            await connection.execute(
                f"delete from {self.name}{suffix} where {self.loaded_by} = any($1::{column_type}[])", gone
            )

    async def insert(self, connection: Connection, rows: Sequence[Row], suffix: str) -> None:
        """Adds rows. Raises asyncpg.UniqueViolationError if a key exists already."""
        await self.copy(connection, [[*self._values(row)] for row in rows], suffix)

    async def copy(self, connection: Connection, records: Sequence[list[Any]], suffix: str) -> None:
        """Adds rows, given as lists of column values; converts JSON columns in these lists to text for PostgreSQL."""
        if not records:
            return
        for place in self._json_places:
            value, text = None, None
            for values in records:
                if values[place] is not value:  # neighbours, the rows of one case for both audiences, mostly share it
                    value = values[place]
                    text = None if value is None else orjson.dumps(value).decode()
                values[place] = text
        await connection.copy_records_to_table(f"{self.name}{suffix}", records=records, columns=list(self.column_types))

    @cached_property
    def value(self) -> Callable[[Row], Any]:
        """Returns a function that gives the value by which a row is loaded; several rows may share it."""
        return attrgetter(self.loaded_by)

    @cached_property
    def _values(self) -> Callable[[Row], tuple[Any, ...]]:
        return attrgetter(*self.column_types)

    @cached_property
    def _json_places(self) -> Sequence[int]:
        return [place for place, kind in enumerate(self.column_types.values()) if kind == "jsonb"]

    def _restored(self, record: asyncpg.Record) -> dict[str, Any]:
        columns = dict(record)
        for name, read in self._readers.items():
            columns[name] = read(columns[name])
        return columns

    @cached_property
    def _readers(self) -> Mapping[str, Callable[[Any], Any]]:
        """How to read the columns that asyncpg does not give as the dataclass has them."""
        readers = {name: _reader(hint) for name, hint in self._hints.items()}
        return {name: reader for name, reader in readers.items() if reader is not None}


def _of_area(area: type[Any]) -> Table[Case]:
    key = ("case_id", "audience")
    columns = tuple(dict.fromkeys((*key, *(field.name for field in fields(area)))))
    return Table(f"case_{_snake(area.__name__)}", Case, key, "case_id", columns=columns)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


AREA_TABLES: tuple[Table[Case], ...] = tuple(map(_of_area, AREAS))
"""Tables of what is known of cases, the core first; a case has a row in another only once something happened there."""
CASE_HISTORY = Table(
    "case_history", Reached, ("audience", "case_id", "position"), "case_id", wide=frozenset({"position"})
)
TASKS = Table("tasks", Task, ("case_id", "kind", "number"), "case_id")
MEASURES = Table("measures", MeasureRow, ("case_id", "measure_id"), "case_id")
PLACES = Table("places", PlaceRow, ("case_id", "place_id"), "case_id")
UNITS = Table("units", Unit, ("p_number", "effective_from"), "p_number")
QUARANTINES = Table("quarantines", Quarantine, ("agreement_id", "p_number"), "agreement_id")
LINKS = Table("links", Link, ("audience", "case_id", "other_case_id", "kind"), "case_id")
TABLES: tuple[Table[Any], ...] = (
    *AREA_TABLES,
    *(CASE_HISTORY, TASKS, MEASURES, PLACES, UNITS, QUARANTINES, LINKS),
)


def _plain(hint: Any) -> Any:
    """The Python type behind an annotation: without None, enums and literals as text, mappings as dict, tuple alone."""
    if isinstance(hint, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return str
    if get_origin(hint) is tuple:
        return tuple
    return dict if get_origin(hint) is not None else hint


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if _plain(hint) is dict:
        return lambda value: None if value is None else orjson.loads(value)
    if _plain(hint) is tuple:
        return tuple
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and issubclass(part, Enum):
            return {None: None, **{member.value: member for member in part}}.__getitem__
    return None
