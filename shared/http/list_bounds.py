"""What bounds a list that does not come in pages: `list_bounds.csv` says it by schema and property.

A bound is a limit of the policy, `input.<name>`, or one of `Bound`. OpenAPI tells it as `x-bounded-by`; a test walks
every answer and finds a list that neither comes in pages nor has a bound.
"""

import csv
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class Bound(StrEnum):
    """Bounds that are no choice of the policy."""

    CODES = "codes"
    """At most one item for each code of a closed list, or for each combination of codes of several."""
    ONE_FACT = "one fact"
    """It was told in one fact, which has at most 256 KB."""
    DEPLOYMENT = "deployment"
    """Sources, services and people that files of this installation name."""
    FIRST_ONES = "first ones"
    """Only the first ones are shown, and a number beside them says how many there are."""
    TIMERS_OF_A_CASE = "timers of a case"
    """Timers and reservations that deciders want for one stream."""


def _read() -> Mapping[tuple[str, str], str]:
    with Path(__file__).with_name("list_bounds.csv").open(encoding="utf-8", newline="") as lines:
        return {(row["schema"], row["property"]): row["bounded_by"] for row in csv.DictReader(lines, delimiter=";")}


BOUNDS = _read()
"""By the names of schema and property."""


def tell_bounds(schemas: Mapping[str, Any]) -> None:
    """Complete the schemas of a document in place."""
    for (schema, name), bound in BOUNDS.items():
        if name in schemas.get(schema, {}).get("properties", {}):
            schemas[schema]["properties"][name]["x-bounded-by"] = bound
