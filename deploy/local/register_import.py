"""Publish the units of a file as the business register would: python -m deploy.local.register_import FILE."""

import asyncio
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.local.foreign_facts import register_of_businesses, unit_fact
from services.reporting.cases.unknown_codes import unknown_in_unit
from shared.contracts.register import UnitRegistered
from shared.eventstore.database import DATABASE_AWAY
from shared.reference.identifiers import is_valid_p_number
from shared.service import Settings


class NotTheRegister(ValueError):
    """A file does not have the columns of the register."""


@dataclass(frozen=True)
class Reading:
    """The units of a file, what is odd about those that are kept, and why others could not be."""

    units: list[UnitRegistered] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_units(file: Path) -> Reading:
    """R26: the units of a CSV file with a header line.

    A number that fails its check and a code that is not known are kept as they came, and flagged; only a row without a
    day, or without one of its values, is no fact about a unit, and is named. Raises NotTheRegister.
    """
    reading = Reading()
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = UnitRegistered.model_fields.keys() - set(rows.fieldnames or ())
        if missing:
            raise NotTheRegister(f"its first line lacks the columns {', '.join(sorted(missing))}")
        for row in rows:
            try:
                unit = UnitRegistered.model_validate({name: row[name] for name in UnitRegistered.model_fields})
            except ValidationError as error:
                faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
                reading.left_out.append(f"line {rows.line_num} left out: {faults}")
                continue
            reading.units.append(unit)
            reading.odd.extend(f"line {rows.line_num}: {what}" for what in _odd(unit))
    return reading


def _odd(unit: UnitRegistered) -> Iterator[str]:
    for name, value in unknown_in_unit(unit).items():
        yield f"{name} {value} {'fails its check' if name == 'cvr' else 'is not known'}"
    if not is_valid_p_number(unit.p_number):
        yield f"p_number {unit.p_number} is not 10 digits"


async def publish(units: list[UnitRegistered], settings: Settings) -> None:
    """All units, on the topic `register`."""
    async with register_of_businesses(settings) as register:
        await register.publish(unit_fact(unit) for unit in units)


def main() -> None:
    """The command behind `./aftale register import`."""
    file = Path(sys.argv[1])
    try:
        reading = read_units(file)
    except (UnicodeDecodeError, csv.Error) as error:
        sys.exit(f"{file.name} is not a CSV file in UTF-8: {error}")
    except NotTheRegister as error:
        sys.exit(f"{file.name}: {error}")
    for line in (*reading.odd, *reading.left_out):
        print(line)
    settings = Settings.from_environment()
    try:
        asyncio.run(publish(reading.units, settings))
    except TimeoutError as error:
        sys.exit(f"{error}; nothing was published. See ./aftale logs reporting.")
    except (*DATABASE_AWAY, KafkaError):
        sys.exit("PostgreSQL or Kafka does not answer: ./aftale up first.")
    print(f"{len(reading.units)} units published, {len(reading.odd)} remarks.")
    if reading.left_out:
        sys.exit(f"{len(reading.left_out)} lines were left out: mend them and import them again.")


if __name__ == "__main__":
    main()
