"""Bounds of lists that do not come in pages: `list_bounds.csv` names the bound by schema and property.

A bound is a limit of the policy, `input.<name>`, or one of `Bound`. OpenAPI shows it as `x-bounded-by`. A test checks
that every list in an answer comes in pages or has a bound.
"""

import csv
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class Bound(StrEnum):
    """Bounds that the policy does not set."""

    CODES = "codes"
    """At most one item for each code of a closed list, or for each combination of codes of several."""
    ONE_FACT = "one fact"
    """The whole list stands in one fact, which has at most 256 KB."""
    DEPLOYMENT = "deployment"
    """Sources, services and people that files of this installation name."""
    FIRST_ONES = "first ones"
    """Only the first items are shown, and a number next to the list says how many there are."""
    PERIOD = "period"
    """At most one item for each day of the period that the request names, which has no more than three months."""
    VISITS_OF_A_PERIOD = "visits of a period"
    """At most the visits that one person makes in three months, or those of one agreement."""
    TIMERS_OF_A_CASE = "timers of a case"
    """Timers and reservations that deciders want for one stream."""


def _read() -> Mapping[tuple[str, str], str]:
    with Path(__file__).with_name("list_bounds.csv").open(encoding="utf-8", newline="") as lines:
        return {(row["schema"], row["property"]): row["bounded_by"] for row in csv.DictReader(lines, delimiter=";")}


BOUNDS = _read()
"""The bound of each list, by the names of schema and property."""


def tell_bounds(schemas: Mapping[str, Any]) -> None:
    """Adds `x-bounded-by` to the schemas of a document, in place."""
    for (schema, name), bound in BOUNDS.items():
        if name in schemas.get(schema, {}).get("properties", {}):
            schemas[schema]["properties"][name]["x-bounded-by"] = bound
