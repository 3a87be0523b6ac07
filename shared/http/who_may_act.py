"""Says who may give which command, by one table: operation, role, and relation to the case (R30, R42).

`who_may_act.csv` has a row for each operation and each role that may perform it. An operation is the name of its route.
A command without a row is for nobody; a test finds it. docs/who-may-act.md shows the table.
"""

import csv
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from shared.http.problems import forbidden
from shared.http.tokens import Role

_FILE = Path(__file__).with_name("who_may_act.csv")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Relation(StrEnum):
    """How somebody with a role must be connected to the case, or to whatever else a command is about."""

    ANY = "any"
    """Nothing more. Who of the authority is not responsible acts for who is (R30)."""
    RESPONSIBLE_OR_STAND_IN = "responsible_or_stand_in"
    """The asker is responsible for the case, or the directory names the asker as a stand-in of these days (R42)."""
    OWN_CENTRE = "own_centre"
    """The asker works in the centre of who is responsible (R42)."""
    OWN_COMPANY = "own_company"
    """The asker acts for the legal entity that the case is about. Other cases are not found."""
    SELF = "self"
    """The asker is the person whom the command is about; nobody stands in (R42)."""
    CENTRE_LED = "centre_led"
    """The asker leads the centre of who is responsible, or the centre that the command is about (R42)."""


@cache
def who_may_act() -> Mapping[str, Mapping[Role, Relation]]:
    """Returns the table: by operation, the roles that may perform it, each with its relation."""
    found: dict[str, dict[Role, Relation]] = {}
    with _FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["operation"], {})[Role(row["role"])] = Relation(row["relation"])
    return found


def is_command(method: str) -> bool:
    """Returns whether requests with this HTTP method change something; each of them needs a row in the table."""
    return method not in _READING


def require_to_perform(operation: str, role: Role) -> Relation:
    """Returns what the asker must be to the case. Raises Problem (403) if the operation is not for the role."""
    allowed = who_may_act().get(operation, {})
    if role not in allowed:
        told = " or ".join(one.value for one in allowed) or "nobody"
        raise forbidden("this is for {allowed}, and the token says {role}", allowed=told, role=role.value)
    return allowed[role]
