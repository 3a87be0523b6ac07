"""Publish the units of a file as the business register would.

python -m deploy.local.register_import FILE [--dry-run]
"""

import argparse
import asyncio
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from aiokafka.errors import KafkaError

from deploy.local.counted import counted
from deploy.local.foreign_facts import register_of_businesses, unit_fact
from deploy.local.tables import Fault, NotATable, Row, read_table
from services.reporting.cases.unknown_codes import unknown_in_unit
from shared.contracts.register import SOURCE, UnitCeased, UnitRegistered
from shared.eventstore.database import DATABASE_AWAY
from shared.service import Settings

COLUMNS = tuple(UnitRegistered.model_fields)
CEASED = "ceased"
"""The optional column that says that the unit does not exist any more from the day of the row on (R40)."""
_YES, _NO = frozenset({"yes", "ja", "true", "sand", "1", "x"}), frozenset({"", "no", "nej", "false", "falsk", "0"})
_OF_NO_UNIT = tuple(name for name in COLUMNS if name not in UnitCeased.model_fields)
"""What a unit that ceased does not have."""
_LONGEST = 200
"""Characters of a cell: more than any name has, and less than a missing quote swallows."""
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)
_BY_EXPONENT = re.compile(r"\d+([.,]\d+)?[eE][+-]?\d+")
_WITH_DECIMALS = re.compile(r"(\d+)[.,]0+")
_TEXT_COLUMN = "format the column as text in the spreadsheet, and export it again"


Told = UnitRegistered | UnitCeased


@dataclass(frozen=True)
class Reading:
    """The units of a file, what is odd about it and about those that are kept, and why others could not be."""

    units: list[Told] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_units(file: Path) -> Reading:
    """R26, R40: the units of a table with a header line, in any of the forms that read_table knows.

    A CVR that fails its check and a code that is not known are kept as they came, and flagged. A row whose numbers or
    day were lost on the way, or that contradicts another, is no fact about a unit, and is named. Raises NotATable.
    """
    table = read_table(file.read_bytes(), COLUMNS, optional=(CEASED,))
    reading = Reading(odd=list(table.said))
    told, faults = [], list(table.faults)
    for row in table.rows:
        found = [Fault(row.line, name, what) for name, what in _faults(row.cells)]
        faults.extend(found)
        if not found:
            told.append((row, _unit(row)))
    faults.extend(_keep_what_agrees(told, reading))
    reading.left_out.extend(str(fault) for fault in sorted(faults, key=lambda fault: fault.line))
    return reading


def _keep_what_agrees(told: list[tuple[Row, Told]], reading: Reading) -> Iterator[Fault]:
    """Of one unit from one day on only one thing can hold; which of two rows is right, nobody here knows."""
    alike: dict[tuple[str, date], list[tuple[Row, Told]]] = defaultdict(list)
    for row, unit in told:
        alike[unit.p_number, unit.effective_from].append((row, unit))
    for row, unit in told:
        rows = alike[unit.p_number, unit.effective_from]
        differing = [(other.line, name) for other, it in rows for name in _difference(it, unit)]
        if differing:
            line, name = differing[0]
            yield Fault(row.line, name, f"contradicts line {line}: keep the row that is right")
        elif rows[0][0] is not row:
            reading.odd.append(f"line {row.line}: says the same as line {rows[0][0].line}")
        else:
            reading.units.append(unit)
            reading.odd.extend(f"line {row.line}: {what}" for what in _odd(unit))


def _difference(one: Told, other: Told) -> list[str]:
    """The columns in which two rows about a unit on a day differ; whether it ceased comes before what else is said."""
    if type(one) is not type(other):
        return [CEASED]
    return [name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)]


def _unit(row: Row) -> Told:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    day = date.fromisoformat(cells["effective_from"])
    if _has_ceased(cells):
        return UnitCeased(p_number=cells["p_number"], effective_from=day)
    return UnitRegistered.model_validate({**{name: cells[name] for name in COLUMNS}, "effective_from": day})


def _has_ceased(cells: Mapping[str, str]) -> bool:
    return _marker(cells) in _YES


def _marker(cells: Mapping[str, str]) -> str:
    return cells[CEASED].strip().casefold()


def _faults(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if _marker(cells) not in _YES | _NO:
        yield CEASED, f"{cells[CEASED][:40]!r} is neither yes nor no: write yes where the unit has ceased, else nothing"
        return
    if what := _not_so_many_digits(cells["p_number"].strip(), 10):
        yield "p_number", what
    yield from _said_of_no_unit(cells) if _has_ceased(cells) else _faults_of_a_unit(cells)
    if what := _no_day(cells["effective_from"].strip()):
        yield "effective_from", what


def _said_of_no_unit(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """R40: what else the row says may mean that it is about a unit that exists."""
    for name in _OF_NO_UNIT:
        if cell := cells[name].strip():
            yield (
                name,
                f"{cell[:40]} is said of a unit that ceased: leave the cell empty, or write no in column {CEASED}",
            )


def _faults_of_a_unit(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if what := _not_so_many_digits(cells["cvr"].strip(), 8):
        yield "cvr", what
    for name in ("name", "industry", "sector", "size_class"):
        cell = cells[name]
        if name == "name" and not cell.strip():
            yield name, "is empty: write the name of the unit"
        elif any(character == "\ufffd" or not (character.isprintable() or character in "\n\t") for character in cell):
            yield name, "holds a character that cannot be read: export the file as UTF-8"
        elif len(cell) > _LONGEST:
            yield name, f"has {len(cell)} characters, and {_LONGEST} are the most: a quote may be missing"


def _not_so_many_digits(cell: str, digits: int) -> str | None:
    if cell.isascii() and cell.isdigit() and len(cell) == digits:
        return None
    if not cell:
        return f"is empty: write the {digits} digits"
    if _BY_EXPONENT.fullmatch(cell):
        return f"{cell} was shortened to an exponent, and its last digits are lost: {_TEXT_COLUMN}"
    if whole := _WITH_DECIMALS.fullmatch(cell):
        return f"{cell} was turned into a decimal number; {whole[1]} may be meant: {_TEXT_COLUMN}"
    if cell.isascii() and cell.isdigit() and len(cell) < digits:
        return f"{cell} has {len(cell)} of {digits} digits, and may have lost zeros at its beginning: {_TEXT_COLUMN}"
    if re.fullmatch(rf"[0-9]{{{digits}}}", closed := re.sub(r"\s", "", cell)):
        return f"{cell!r} holds blanks: write {closed}"
    return f"{cell[:40]!r} is not {digits} digits: write the number as the register has it"


def _no_day(cell: str) -> str | None:
    if not cell:
        return "is empty: write the day from which the row holds, e.g. 2026-03-05"
    if re.fullmatch(r"\d{5}([.,]\d+)?", cell, re.ASCII):
        return f"{cell} is a day that a spreadsheet turned into a number: format the column as 2026-03-05"
    try:
        day = date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell, re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        return f"{cell[:40]!r} is not a day: write it as 2026-03-05"
    return None if _EARLIEST <= day < _LATEST else f"{cell} is not between {_EARLIEST} and {_LATEST}: check the year"


def _odd(unit: Told) -> Iterator[str]:
    if isinstance(unit, UnitCeased):
        return
    for name, value in unknown_in_unit(unit).items():
        yield f"{name} {value} {'fails its check' if name == 'cvr' else 'is not known'}"


async def publish(units: list[Told], settings: Settings) -> None:
    """All units, on the topic `register`."""
    async with register_of_businesses(settings) as register:
        await register.publish(unit_fact(unit) for unit in units)


def main() -> None:
    """The command behind `./aftale register import`. Leaves with 1 where a row was left out or nothing was read."""
    parser = argparse.ArgumentParser(prog="aftale register import")
    parser.add_argument("file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="read and report, and publish nothing")
    asked = parser.parse_args()
    try:
        reading = read_units(asked.file)
    except (NotATable, OSError) as error:
        sys.exit(f"{asked.file.name}: {error}")
    for line in reading.odd:
        print(line)
    for line in reading.left_out:
        print(f"left out: {line}")
    if not asked.dry_run:
        _publish_or_exit(reading.units)
    done = "would be published" if asked.dry_run else "published"
    left_out = "would be left out" if asked.dry_run else "were left out"
    if ceasing := sum(isinstance(unit, UnitCeased) for unit in reading.units):
        done += f", {ceasing} of which {'ceases' if ceasing == 1 else 'cease'}"
    remarks, faults = counted(len(reading.odd), "remark"), counted(len(reading.left_out), "fault")
    print(f"{counted(len(reading.units), 'unit')} {done}, {remarks}, {faults}.")
    if reading.left_out:
        sys.exit(f"Rows {left_out}: mend them and import them again.")


def _publish_or_exit(units: list[Told]) -> None:
    settings = Settings.from_environment()
    settings = replace(settings, kafka=settings.kafka_of(SOURCE))
    try:
        asyncio.run(publish(units, settings))
    except TimeoutError as error:
        sys.exit(f"{error}; nothing was published. See ./aftale logs reporting.")
    except (*DATABASE_AWAY, KafkaError):
        sys.exit("PostgreSQL or Kafka does not answer: ./aftale up first.")


if __name__ == "__main__":
    main()
