"""The names that docs/names-in-data.md lists, by the heading under which they stand."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from tests.unit.architecture.code_patterns import PROJECT

FILE = PROJECT / "docs" / "names-in-data.md"
PROSE = ("How such a name changes", "Names that are listed elsewhere")
"""Headings under which nothing is listed."""
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Section:
    """What stands under one heading."""

    head: Sequence[str]
    """The titles of its table's columns; none where it has no table."""
    rows: Sequence[Sequence[str]]
    text: str
    """All of it."""

    def names(self, *, in_two_columns: bool) -> Counter[str]:
        """Each text that is set as code in the first cell of a row, or each of them with each in the second."""
        listed: Counter[str] = Counter()
        for row in self.rows:
            cells = [_CODE.findall(cell) for cell in row[: 2 if in_two_columns else 1]]
            listed.update(" ".join(parts) for parts in product(*cells))
        return listed

    def says_where(self) -> bool:
        """Whether a column, or the text before the table, says where the names are stored, or who reads them."""
        return (
            not {"stored in", "read by"}.isdisjoint(self.head)
            or re.search(r"\bstored\s+in\b", self.text, re.I) is not None
        )


@cache
def sections() -> Mapping[str, Section]:
    """By heading, those of prose left out."""
    parts = re.split(r"^## (.+)$", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = zip(parts[1::2], parts[2::2], strict=True)
    return {heading: _section(text) for heading, text in texts if heading not in PROSE}


def _section(text: str) -> Section:
    head, *rows = [tuple(_cells(line)) for line in text.splitlines() if line.startswith("|")] or [()]
    return Section(head, rows[1:], text)  # the first row is the line of dashes


def _cells(line: str) -> Iterator[str]:
    return (cell.strip() for cell in line.strip().strip("|").split("|"))
