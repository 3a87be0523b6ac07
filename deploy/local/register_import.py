"""Publish the units of a file as the business register would: python -m deploy.local.register_import FILE."""

import asyncio
import csv
import sys
from pathlib import Path

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.local.foreign_facts import register_of_businesses, unit_fact
from shared.contracts.register import UnitRegistered
from shared.kernel.bus import Kafka
from shared.kernel.database import DATABASE_AWAY
from shared.reference.identifiers import is_valid_cvr
from shared.reference.reference import industries, sectors, size_classes
from shared.service import Settings


class NotTheRegister(ValueError):
    """A file does not have the columns of the register."""


def read_units(file: Path) -> tuple[list[UnitRegistered], list[str]]:
    """The units of a CSV file with a header line, and what is odd about them.

    A row that does not read at all is left out and named; a failed CVR check or an unknown code is kept and flagged.
    Raises NotTheRegister.
    """
    units, odd = [], []
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = UnitRegistered.model_fields.keys() - set(rows.fieldnames or ())
        if missing:
            raise NotTheRegister(f"its first line lacks the columns {', '.join(sorted(missing))}")
        for number, row in enumerate(rows, start=2):
            try:
                unit = UnitRegistered.model_validate(row)
            except ValidationError as error:
                faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
                odd.append(f"line {number} left out: {faults}")
                continue
            units.append(unit)
            odd.extend(f"line {number}: {what}" for what in _odd(unit))
    return units, odd


def _odd(unit: UnitRegistered) -> list[str]:
    known = {"industry": industries(), "sector": sectors(), "size_class": size_classes()}
    odd = [
        f"{name} {getattr(unit, name)} is not known"
        for name, codes in known.items()
        if getattr(unit, name) not in codes
    ]
    if not is_valid_cvr(unit.cvr):
        odd.append(f"cvr {unit.cvr} fails its check")
    return odd


async def publish(units: list[UnitRegistered], postgres: str, kafka: Kafka) -> None:
    """All units, on the topic `register`."""
    async with register_of_businesses(postgres, kafka) as register:
        await register.publish(unit_fact(unit) for unit in units)


def main() -> None:
    """The command behind `./aftale register import`."""
    file = Path(sys.argv[1])
    try:
        units, odd = read_units(file)
    except (UnicodeDecodeError, csv.Error) as error:
        sys.exit(f"{file.name} is not a CSV file in UTF-8: {error}")
    except NotTheRegister as error:
        sys.exit(f"{file.name}: {error}")
    for line in odd:
        print(line)
    settings = Settings.from_environment()
    try:
        asyncio.run(publish(units, settings.postgres, settings.kafka))
    except (*DATABASE_AWAY, KafkaError):
        sys.exit("PostgreSQL or Kafka does not answer: ./aftale up first.")
    print(f"{len(units)} units published, {len(odd)} remarks.")


if __name__ == "__main__":
    main()
