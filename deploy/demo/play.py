"""Plays the courses of the demo concurrently on the virtual clock, always the one that is due first."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

from deploy.demo import courses
from deploy.demo.companies import breaching, declining, everybody, lapsing, studied
from deploy.demo.courses import Course, DemoContext
from deploy.local.foreign_facts import Environment, register_of_businesses, unit_fact
from deploy.local.virtual_time import VirtualTime

FIRST_DAY = date(2020, 9, 7)
"""The register of agreements begins in September 2020."""
BETWEEN_COURSES = timedelta(weeks=4)
BETWEEN_OTHER_CASES = timedelta(weeks=8)
AGAIN_ON = date(2023, 7, 31)
"""Long after the quarantine, and so late that the new agreement still runs when all others have ended."""


async def play(context: DemoContext, virtual_time: VirtualTime) -> int:
    """Plays all courses to their end; returns the number of steps."""
    steps = await interleave(_all_courses(context), virtual_time.advance_to)
    await virtual_time.settle()
    await context.orders.until_taken("reporting")
    return steps


async def interleave(courses: Sequence[Course], advance_to: Callable[[datetime], Awaitable[None]]) -> int:
    """Moves the clock and continues the course that is due first, until all have ended; returns the number of steps."""
    waiting = [(await anext(course), number, course) for number, course in enumerate(courses)]
    heapq.heapify(waiting)
    steps = 0
    while waiting:
        instant, number, course = heapq.heappop(waiting)
        await advance_to(instant)
        steps += 1
        try:
            heapq.heappush(waiting, (await anext(course), number, course))
        except StopAsyncIteration:
            continue
    return steps


async def register_units(environment: Environment) -> None:
    """Publishes the units as the business register, and waits until offers has processed them."""
    async with register_of_businesses(environment) as register:
        await register.publish(unit_fact(company.unit()) for company in everybody())
        await register.until_taken("offers")


def _all_courses(context: DemoContext) -> Sequence[Course]:
    first_days = [FIRST_DAY + BETWEEN_COURSES * number for number in range(len(studied()))]
    with_other_cases = studied()[::6]
    return [
        *(courses.fulfilled(context, one, day) for one, day in zip(studied(), first_days, strict=True)),
        courses.lapses(context, lapsing(), first_days[2]),
        courses.declines(context, declining(), first_days[5]),
        courses.breaches(context, breaching(), first_days[1]),
        courses.offered_again(context, breaching(), AGAIN_ON),
        *(
            courses.other_cases(
                context, one, FIRST_DAY + BETWEEN_OTHER_CASES * one.number, left_open=one is with_other_cases[-1]
            )
            for one in with_other_cases
        ),
    ]
