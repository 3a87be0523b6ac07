"""What must hold at the end of a played year, beside its counts: nothing is parked, missing or drifted."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg

from benchmarks.findings import Finding
from deploy.demo.people import Person
from deploy.local.settings import EVENT_SOURCED, SERVICES
from services.reporting.projection.rebuild import compare
from shared.eventstore.database import open_database

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection
_PARKED = " union all ".join(f"select count(*) from {consumer}.parked" for consumer in SERVICES)
_POLL_SECONDS = 0.5
_COMPARED_WITHIN_SECONDS = 120


async def findings(connection: Connection, dsn: str, operator: Person, offers: int) -> Sequence[Finding]:
    """Returns what must be zero, each with how much was looked at."""
    cases = await connection.fetchval("select count(*) from reporting.v_cases where case_type = 'agreement'")
    facts = await connection.fetchval("select count(*) from reporting.facts")
    parked = sum(row[0] for row in await connection.fetch(_PARKED))
    streams, drifted = await _drift(operator)
    sources, missing = await _missing(operator)
    async with open_database(dsn, "reporting", connections=2) as database, database.acquire() as reading:
        differing = await compare(reading)
    return [
        Finding("offers in the view", offers, missed=offers - cases),
        Finding("facts in the view, none parked", facts, missed=parked),
        Finding("sources that services have compared themselves with", sources, missed=missing),
        Finding("streams with the timers and reservations that they need", streams, otherwise=drifted),
        Finding("cases as a rebuild has them", cases, otherwise=len(differing)),
    ]


async def _drift(operator: Person) -> tuple[int, int]:
    """Returns how many streams were looked at, and how many have other timers or reservations than they need."""
    looked_at = drifted = 0
    for service in EVENT_SOURCED:
        async for page in _pages(operator, service, f"/v1/operations/{service}/drift"):
            looked_at += page["compared"]
            drifted += len(page["drifted"])
    return looked_at, drifted


async def _pages(operator: Person, service: str, path: str) -> AsyncIterator[Mapping[str, Any]]:
    asked: dict[str, str] = {}
    while True:
        page = await operator.get(service, path, **asked)
        yield page
        if page["next_cursor"] is None:
            return
        asked = {"cursor": page["next_cursor"]}


async def _missing(operator: Person) -> tuple[int, int]:
    """Lets every service compare all its sources; returns their number, and how many facts are missing in all."""
    begun, sources, missing = datetime.now(UTC), 0, 0
    for service in SERVICES:
        await operator.do(service, f"/v1/operations/{service}/completeness/comparisons", {"everything": True})
    async with asyncio.timeout(_COMPARED_WITHIN_SECONDS):
        for service in SERVICES:
            while True:
                found = await operator.get(service, f"/v1/operations/{service}/completeness")
                own = [one for one in found["sources"] if one["source"] in EVENT_SOURCED]
                if all(_is_compared(one, begun) for one in own):
                    break
                await asyncio.sleep(_POLL_SECONDS)
            sources += len(own)
            missing += found["missing"]
    return sources, missing


def _is_compared(source: Mapping[str, Any], since: datetime) -> bool:
    compared_at = source["compared_at"]
    return (
        compared_at is not None
        and datetime.fromisoformat(compared_at) >= since
        and source["compares_all_because"] is None
    )
