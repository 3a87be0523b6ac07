"""Measures how long one visit takes to book in calendars full of others (R17): ./aftale bench booking [VISITS].

Starts as many courses (10,000 unless told otherwise), each with a booked control, for 60 inspectors, in a database of
its own. Then books one visit at a time, as the timer does: reads the calendar, draws a day, decides and appends. Prints
the median and the 99th percentile of one booking, and checks that no inspector is booked twice for one time. Exits with
1 if one is, or if the 99th percentile is 20 ms or more. Uses the servers of `./aftale up`.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom
from statistics import quantiles
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import uvloop

from benchmarks.own_database import own_database
from services.control.lookups.drawn_bookings import free_bookings
from services.control.rules.course_decider import COURSE, BookWhenDue
from services.control.rules.phases import Running
from shared.contracts.control import FACTS
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import ATTEMPTS, Intent, execute, read
from shared.eventstore.database import open_database
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.unit.control.control_facts import POLICIES, at, started

INSPECTORS = 60
MEASURED = 500
"""Bookings that are measured, one after the other."""
AT_ONCE = 64
"""Bookings that are under way at the same time while the calendar is filled."""
LIMIT_MS = 20.0
_NOW = at("2026-03-20")


class Calendar:
    """The store with the courses, and what books their controls."""

    def __init__(self, database: Any, store: EventStore) -> None:
        self._store = store
        self._runtime: Any = SimpleNamespace(
            policies=POLICIES, store=store, database=database, random_source=SystemRandom()
        )

    async def start(self, number: int) -> tuple[UUID, datetime]:
        """Starts a course, whose deadline lies so many weeks ahead that all visits find a place in their window."""
        agreement, shift = uuid4(), timedelta(weeks=number // 500)
        terms = started()
        moved = terms.model_copy(
            update={
                "agreement_id": agreement,
                "inspector": f"inspector-{number % INSPECTORS}",
                "compliance_deadline": _later(terms.compliance_deadline, shift),
                "control_window": _later(terms.control_window, shift),
                "books_control_at": terms.books_control_at + shift,
            }
        )
        write = Write(agreement, 0, (Occurred(moved, _NOW),))
        await self._store.append(Change(Metadata(command_id=uuid4(), actor="control"), (write,)))
        return agreement, moved.books_control_at

    async def book(self, agreement: UUID, when: datetime) -> None:
        """Books the control of a course; looks again if another took the place first."""
        policy = POLICIES.at(when)
        for _ in range(ATTEMPTS):
            standing = await read(self._store, COURSE, agreement)
            assert isinstance(standing.state, Running)
            command = BookWhenDue(policy, await free_bookings(self._runtime, standing.state, when, policy))
            intent = Intent(COURSE, agreement, command, expected=standing.version, read=standing)
            try:
                await execute(self._store, [intent], at=when, metadata=Metadata(command_id=uuid4(), actor="control"))
            except NameReserved:
                continue
            return
        raise AssertionError(f"no place in {ATTEMPTS} attempts")


def _later(deadline: Any, shift: timedelta) -> Any:
    return deadline.model_copy(
        update={
            "counted_from": deadline.counted_from + shift,
            "last_day": deadline.last_day + shift,
            "ends_at": deadline.ends_at + shift,
        }
    )


async def measure(dsn: str, visits: int) -> tuple[Sequence[float], int]:
    """Returns the milliseconds of each measured booking, and the half hours that bookings wanted and do not hold."""
    async with open_database(dsn, "control") as database, EventStore(database, EventTypes(FACTS)) as store:
        calendar, measured = Calendar(database, store), min(MEASURED, visits)
        slots = asyncio.Semaphore(AT_ONCE)

        async def fill(number: int) -> None:
            async with slots:
                await calendar.book(*await calendar.start(number))

        await asyncio.gather(*(fill(number) for number in range(visits)))
        waiting = [await calendar.start(number * visits // measured) for number in range(measured)]
        taken = []
        for agreement, when in waiting:
            begun = time.perf_counter()
            await calendar.book(agreement, when)
            taken.append((time.perf_counter() - begun) * 1000)
        async with database.acquire() as connection:
            held = await connection.fetchval("select count(*) from reservations where name like 'place/%/half-hour/%'")
        return taken, (visits + measured) * POLICIES.at(_NOW).visit_half_hours - held


def main(visits: int) -> int:
    """Measures, prints, and returns the exit code."""
    with own_database("booking") as url:
        taken, lacking = uvloop.run(measure(url, visits))
    cuts = quantiles(taken, n=100)
    print(f"one visit with {visits:,} in the calendar: median {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")
    print(f"half hours that two bookings share: {lacking}")
    return int(lacking != 0 or cuts[98] >= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
