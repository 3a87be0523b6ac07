"""What a column of a case is: name and type are those of its field, all else is declared beside it.

Queries follow from the declaration; tests compare tables, models and the analysts' view with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, get_type_hints

from services.reporting.cases.known_facts import KNOWN_FACTS
from shared.visibility import markers

Shown = frozenset[str]
"""Where a column is read."""
NOWHERE: Shown = frozenset()
LIST: Shown = frozenset(["list"])
"""In lists of cases, and with each case."""
DETAIL: Shown = frozenset(["detail"])
"""With one case only."""
ANALYSTS: Shown = frozenset(["analysts"])
"""In the analysts' view of cases, under its own name."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column means, from what it comes, and where it is shown."""

    meaning: str
    """A sentence, for whoever reads the table or the analysts' view."""
    of: tuple[str, ...] = ()
    """The fields of facts that the column comes from, as `Fact.field`; `Fact` alone if only its occurrence matters.

    Empty if the column follows from other columns, or from all facts.
    """
    shown: Shown = NOWHERE

    @property
    def sources(self) -> Iterator[tuple[str, str]]:
        """Yields each fact with one of its fields, or with "" if it only matters that the fact happened."""
        for source in self.of:
            fact, _, field = source.partition(".")
            yield fact, field

    @property
    def may_be_shown_to_company(self) -> bool:
        """R18: returns whether a company may know anything of what the column comes from, if only under a condition.

        The markers of the facts and fields say so.
        """
        return not self.of or any(_may_be_shown(fact, field) for fact, field in self.sources)


def _may_be_shown(fact: str, field: str) -> bool:
    shown = markers(KNOWN_FACTS.of(fact))
    return field in shown if field else bool(shown)


@cache
def columns_of(row: type[Any]) -> Mapping[str, Column]:
    """Returns the declared columns of a class of rows, by name, in order.

    Raises TypeError if a field does not declare exactly one.
    """
    hints = get_type_hints(row, include_extras=True)
    return MappingProxyType({field.name: _column(field.name, hints[field.name]) for field in fields(row)})


def _column(name: str, hint: Any) -> Column:
    declared = [told for told in getattr(hint, "__metadata__", ()) if isinstance(told, Column)]
    if len(declared) != 1:
        raise TypeError(f"column {name}: declare once what it means")
    return declared[0]
