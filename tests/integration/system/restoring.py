"""A running system under load whose services are backed up and restored, and what stands in each of its databases."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.backup import RECORDING, BackupTarget
from deploy.local.postgres import LocalPostgres
from deploy.local.state import State
from shared.contracts.register import UnitRegistered
from shared.messaging.bus import Kafka
from shared.policy.policies import POLICY_FILES
from tests.integration.system.course import CVR, UNIT, documentation, offer
from tests.integration.system.running_system import RunningSystem

UNITS = [UNIT.model_copy(update={"p_number": f"10034{number:05d}"}) for number in range(400)]
_AT_ONCE = 3
_DERIVED = {
    "events": """select stream, version, epoch, event_id, type, data, occurred_at, recorded_at,
                        metadata - 'traceparent' as metadata from {0}.events order by 1, 2""",
    "streams": "select id, version from {0}.streams order by 1",
    "timers": "select stream, name, due from {0}.timers order by 1, 2",
    "reservations": "select name, stream from {0}.reservations order by 1",
    "inbox": "select source, stream, epoch, version, event_id from {0}.inbox order by 1, 2",
    "epoch": "select epoch from {0}.log",
}
_VIEW = {
    "facts": "select source, stream, version, epoch, event_id from reporting.facts order by 1, 2, 3",
    "inbox": _DERIVED["inbox"].format("reporting"),
}


def place_of(system: RunningSystem, kafka: Kafka | None = None) -> BackupTarget:
    """Where the system stands; with another Kafka as it looks where that is away."""
    programs = LocalPostgres(State(system.state)).programs()
    return BackupTarget(system.postgres, kafka or system.kafka, system.state, POLICY_FILES, programs)


class Load:
    """Offers that are sent, delivered, accepted and documented, several at a time, for as long as it lasts."""

    def __init__(self, system: RunningSystem, units: Iterable[UnitRegistered]) -> None:
        self._system = system
        self._units = iter(units)
        self.documented: list[UUID] = []

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator["Load"]:
        """Left once the courses that were begun are documented."""
        stop = asyncio.Event()
        courses = [asyncio.create_task(self._courses(stop)) for _ in range(_AT_ONCE)]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.gather(*courses)

    async def until_documented(self, more: int) -> None:
        wanted = len(self.documented) + more
        async with asyncio.timeout(120):
            while len(self.documented) < wanted:
                await asyncio.sleep(0.05)

    async def _courses(self, stop: asyncio.Event) -> None:
        people = self._system.people
        inspector, company, portal = people.inspector("anna"), people.company(CVR), people.portal()
        while not stop.is_set():
            unit = next(self._units)
            agreement_id = (await inspector.do("offers", "/v1/offers", offer(unit.p_number)))["id"]
            await portal.do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
            await company.do("offers", f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
            await company.do("control", f"/v1/agreements/{agreement_id}/documentation", documentation())
            self.documented.append(UUID(agreement_id))


async def stop(system: RunningSystem, service: str) -> None:
    """Politely: its members leave their consumer groups."""
    system.processes[service].terminate()
    await asyncio.to_thread(system.processes[service].wait, 60)


async def start_again(system: RunningSystem, service: str) -> None:
    system.start(service)
    await system.until_healthy(service)


async def stands(system: RunningSystem) -> dict[str, Any]:
    """All that is public in all databases, once nothing is on its way."""
    await system.time.settle()
    connection = await asyncpg.connect(system.postgres)
    try:
        found: dict[str, Any] = {}
        for service in RECORDING:
            for name, statement in _DERIVED.items():
                rows = await connection.fetch(statement.format(service))
                found[f"{service} {name}"] = [tuple(row) for row in rows]
        for name, statement in _VIEW.items():
            found[f"reporting {name}"] = [tuple(row) for row in await connection.fetch(statement)]
        return found
    finally:
        await connection.close()


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Rows that are on one side only, by where they stand."""
    found = {}
    for name, rows in before.items():
        lost = [row for row in rows if row not in after[name]]
        new = [row for row in after[name] if row not in rows]
        if lost or new:
            found[name] = {"lost": lost, "new": new}
    return found
