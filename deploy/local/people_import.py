"""Lists the people of a file in control's directory, through the same interface as the personnel register (R42).

python -m deploy.local.people_import FILE [--dry-run] [--only-unlisted]
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.processes import UserError
from deploy.local.quantities import quantity
from deploy.local.settings import Settings
from deploy.local.tables import CellError, NotATable, Row, read_table

COLUMNS = ("id", "name", "centre")
OPTIONAL = ("roles", "area", "competences", "working_pattern", "visits_per_day", "leads", "email", "phone")
_WEEKDAYS: Mapping[str, int] = {
    **{name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)},
    **{name: number for number, name in enumerate(("man", "tir", "ons", "tor", "fre", "lør", "søn"), 1)},
}
_SPAN = re.compile(r"(?P<first>\w{3})(?:-(?P<last>\w{3}))?\s+(?P<begins>\d{1,2}:\d{2})-(?P<ends>\d{1,2}:\d{2})")
_HOW = "write it as mon-thu 08:00-15:30, fri 08:00-15:00"


@dataclass(frozen=True)
class ListedRow:
    """A person as one row describes one: the line, and the body of the command."""

    line: int
    person_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """The people of a file, remarks about the file, and the reasons why other rows were left out."""

    people: list[ListedRow] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[CellError] = field(default_factory=list)


class Directory(Protocol):
    """Where people are listed."""

    def list_person(
        self, person_id: str, body: Mapping[str, Any], *, dry_run: bool, only_unlisted: bool
    ) -> httpx.Response:
        """Lists a person, or describes one anew; raises UserError if the directory does not answer."""
        ...


def read_people(file: Path) -> Reading:
    """R42: reads the people of a table with a header line, in any form that read_table knows. Raises NotATable.

    What a person may be, the directory decides; here only cells that cannot be read leave a row out.
    """
    table = read_table(file.read_bytes(), COLUMNS, optional=OPTIONAL)
    reading = Reading(remarks=list(table.remarks), left_out=list(table.errors))
    rows: list[ListedRow] = []
    for row in table.rows:
        try:
            rows.append(ListedRow(row.line, row.cells["id"].strip(), _body(row)))
        except _Unreadable as error:
            reading.left_out.append(error.told)
    _keep_what_agrees(rows, reading)
    reading.left_out.sort(key=lambda error: error.line)
    return reading


class _Unreadable(Exception):
    def __init__(self, line: int, column: str, what: str) -> None:
        super().__init__(what)
        self.told = CellError(line, column, what)


def _keep_what_agrees(rows: Iterable[ListedRow], reading: Reading) -> None:
    """Keeps the rows that do not contradict each other: of two that do, nobody knows which is right."""
    alike: dict[str, list[ListedRow]] = {}
    for row in rows:
        alike.setdefault(row.person_id, []).append(row)
    for of_one in alike.values():
        first, *others = of_one
        if differing := [row for row in others if row.body != first.body]:
            for row in of_one:
                other = first if row is not first else differing[0]
                reading.left_out.append(
                    CellError(row.line, "id", f"contradicts line {other.line}: keep the row that is right")
                )
            continue
        reading.people.append(first)
        reading.remarks.extend(f"line {row.line}: says the same as line {first.line}" for row in others)


def _body(row: Row) -> Mapping[str, Any]:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    body: dict[str, Any] = {
        "name": cells["name"],
        "centre": cells["centre"].casefold(),
        "roles": _codes(cells["roles"]) or ["inspector"],
        "competences": _codes(cells["competences"]),
        "working_pattern": list(_hours(row.line, cells["working_pattern"])),
    }
    if cells["visits_per_day"]:
        body["visits_per_day"] = _whole_number(row.line, cells["visits_per_day"])
    return body | {name: cells[name] for name in ("area", "email", "phone", "leads") if cells[name]}


def _codes(cell: str) -> list[str]:
    return re.split(r"[,;\s]+", cell.casefold()) if cell else []


def _whole_number(line: int, cell: str) -> int:
    whole = re.fullmatch(r"(\d{1,3})(?:[.,]0+)?", cell, re.ASCII)
    if whole is None:
        raise _Unreadable(line, "visits_per_day", f"{cell[:40]!r} is not a whole number")
    return int(whole[1])


def _hours(line: int, cell: str) -> Iterator[dict[str, Any]]:
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", cell.casefold()))):
        span = _SPAN.fullmatch(part)
        first, last = (span["first"], span["last"] or span["first"]) if span else ("", "")
        if span is None or first not in _WEEKDAYS or last not in _WEEKDAYS or _WEEKDAYS[last] < _WEEKDAYS[first]:
            raise _Unreadable(line, "working_pattern", f"{part[:40]!r} is no span of weekdays with hours: {_HOW}")
        for weekday in range(_WEEKDAYS[first], _WEEKDAYS[last] + 1):
            yield {"weekday": weekday, "begins": span["begins"].zfill(5), "ends": span["ends"].zfill(5)}


@dataclass
class Outcome:
    """What the directory answered to the rows of a file."""

    done: Counter[str] = field(default_factory=Counter)
    """How many people were listed, changed, or known as the file has them."""
    left_out: list[CellError] = field(default_factory=list)


def list_people(people: Iterable[ListedRow], directory: Directory, *, dry_run: bool, only_unlisted: bool) -> Outcome:
    """Lists each person. The same again changes nothing; what the directory refuses leaves out its own row only."""
    outcome = Outcome()
    for person in people:
        answer = directory.list_person(person.person_id, person.body, dry_run=dry_run, only_unlisted=only_unlisted)
        if answer.status_code == httpx.codes.PRECONDITION_REQUIRED:
            outcome.done["known already"] += 1
        elif answer.is_success:
            recorded = [one["type"] for one in answer.json()["recorded"]]
            done = {"PersonListed": "listed", "PersonChanged": "changed"}
            outcome.done[done[recorded[0]] if recorded else "unchanged"] += 1
        else:
            outcome.left_out.extend(_refused(person.line, answer.json()))
    return outcome


def _refused(line: int, problem: Mapping[str, Any]) -> Iterator[CellError]:
    for fault in problem.get("faults") or [{"where": "rule", "what": problem["detail"]}]:
        where = fault["where"].removeprefix("body.").removeprefix("path.")
        column = {"person_id": "id"}.get(where, where.partition(".")[0])
        yield CellError(line, column, fault["what"].rstrip("."))


def main() -> None:
    """Runs the command `./aftale people import`. Exits with 1 if a row was left out or nothing could be read."""
    parser = argparse.ArgumentParser(prog="aftale people import")
    parser.add_argument("file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="read, ask the directory and report; record nothing")
    parser.add_argument("--only-unlisted", action="store_true", help="leave people as they are who are listed already")
    asked = parser.parse_args()
    try:
        reading = read_people(asked.file)
    except (NotATable, OSError) as error:
        sys.exit(f"{asked.file.name}: {error}")
    try:
        outcome = list_people(
            reading.people, Operator(Machine(Settings())), dry_run=asked.dry_run, only_unlisted=asked.only_unlisted
        )
    except UserError as error:
        sys.exit(str(error))
    left_out = sorted([*reading.left_out, *outcome.left_out], key=lambda error: error.line)
    for line in reading.remarks:
        print(line)
    for left in left_out:
        print(f"left out: {left}")
    would = "would be " if asked.dry_run else ""
    done = ", ".join(f"{number:,} {would}{what}" for what, number in sorted(outcome.done.items())) or "nobody"
    print(f"People: {done}; {quantity(len(left_out), 'error')}.")
    if left_out:
        sys.exit("Correct the rows that were left out, and import them again.")


if __name__ == "__main__":
    main()
