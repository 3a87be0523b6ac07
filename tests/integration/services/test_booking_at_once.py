"""No inspector is booked twice for one time, whatever processes book at the same moment (R17, R42)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, time

import pytest

from services.control.rules.course_decider import COURSE
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Span, WorkingHours
from shared.eventstore.timer_and_reservation_drift import drift_of, mend
from tests.integration.services.booking_at_once import Process, bookings, overlaps

AWAY = Span(first=date(2026, 6, 29), last=date(2026, 7, 10))
CLOSED = date(2026, 7, 14)


@pytest.fixture
async def processes(postgres_dsn: str) -> AsyncIterator[list[Process]]:
    """Three processes of control on one database."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Process(postgres_dsn)) for _ in range(3)]


@pytest.mark.rule("R17", "R42")
async def test_three_processes_book_at_once_and_nobody_is_booked_twice_or_while_away(processes: list[Process]) -> None:
    """More visits than the window has places for: those that find none in it are late, and overlap nothing either."""
    whole_days = [WorkingHours(weekday=day, begins=time(8), ends=time(16)) for day in range(1, 5)]
    pattern = (*whole_days, WorkingHours(weekday=5, begins=time(8), ends=time(11)))
    described = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.NORTH, working_pattern=pattern)
    await processes[0].list_in_directory(described, AWAY, CLOSED)
    agreements = [await processes[number % 3].start() for number in range(60)]
    await asyncio.gather(*(processes[number % 3].book(one) for number, one in enumerate(agreements)))
    booked = await bookings(processes[0], agreements)
    assert len(booked) == len(agreements)
    assert overlaps(booked) == []
    days = Counter(booking.day for booking in booked)
    assert not [day for day in days if AWAY.first <= day <= AWAY.last or day == CLOSED]
    assert max(days.values()) == 2
    fridays = [count for day, count in days.items() if day.weekday() == 4]
    assert fridays, "some visits are on Fridays, of which only the morning is worked"
    assert max(fridays) == 1


@pytest.mark.rule("R17")
async def test_while_processes_are_replaced_old_and_new_ones_book_beside_each_other(processes: list[Process]) -> None:
    """Those of release 2026-11 reserve slots only. Afterwards the release step reserves the half hours, too."""
    before, now, step = processes
    days = [date(2026, 6, day) for day in (23, 24, 25, 26, 29, 30)]
    formerly = [await before.start() for _ in range(16)]
    newly = [await now.start() for _ in range(40)]
    async with asyncio.TaskGroup() as tasks:
        kept = [
            tasks.create_task(before.book_as_the_release_before(one, days[n % 6])) for n, one in enumerate(formerly)
        ]
        for agreement in newly:
            tasks.create_task(now.book(agreement))
        for agreement in formerly:
            tasks.create_task(mend(step.database, step.store, [COURSE], agreement, actor="control"))
    booked = await bookings(now, [*formerly, *newly])
    booked_formerly = sum(task.result() for task in kept)
    assert len(booked) == booked_formerly + len(newly)
    assert booked_formerly > 5
    assert overlaps(booked) == []
    for agreement in (*formerly, *newly):
        await mend(step.database, step.store, [COURSE], agreement, actor="control")
        assert (await drift_of(step.database, step.store, [COURSE], agreement)).same
