"""Reads a table that people exported, in any encoding and with any usual separator, row by row with line numbers."""

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
"""Encodings by their mark. The marks of UTF-32 come first, because they begin with those of UTF-16."""
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*\s*?(?:\r\n|\r|\n)', re.IGNORECASE)
"""The line `sep=;` that spreadsheets write before the names of columns."""
_LONGEST_ROW = 20
"""The most lines of one row; a longer row means that a quote was opened and not closed."""


class NotATable(ValueError):
    """A file that cannot be read as a table with the required columns; its text says why and what to do."""


@dataclass(frozen=True)
class CellError:
    """Why a row is left out: the line, the column, and what to do."""

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}"


@dataclass(frozen=True)
class Row:
    """One row of a table, with its cells by the names in the first line."""

    line: int
    """The line on which it begins; the first line of the file is 1."""
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The rows of a file, remarks about it, and errors of rows that are left out."""

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)


def read_table(content: bytes, columns: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Reads a table. Raises NotATable if no row can be read; any other error leaves out only its own row.

    If the first line does not name an optional column, the cells of that column are empty.
    """
    table = Table()
    text = _text(content, table.remarks)
    if not text.strip():
        raise NotATable("it is empty")
    sep_line = _SEP_LINE.match(text)
    separator = sep_line[1] if sep_line else _separator(text.splitlines()[0], columns)
    if separator != ",":
        table.remarks.append(f"its columns are separated by {_SEPARATORS[separator]}s")
    records = _Records(text, separator, table.errors, first=1 if sep_line else 0)
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
            table.errors.append(CellError(line, last, f"is missing: the row has {len(cells)} of {len(names)} columns"))
            continue
        if surplus := [cell for cell in cells[len(names) :] if cell.strip()]:
            what = f"a {_SEPARATORS[separator]} in a cell needs quotes around the cell"
            table.errors.append(CellError(line, "after the last", f"{surplus[0][:40]!r} is one cell too many: {what}"))
            continue
        table.rows.append(
            Row(line, {**dict.fromkeys(optional, ""), **{name: cells[names.index(name)] for name in known}})
        )
    if not table.rows and not table.errors:
        raise NotATable("it has a first line with the names of columns, and no row")
    return table


def _text(content: bytes, remarks: list[str]) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            remarks.append(f"it is {encoding.upper()} with a byte order mark")
            return _decoded(content[len(mark) :], encoding)
    if b"\x00" in content[:2]:  # UTF-16, if the first character is ASCII
        encoding = "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"
        remarks.append(f"it is {encoding.upper()} without a byte order mark")
        return _decoded(content, encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        found = from_bytes(content, cp_isolation=["cp1252", "cp850", "mac_roman"]).best()
        encoding = found.encoding if found is not None else "cp1252"
        remarks.append(f"it is not UTF-8, and was read as {'Windows-1252' if encoding == 'cp1252' else encoding}")
        return content.decode(encoding, errors="replace")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotATable(
            f"it begins as {encoding.upper()} and is invalid at byte {error.start}: save it again"
        ) from error


def _separator(first: str, columns: Sequence[str]) -> str:
    """Returns the separator with which the first line has most of the required columns."""
    return max(_SEPARATORS, key=lambda one: len(set(columns) & {name.strip().strip('"') for name in first.split(one)}))


class _Records:
    """Iterates over the rows, each with its first line number. A quote that is not closed loses only its own line."""

    def __init__(self, text: str, separator: str, errors: list[CellError], *, first: int) -> None:
        self._lines = re.split(r"\r\n|\r|\n", text)
        self._separator = separator
        self._errors = errors
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
            self._errors.append(CellError(begins + 1, "of the quote", 'a quote is not closed: write the closing "'))
        raise StopIteration

    def _row(self, begins: int) -> tuple[list[str] | None, int]:
        """Returns the row that begins on a line, and the next line; None as row if a quote swallows the next row."""
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
