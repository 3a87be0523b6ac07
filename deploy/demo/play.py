"""Play the courses of the demo, interleaved, on the virtual clock: the earliest one always goes on."""

import heapq
from collections.abc import Sequence
from datetime import date, timedelta

from deploy.demo import courses
from deploy.demo.companies import breaching, declining, everybody, lapsing, studied
from deploy.demo.courses import Course, Stage
from deploy.local.foreign_facts import register_of_businesses, unit_fact
from deploy.local.virtual_time import VirtualTime
from shared.kernel.bus import Kafka

FIRST_DAY = date(2020, 9, 7)
"""The register of agreements begins in September 2020."""
BETWEEN_COURSES = timedelta(days=23)


async def play(stage: Stage, virtual_time: VirtualTime) -> int:
    """Play everything to its end; returns how many acts that were."""
    waiting = [(await anext(course), number, course) for number, course in enumerate(_all_courses(stage))]
    heapq.heapify(waiting)
    acts = 0
    while waiting:
        instant, number, course = heapq.heappop(waiting)
        await virtual_time.advance_to(instant)
        acts += 1
        try:
            heapq.heappush(waiting, (await anext(course), number, course))
        except StopAsyncIteration:
            continue
    await virtual_time.settle()
    await stage.orders.until_taken("reporting")
    return acts


async def register_units(postgres: str, kafka: Kafka) -> None:
    """Let the business register publish the units, and wait until offers knows them."""
    async with register_of_businesses(postgres, kafka) as register:
        await register.publish(unit_fact(company.unit()) for company in everybody())
        await register.until_taken("offers")


def _all_courses(stage: Stage) -> Sequence[Course]:
    first_days = [FIRST_DAY + BETWEEN_COURSES * number for number in range(len(everybody()))]
    return [
        *(courses.fulfilled(stage, one, day) for one, day in zip(studied(), first_days, strict=False)),
        courses.lapses(stage, lapsing(), first_days[2]),
        courses.declines(stage, declining(), first_days[5]),
        courses.breaches(stage, breaching(), first_days[1]),
        *(courses.other_cases(stage, one, FIRST_DAY + timedelta(days=61 * one.number)) for one in studied()[::6]),
    ]
