"""Plays courses side by side, one day of Copenhagen after the other."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from deploy.demo.courses import Course
from shared.deadlines.copenhagen import end_of, local_day

AT_ONCE = 64
"""Courses that act at the same time, at most."""


async def play_by_days(
    courses: Sequence[Course], advance: Callable[[datetime], Awaitable[None]], evening: Callable[[datetime], None]
) -> int:
    """Plays all courses to their end; returns the number of their steps.

    `advance` moves the clock to the first act of a day, and returns once everything is processed. Then all courses that
    have something to do before that day ends do it, side by side; `evening` is told of each day that has passed.
    """
    waiting = [(await anext(course), number) for number, course in enumerate(courses)]
    heapq.heapify(waiting)
    free, steps = asyncio.Semaphore(AT_ONCE), 0

    async def act(number: int, until: datetime) -> tuple[datetime | None, int]:
        """Continues one course until it waits for a later day; returns that instant (None at its end) and the steps."""
        done = 0
        async with free:
            while True:
                done += 1
                instant = await anext(courses[number], None)
                if instant is None or instant >= until:
                    return instant, done

    while waiting:
        first = waiting[0][0]
        await advance(first)
        until = end_of(local_day(first))
        today = []
        while waiting and waiting[0][0] < until:
            today.append(heapq.heappop(waiting)[1])
        for number, (instant, done) in zip(
            today, await asyncio.gather(*(act(one, until) for one in today)), strict=True
        ):
            steps += done
            if instant is not None:
                heapq.heappush(waiting, (instant, number))
        evening(first)
    return steps
