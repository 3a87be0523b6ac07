"""Reports a restore: how many facts came back, and by case which private texts and files are lost. Only ids."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from deploy.local.quantities import quantity
from shared.eventstore.database import Database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.http.attachments import files_named
from shared.messaging.recovery_from_kafka import Outcome
from shared.private_folders import private_folder

_SHOWN = 20
_LOST = """
select f.stream, f.version, f.type, f.private_fields, e.occurred_at
from recovered_facts f
join streams s on s.id = f.stream
join events e on e.stream = f.stream and e.version = f.version and e.position >= s.first_position
where f.private_fields <> '{}' and f.recovered_at >= (select coalesce(max(restored_at), '-infinity') from restores)
order by f.stream, f.version
"""


@dataclass(frozen=True)
class Lost:
    """A private part or a file that is lost; somebody who knows its content must enter it again."""

    case: UUID
    what: str


@dataclass(frozen=True)
class Report:
    """The result of the restore of one service."""

    service: str
    erased: int = 0
    """How many keys were destroyed again (R31)."""
    outcome: Outcome = field(default_factory=Outcome)
    epoch: int | None = None
    lost: list[Lost] = field(default_factory=list)
    waits_for: str | None = None
    """Why the service could not be compared with Kafka yet. It will be compared when it starts, before it answers."""


async def private_parts_lost(database: Database, types: EventTypes, state: Path) -> list[Lost]:
    """Returns the private parts of facts that came back, and files of their cases that no readable fact names."""
    async with database.acquire() as connection:
        rows = await connection.fetch(_LOST)
    lost = []
    for row in rows:
        parts = ", ".join(row["private_fields"])
        lost.append(Lost(row["stream"], f"{row['type']} (version {row['version']}, {row['occurred_at']:%F}): {parts}"))
    store = EventStore(database, types)
    for case in dict.fromkeys(row["stream"] for row in rows):
        named = {file.sha256 for file in files_named((await store.load(case, readable=True)).events)}
        kept = sorted((state / "attachments" / database.schema / str(case)).glob("*"))
        lost += [Lost(case, f"file {file.name}") for file in kept if file.name not in named]
    return lost


def show(report: Report, state: Path) -> None:
    """Prints the report. The full list of what is lost goes into a file, and its beginning to the screen."""
    if report.waits_for is not None:
        print(
            f"{report.service}: restored. Kafka does not answer, so its start will wait for Kafka ({report.waits_for})."
        )
        return
    if report.epoch is None:
        print(f"{report.service}: restored. It records no facts of its own, and reads what is missing from Kafka.")
        return
    print(
        f"{report.service}: restored; read back {quantity(report.outcome.recovered, 'fact')} from Kafka; "
        f"epoch {report.epoch}."
    )
    if report.erased:
        print(f"  Keys destroyed again (R31): {report.erased}.")
    if report.outcome.unrecoverable:
        print(
            f"  Not read back: {quantity(report.outcome.unrecoverable, 'fact')}; the epoch was raised: "
            f"select * from {report.service}.unrecoverable_facts"
        )
    if not report.lost:
        return
    file = state / "restores" / f"{report.service}-lost.csv"
    private_folder(file.parent)
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["case", "what"])
        rows.writerows((one.case, one.what) for one in report.lost)
    cases = len({one.case for one in report.lost})
    print(f"  Private parts of {quantity(cases, 'case')} are lost if they had content. Full list: {file}")
    for one in report.lost[:_SHOWN]:
        print(f"    {one.case}  {one.what}")
    if len(report.lost) > _SHOWN:
        print(f"    ... and {len(report.lost) - _SHOWN} more.")
