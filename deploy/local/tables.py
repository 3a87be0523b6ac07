"""Reads a table that people exported: whatever its encoding and separator, row by row, with the line each began on."""

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from charset_normalizer import from_bytes

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 before UTF-16, whose mark it begins with."""
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TOLD_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*\s*?(?:\r\n|\r|\n)', re.IGNORECASE)
"""A line that spreadsheets write before the names of columns, for one another."""
_LONGEST_ROW = 20
"""Lines over which one row may go; beyond that a quote was opened and not closed."""


class NotATable(ValueError):
    """A file that cannot be read as a table with the columns that are asked for; says why and what to do."""


@dataclass(frozen=True)
class Fault:
    """Why a row is left out: where, and what to do."""

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}"


@dataclass(frozen=True)
class Row:
    """One row of a table, by the names of its first line."""

    line: int
    """Where it begins; the first line of the file is 1."""
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """What a file holds, what was noticed about it, and the rows that have no form."""

    rows: list[Row] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_table(content: bytes, columns: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Raises NotATable where there is nothing to go on with; every other fault costs its own rows only.

    Cells of an optional column that the first line does not name are empty.
    """
    table = Table()
    text = _text(content, table.said)
    if not text.strip():
        raise NotATable("it is empty")
    told = _TOLD_SEPARATOR.match(text)
    separator = told[1] if told else _separator(text.splitlines()[0], columns)
    if separator != ",":
        table.said.append(f"its columns are separated by {_SEPARATORS[separator]}s")
    records = _Records(text, separator, table.faults, first=1 if told else 0)
    names = [name.strip() for name in next(records)[1]]
    if missing := sorted(set(columns) - set(names)):
        raise NotATable(f"its first line lacks the columns {', '.join(missing)}")
    known = [*columns, *(name for name in optional if name in names)]
    if twice := sorted({name for name in known if names.count(name) > 1}):
        raise NotATable(f"its first line names {', '.join(twice)} twice")
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(names):
            last = names[len(cells)] or "after the last"
            table.faults.append(Fault(line, last, f"is missing: the row has {len(cells)} of {len(names)} columns"))
            continue
        if surplus := [cell for cell in cells[len(names) :] if cell.strip()]:
            what = f"a {_SEPARATORS[separator]} in a cell needs quotes around the cell"
            table.faults.append(Fault(line, "after the last", f"{surplus[0][:40]!r} stands there: {what}"))
            continue
        table.rows.append(
            Row(line, {**dict.fromkeys(optional, ""), **{name: cells[names.index(name)] for name in known}})
        )
    if not table.rows and not table.faults:
        raise NotATable("it has a first line with the names of columns, and no row")
    return table


def _text(content: bytes, said: list[str]) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            said.append(f"it is {encoding.upper()} with a byte order mark")
            return _decoded(content[len(mark) :], encoding)
    if b"\x00" in content[:2]:  # of a first character that is ASCII
        encoding = "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"
        said.append(f"it is {encoding.upper()} without a byte order mark")
        return _decoded(content, encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        found = from_bytes(content, cp_isolation=["cp1252", "cp850", "mac_roman"]).best()
        encoding = found.encoding if found is not None else "cp1252"
        said.append(f"it is not UTF-8, and was read as {'Windows-1252' if encoding == 'cp1252' else encoding}")
        return content.decode(encoding, errors="replace")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotATable(f"it begins as {encoding.upper()} and is none at byte {error.start}: save it anew") from error


def _separator(first: str, columns: Sequence[str]) -> str:
    """The one under which the first line has most of the columns that are asked for."""
    return max(_SEPARATORS, key=lambda one: len(set(columns) & {name.strip().strip('"') for name in first.split(one)}))


class _Records:
    """The cells of each row, with the line on which it begins. A quote that is not closed costs the line of its own."""

    def __init__(self, text: str, separator: str, faults: list[Fault], *, first: int) -> None:
        self._lines = re.split(r"\r\n|\r|\n", text)
        self._separator = separator
        self._faults = faults
        self._first = self._at = first

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while self._at < len(self._lines):
            begins = self._at
            row, self._at = self._row(begins)
            if row is not None:
                return begins + 1, row
            if begins == self._first:
                raise NotATable('a quote in its first line is not closed: write the closing "')
            self._faults.append(Fault(begins + 1, "of the quote", 'a quote is not closed: write the closing "'))
        raise StopIteration

    def _row(self, begins: int) -> tuple[list[str] | None, int]:
        """The row that begins on a line, and the line after it. Quotes within a cell may swallow the next row: none."""
        for after in range(begins + 1, min(begins + _LONGEST_ROW, len(self._lines)) + 1):
            record = "\n".join(self._lines[begins:after])
            if record.count('"') % 2 == 0:
                rows = self._cells(record)
                return (rows[0] if rows else [], after) if len(rows) < 2 else (None, begins + 1)
        return None, begins + 1

    def _cells(self, record: str) -> list[list[str]]:
        before = csv.field_size_limit(max(len(record) + 1, 131_072))
        try:
            return list(csv.reader(io.StringIO(record, newline=""), delimiter=self._separator))
        finally:
            csv.field_size_limit(before)
