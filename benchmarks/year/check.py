"""What a played year shows, counted from the facts and the view in the database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from benchmarks.findings import Finding
from services.reporting.projection.rebuild import compare
from shared.eventstore.database import open_database

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection
_FACTS = "select stream, type, data from control.events where type = any($1) order by position"
_BOOKINGS = ("ControlBooked", "NewInspectionBooked")
_ENDS = ("ControlCompleted", "ControlTurnedIntoGuidance", "AnnouncedControlCancelled", "InvestigationConcluded")
_PARKED = " union all ".join(
    f"select count(*) from {consumer}.parked" for consumer in ("offers", "guidance", "control", "reporting")
)


@dataclass(frozen=True)
class Bookings:
    """The bookings of the year, counted."""

    made: int
    replaced: int
    doubled: int
    """R17: places in a calendar that were given to two visits at the same time."""
    held: int
    held_late: int
    """R17: controls after their window."""
    unexplained: int
    """Of these, without a reason on their booking."""
    per_inspector: Counter[str]
    """R17: visits held, by inspector."""
    by_reason: Counter[str]
    """R17: late visits, by the reason of their booking."""


async def statuses(connection: Connection) -> Counter[str]:
    """Returns how many agreements stand where, by the view."""
    rows = await connection.fetch("select status, count(*) from reporting.v_cases group by 1")
    return Counter({row["status"]: row["count"] for row in rows})


async def bookings(connection: Connection) -> Bookings:
    """Follows every booking from its fact to the one that ends or replaces it."""
    standing: dict[str, tuple[str, dict[str, Any]]] = {}
    """Bookings by the id of their visit, with the place in the calendar that they hold."""
    held_by: Counter[str] = Counter()
    per_inspector: Counter[str] = Counter()
    by_reason: Counter[str] = Counter()
    made = replaced = doubled = held = held_late = unexplained = 0
    for record in await connection.fetch(_FACTS, [*_BOOKINGS, *_ENDS]):
        fact = orjson.loads(record["data"])
        visit = fact.get("control_id") or fact.get("inspection_id")
        if record["type"] in _BOOKINGS:
            made += 1
            if fact.get("replaces") in standing:
                replaced += 1
                held_by[standing.pop(fact["replaces"])[0]] -= 1
            place = f"{fact['inspector']}/{fact['day']}/{fact['slot']}"
            doubled += held_by[place] > 0
            held_by[place] += 1
            standing[visit] = place, fact
            continue
        if visit not in standing:
            continue
        place, booked = standing.pop(visit)
        held_by[place] -= 1
        if record["type"] == "ControlCompleted":
            held += 1
            per_inspector[booked["inspector"]] += 1
            if date.fromisoformat(booked["day"]) > date.fromisoformat(booked["window"]["last_day"]):
                held_late += 1
                unexplained += booked["late_reason"] is None
                by_reason[str(booked["late_reason"])] += 1
    return Bookings(made, replaced, doubled, held, held_late, unexplained, per_inspector, by_reason)


async def findings(connection: Connection, dsn: str, agreements: int, counted: Bookings) -> Sequence[Finding]:
    """Returns what must be zero, each with how much was looked at."""
    ended = await statuses(connection)
    open_ones = sum(number for status, number in ended.items() if status in ("offered", "delivered", "running"))
    parked = sum(row[0] for row in await connection.fetch(_PARKED))
    async with open_database(dsn, "reporting", connections=2) as database, database.acquire() as reading:
        differing = await compare(reading)
    return [
        Finding("agreements in the view", agreements, missed=agreements - sum(ended.values())),
        Finding("agreements that have come to their end", agreements, missed=open_ones),
        Finding("places in calendars (R17)", counted.made, doubled=counted.doubled),
        Finding("controls that were held, with a reason where they are late (R17)", counted.held, counted.unexplained),
        Finding("facts of the year, none parked", agreements, missed=parked),
        Finding("cases as a rebuild has them", agreements, otherwise=len(differing)),
    ]
