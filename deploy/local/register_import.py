"""Publishes the units of a file as the business register would.

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

from deploy.local.foreign_facts import register_of_businesses, unit_fact
from deploy.local.quantities import quantity
from deploy.local.tables import CellError, NotATable, Row, read_table
from services.reporting.cases.unknown_codes import unknown_in_unit
from shared.contracts.register import SOURCE, UnitCeased, UnitRegistered
from shared.eventstore.database import DATABASE_AWAY
from shared.service import Settings

COLUMNS = tuple(name for name, field in UnitRegistered.model_fields.items() if field.is_required())
PLACE = ("postcode", "address")
"""Optional columns: where the unit is."""
CEASED = "ceased"
"""The optional column which says that the unit ceased to exist on the day of the row (R40)."""
_YES, _NO = frozenset({"yes", "ja", "true", "sand", "1", "x"}), frozenset({"", "no", "nej", "false", "falsk", "0"})
_OF_NO_UNIT = tuple(name for name in (*COLUMNS, *PLACE) if name not in UnitCeased.model_fields)
"""Columns that must be empty for a unit that ceased."""
_LONGEST = 200
"""The most characters of a cell: longer than any name, and shorter than what a missing quote swallows."""
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)
_BY_EXPONENT = re.compile(r"\d+([.,]\d+)?[eE][+-]?\d+")
_WITH_DECIMALS = re.compile(r"(\d+)[.,]0+")
_TEXT_COLUMN = "format the column as text in the spreadsheet, and export it again"


UnitFact = UnitRegistered | UnitCeased


@dataclass(frozen=True)
class Reading:
    """The units of a file, remarks about the file and its units, and the reasons why other rows were left out."""

    units: list[UnitFact] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_units(file: Path) -> Reading:
    """R26, R40: reads the units of a table with a header line, in any form that read_table knows. Raises NotATable.

    A CVR that fails its check and an unknown code are kept and remarked on. A row whose numbers or day were damaged, or
    which contradicts another row, is left out and named.
    """
    table = read_table(file.read_bytes(), COLUMNS, optional=(*PLACE, CEASED))
    reading = Reading(remarks=list(table.remarks))
    units, errors = [], list(table.errors)
    for row in table.rows:
        found = [CellError(row.line, name, what) for name, what in _errors(row.cells)]
        errors.extend(found)
        if not found:
            units.append((row, _unit(row)))
    errors.extend(_keep_what_agrees(units, reading))
    reading.left_out.extend(str(error) for error in sorted(errors, key=lambda error: error.line))
    return reading


def _keep_what_agrees(units: list[tuple[Row, UnitFact]], reading: Reading) -> Iterator[CellError]:
    """Keeps the rows that do not contradict each other, and reports the others: which is right is unknown."""
    alike: dict[tuple[str, date], list[tuple[Row, UnitFact]]] = defaultdict(list)
    for row, unit in units:
        alike[unit.p_number, unit.effective_from].append((row, unit))
    for row, unit in units:
        rows = alike[unit.p_number, unit.effective_from]
        differing = [(other.line, name) for other, it in rows for name in _difference(it, unit)]
        if differing:
            line, name = differing[0]
            yield CellError(row.line, name, f"contradicts line {line}: keep the row that is right")
        elif rows[0][0] is not row:
            reading.remarks.append(f"line {row.line}: says the same as line {rows[0][0].line}")
        else:
            reading.units.append(unit)
            reading.remarks.extend(f"line {row.line}: {what}" for what in _remarks(unit))


def _difference(one: UnitFact, other: UnitFact) -> list[str]:
    """Returns the columns in which two rows about a unit and a day differ; only `ceased` if that differs."""
    if type(one) is not type(other):
        return [CEASED]
    return [name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)]


def _unit(row: Row) -> UnitFact:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    day = date.fromisoformat(cells["effective_from"])
    if _has_ceased(cells):
        return UnitCeased(p_number=cells["p_number"], effective_from=day)
    where = {name: cells[name] or None for name in PLACE}
    return UnitRegistered.model_validate({**{name: cells[name] for name in COLUMNS}, **where, "effective_from": day})


def _has_ceased(cells: Mapping[str, str]) -> bool:
    return _marker(cells) in _YES


def _marker(cells: Mapping[str, str]) -> str:
    return cells[CEASED].strip().casefold()


def _errors(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if _marker(cells) not in _YES | _NO:
        yield (
            CEASED,
            f"{cells[CEASED][:40]!r} is neither yes nor no: write yes if the unit has ceased, else leave it empty",
        )
        return
    if what := _not_so_many_digits(cells["p_number"].strip(), 10):
        yield "p_number", what
    yield from _superfluous_cells(cells) if _has_ceased(cells) else _errors_of_a_unit(cells)
    if what := _no_day(cells["effective_from"].strip()):
        yield "effective_from", what


def _superfluous_cells(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """R40: names cells that a ceased unit cannot have: the row may be about a unit that still exists."""
    for name in _OF_NO_UNIT:
        if cell := cells[name].strip():
            yield (
                name,
                f"{cell[:40]} is said of a unit that ceased: leave the cell empty, or write no in column {CEASED}",
            )


def _errors_of_a_unit(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if what := _not_so_many_digits(cells["cvr"].strip(), 8):
        yield "cvr", what
    if (postcode := cells["postcode"].strip()) and (what := _not_so_many_digits(postcode, 4)):
        yield "postcode", what
    for name in ("name", "industry", "sector", "size_class", "address"):
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


def _remarks(unit: UnitFact) -> Iterator[str]:
    if isinstance(unit, UnitCeased):
        return
    for name, value in unknown_in_unit(unit).items():
        yield f"{name} {value} {'fails its check' if name == 'cvr' else 'is not known'}"


async def publish(units: list[UnitFact], settings: Settings) -> None:
    """Publishes all units on the topic `register`."""
    async with register_of_businesses(settings) as register:
        await register.publish(unit_fact(unit) for unit in units)


def main() -> None:
    """Runs the command `./aftale register import`. Exits with 1 if a row was left out or nothing could be read."""
    parser = argparse.ArgumentParser(prog="aftale register import")
    parser.add_argument("file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="read and report, and publish nothing")
    asked = parser.parse_args()
    try:
        reading = read_units(asked.file)
    except (NotATable, OSError) as error:
        sys.exit(f"{asked.file.name}: {error}")
    for line in reading.remarks:
        print(line)
    for line in reading.left_out:
        print(f"left out: {line}")
    if not asked.dry_run:
        _publish_or_exit(reading.units)
    done = "would be published" if asked.dry_run else "published"
    left_out = "would be left out" if asked.dry_run else "were left out"
    if ceasing := sum(isinstance(unit, UnitCeased) for unit in reading.units):
        done += f", {ceasing} of which {'ceases' if ceasing == 1 else 'cease'}"
    remarks, errors = quantity(len(reading.remarks), "remark"), quantity(len(reading.left_out), "error")
    print(f"{quantity(len(reading.units), 'unit')} {done}, {remarks}, {errors}.")
    if reading.left_out:
        sys.exit(f"Rows {left_out}: correct them and import them again.")


def _publish_or_exit(units: list[UnitFact]) -> None:
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
