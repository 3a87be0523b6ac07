"""Finds out how much of the working time of people is taken by visits, and on which days a visit has room (R17)."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.lookups.visits import Whose, visits_between
from services.control.planning.lookups.working_times import working_time_of
from services.control.planning.rules.calendar import FreePlace, WhyNotFree
from services.control.planning.rules.calendar_period import working_days_of
from services.control.planning.rules.half_hours import half_hours_of
from shared.contracts.vocabulary import Span
from shared.policy.policy import Policy
from shared.service import Runtime


@dataclass(frozen=True)
class Load:
    """R17: how much of somebody's working time is taken, in half hours."""

    person: str
    worked: int
    taken: int
    visits: int


async def load_of(runtime: Runtime, people: Sequence[str], span: Span, policy: Policy, whose: Whose) -> list[Load]:
    """R17: returns the load of each of these people in a period; days that are not worked count as none."""
    taken: defaultdict[str, int] = defaultdict(int)
    visits: defaultdict[str, int] = defaultdict(int)
    for visit in await visits_between(runtime, span.first, span.last, policy, whose):
        taken[visit.inspector] += len(half_hours_of(visit.hours))
        visits[visit.inspector] += 1
    days = working_days_of(span, policy)
    times = await asyncio.gather(*(working_time_of(runtime, person, policy) for person in people))
    return [
        Load(person, sum(len(time.on(day)) for day in days), taken[person], visits[person])
        for person, time in zip(people, times, strict=True)
    ]


async def places_of(
    runtime: Runtime, person: str, span: Span, policy: Policy
) -> list[tuple[date, FreePlace | WhyNotFree]]:
    """R17, R18: returns for each working day whether a further visit has a place, or why not. Nothing is drawn."""
    calendar = await calendar_of(runtime, person, policy)
    return [(day, calendar.place_on(day)) for day in working_days_of(span, policy)]
