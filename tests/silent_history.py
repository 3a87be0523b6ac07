"""Imports courses into a running system, and counts whatever is not silent about them (R17, R28, R29, R30)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from services.control.rules.course_decider import COURSE
from services.control.rules.termination import Terminate
from shared.contracts import control
from shared.contracts.control import TerminationGrounds
from shared.contracts.vocabulary import Side
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata, Origin
from shared.http.tokens import Role, pseudonym
from tests.imported_courses import KINDS, Course, bring_in, store_of_offers
from tests.integration.system.running_system import RunningSystem

SOURCES = ("offers", "guidance", "control", "notices")
PLACED = ("ControlPlanned", "ControlBooked", "NewInspectionBooked", "PlaceNotFound", "WindowAtRisk")


async def import_courses(
    system: RunningSystem,
    of_each: int,
    kinds: Mapping[str, Course] = KINDS,
    *,
    origin: Origin = Origin.IMPORTED,
    first_unit: int = 0,
) -> dict[str, list[UUID]]:
    """Brings in so many courses of each kind; returns their ids by kind."""
    courses = [course for course in kinds.values() for _ in range(of_each)]
    inspector, now = pseudonym(Role.INSPECTOR, "anna"), system.time.clock.now()
    async with store_of_offers(system.postgres, system.time.clock) as store:
        ids = await bring_in(store, courses, now, inspector=inspector, origin=origin, first_unit=first_unit)
    return {kind: ids[number * of_each : (number + 1) * of_each] for number, kind in enumerate(kinds)}


async def import_endings(system: RunningSystem, ids: list[UUID]) -> None:
    """Brings in that these courses, which control knows as running, were terminated in the other system."""
    at = system.time.clock.now() - timedelta(days=5)
    command = Terminate(at, Side.COMPANY, "company-1", TerminationGrounds(grounds="The unit has closed."))
    async with (
        open_database(system.postgres, "control") as database,
        EventStore(database, EventTypes(control.FACTS), system.time.clock) as store,
    ):
        for agreement_id in ids:
            metadata = Metadata(command_id=uuid4(), actor="import", origin=Origin.IMPORTED)
            await execute(store, [Intent(COURSE, agreement_id, command)], at=at, metadata=metadata)


async def loud(system: RunningSystem) -> dict[str, int]:
    """What there is of timers, bookings, tasks and messages, where there is any."""
    async with _connection(system) as connection:

        async def count(rows: str) -> int:
            return int(await connection.fetchval(f"select count(*) from {rows}"))

        counted = {f"timers of {source}": await count(f"{source}.timers") for source in SOURCES}
        counted["bookings"] = await count(f"control.events where type = any('{{{','.join(PLACED)}}}')")
        counted["tasks"] = await count("reporting.tasks")
        counted["next steps"] = await count("reporting.case_core where next_step is not null")
        counted["tries to send"] = await count("notices.sending")
        counted["entries of digests"] = await count("notices.events where type = 'DigestEntryAdded'")
    counted["e-mails"] = sum(1 for _ in (system.state / "mail" / "new").glob("*"))
    return {what: number for what, number in counted.items() if number}


@asynccontextmanager
async def _connection(system: RunningSystem) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(system.postgres)
    try:
        yield connection
    finally:
        await connection.close()
