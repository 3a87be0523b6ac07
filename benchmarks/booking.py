"""Measures how long one visit takes to book in calendars full of others (R17): ./aftale bench booking [VISITS].

Starts as many courses (10,000 unless told otherwise), each with a booked control, for 60 inspectors, in a database of
its own. The directory has the inspectors with their absences, and centres that have looked at their windows each
working day of a year. Then books one visit at a time, as the timer does: reads the calendar, draws a day, decides and
appends. After each it commits one row by bare SQL on the same server, which shows what the disk and the machine do
meanwhile. Prints the median and the 99th percentile of both, and of the processor time, and checks that no inspector is
booked twice for one time. Exits with 1 if one is, or if the 99th percentile of a booking is 20 ms or more. Uses the
servers of `./aftale up`.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from statistics import quantiles
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvloop

from benchmarks.own_database import own_database
from services.control.lookups.drawn_bookings import free_bookings
from services.control.people.rules.centre_holidays import centre_stream
from services.control.people.rules.person_decider import person_stream
from services.control.rules.course_decider import COURSE, BookWhenDue
from services.control.rules.phases import Running
from services.control.service import SERVICE
from shared.contracts.people import AwayNoted, NextLookSet, PersonListed
from shared.contracts.vocabulary import Centre, PersonRole
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import ATTEMPTS, Intent, execute, read
from shared.eventstore.database import open_database
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.garbage_collector import collect_rarely
from tests.unit.control.control_facts import POLICIES, at, started

INSPECTORS = 60
MEASURED = 500
"""Bookings that are measured, one after the other."""
AT_ONCE = 64
"""Bookings that are under way at the same time while the calendar is filled."""
LIMIT_MS = 20.0
LOOKS = 250
"""Working days of a year, on each of which a centre has looked at its windows."""
_CENTRES = (Centre.NORTH, Centre.EAST, Centre.SOUTH)
_WEEKS_TO_ABSENCES = (4, 16, 30)
"""How many weeks after the beginning each inspector is away for the first week days; others begin a day later."""
_NOW = at("2026-03-20")
_A_ROW = "insert into bare_rows values ($1)"


@dataclass(frozen=True)
class Measured:
    """What one run has shown."""

    bookings: Sequence[float]
    """Milliseconds of each."""
    processor: Sequence[float]
    """Milliseconds of the processor that each took in this process."""
    bare_commits: Sequence[float]
    """Milliseconds of one row by bare SQL after each booking."""
    lacking: int
    """Half hours that bookings wanted and do not hold."""


class Calendar:
    """The store with the courses, and what books their controls."""

    def __init__(self, database: Any, store: EventStore) -> None:
        self._store = store
        self._runtime: Any = SimpleNamespace(
            policies=POLICIES, store=store, database=database, random_source=SystemRandom()
        )

    async def list_everybody(self) -> None:
        """R42: puts the inspectors and their absences into the directory, and lets the centres look at windows."""
        for number in range(INSPECTORS):
            await self._record(person_stream(_inspector(number)), tuple(_of_inspector(number)))
        for centre in _CENTRES:
            looks = (NextLookSet(centre=centre, set_at=_NOW, next_look_at=_NOW) for _ in range(LOOKS))
            await self._record(centre_stream(centre), tuple(looks))

    async def _record(self, stream: UUID, events: Sequence[Event]) -> None:
        write = Write(stream, 0, tuple(Occurred(event, _NOW) for event in events))
        await self._store.append(Change(Metadata(command_id=uuid4(), actor="control"), (write,)))

    async def start(self, number: int) -> tuple[UUID, datetime]:
        """Starts a course, whose deadline lies so many weeks ahead that all visits find a place in their window."""
        agreement, shift = uuid4(), timedelta(weeks=number // 500)
        terms = started()
        moved = terms.model_copy(
            update={
                "agreement_id": agreement,
                "inspector": _inspector(number),
                "compliance_deadline": _later(terms.compliance_deadline, shift),
                "control_window": _later(terms.control_window, shift),
                "books_control_at": terms.books_control_at + shift,
            }
        )
        await self._record(agreement, [moved])
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


def _inspector(number: int) -> str:
    return f"inspector-{number % INSPECTORS}"


def _of_inspector(number: int) -> Iterator[Event]:
    """Returns that somebody is listed, with absences."""
    listed = PersonListed(
        person_id=_inspector(number),
        roles=(PersonRole.INSPECTOR,),
        centre=_CENTRES[number % len(_CENTRES)],
        listed_at=_NOW,
        listed_by="benchmark",
    )
    yield listed
    for weeks in _WEEKS_TO_ABSENCES:
        first = _NOW.date() + timedelta(weeks=weeks, days=number % 7)
        yield AwayNoted(
            person_id=listed.person_id,
            absence_id=uuid4(),
            first=first,
            last=first + timedelta(days=4),
            noted_at=_NOW,
            noted_by="benchmark",
        )


def _later(deadline: Any, shift: timedelta) -> Any:
    return deadline.model_copy(
        update={
            "counted_from": deadline.counted_from + shift,
            "last_day": deadline.last_day + shift,
            "ends_at": deadline.ends_at + shift,
        }
    )


async def measure(dsn: str, visits: int) -> Measured:
    """Fills the calendars, and then measures bookings one by one."""
    control = EventTypes(SERVICE.facts)
    async with open_database(dsn, "control") as database, EventStore(database, control) as store:
        calendar, measured = Calendar(database, store), min(MEASURED, visits)
        await calendar.list_everybody()
        slots = asyncio.Semaphore(AT_ONCE)

        async def fill(number: int) -> None:
            async with slots:
                await calendar.book(*await calendar.start(number))

        await asyncio.gather(*(fill(number) for number in range(visits)))
        waiting = [await calendar.start(number * visits // measured) for number in range(measured)]
        bookings, processor, bare_commits = await _one_by_one(dsn, calendar, waiting)
        async with database.acquire() as connection:
            held = await connection.fetchval("select count(*) from reservations where name like 'place/%/half-hour/%'")
        lacking = (visits + measured) * POLICIES.at(_NOW).visit_half_hours - held
        return Measured(bookings, processor, bare_commits, lacking)


async def _one_by_one(
    dsn: str, calendar: Calendar, waiting: Sequence[tuple[UUID, datetime]]
) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    bare = await asyncpg.connect(dsn)
    try:
        await bare.execute("create table bare_rows (number int)")
        bookings, processor, bare_commits = [], [], []
        for number, (agreement, when) in enumerate(waiting):
            begun, used = time.perf_counter(), time.process_time()
            await calendar.book(agreement, when)
            booked, used = time.perf_counter(), time.process_time() - used
            await bare.execute(_A_ROW, number)
            bookings.append((booked - begun) * 1000)
            processor.append(used * 1000)
            bare_commits.append((time.perf_counter() - booked) * 1000)
        return bookings, processor, bare_commits
    finally:
        await bare.close()


def main(visits: int) -> int:
    """Measures, prints, and returns the exit code."""
    collect_rarely()
    with own_database("booking") as url:
        measured = uvloop.run(measure(url, visits))
    of_all = (measured.bookings, measured.processor, measured.bare_commits)
    cuts, used, bare = (quantiles(of_one, n=100) for of_one in of_all)
    print(f"one visit with {visits:,} in the calendar: median {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")
    print(f"of that, processor time of the process: median {used[49]:.1f} ms, p99 {used[98]:.1f} ms")
    print(f"one row by bare SQL after each: median {bare[49]:.1f} ms, p99 {bare[98]:.1f} ms")
    print(f"half hours that two bookings share: {measured.lacking}")
    return int(measured.lacking != 0 or cuts[98] >= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
