"""Finds the visits that stand in calendars between two days (R7, R17).

Who is visited when is for the authority only: a day that was not announced must not reach a company (R18).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from services.control.planning.lookups.centres import people_of_centre
from services.control.planning.rules.holds import HOLD, visits_of_hold
from services.control.planning.rules.place_names import former_names_of_calendar, names_of_calendar
from services.control.planning.rules.visit import Visit
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import NotStarted
from services.control.rules.visits_of_course import visits_of
from shared.contracts.vocabulary import Centre
from shared.eventstore.commands import read
from shared.policy.policy import Policy
from shared.service import Runtime

STREAMS_AT_A_TIME = 50
"""How many courses are read and folded before other requests get their turn."""
_HOLDERS = """
select distinct held.stream
from unnest($1::text[]) as prefix(name)
join reservations held on held.name >= prefix.name and held.name < rtrim(prefix.name, '/') || '0'
where split_part(held.name, '/', 3) between $2 and $3
"""
"""'0' follows '/', and the column is sorted by bytes. The third part of a name is its day, written so that it sorts."""
_ALL_CALENDARS: tuple[str, ...] = ("place/", "calendar/")


@dataclass(frozen=True)
class Whose:
    """Which visits are asked for; what is None does not narrow the answer."""

    inspector: str | None = None
    centre: Centre | None = None
    """R42: the centre that the directory says of the inspector."""
    p_number: str | None = None


EVERYBODY = Whose()


async def visits_between(
    runtime: Runtime, first: date, last: date, policy: Policy, whose: Whose = EVERYBODY
) -> list[Visit]:
    """R17: returns the visits of these days, both included, by day, hour and inspector.

    They are found by the names that are reserved, so that nothing is missing that takes somebody's time.
    """
    found: list[Visit] = []
    people = await _people_of(runtime, whose)
    streams = await streams_with_places(runtime, first, last, people)
    for begun in range(0, len(streams), STREAMS_AT_A_TIME):
        some = streams[begun : begun + STREAMS_AT_A_TIME]
        for visits in await asyncio.gather(*(visits_in(runtime, stream, policy) for stream in some)):
            found.extend(visits)
    asked = [
        visit
        for visit in found
        if first <= visit.day <= last
        and (people is None or visit.inspector in people)
        and whose.p_number in (None, visit.p_number)
    ]
    return sorted(asked, key=order_of)


async def _people_of(runtime: Runtime, whose: Whose) -> frozenset[str] | None:
    """Returns whose calendars are to be read; None for all."""
    of_centre = None if whose.centre is None else frozenset(await people_of_centre(runtime, whose.centre))
    if whose.inspector is None:
        return of_centre
    return frozenset({whose.inspector}) if of_centre is None else of_centre & {whose.inspector}


async def visits_in(runtime: Runtime, stream: UUID, policy: Policy) -> tuple[Visit, ...]:
    """Returns what a stream has in calendars, be it a course or places that are held for a meeting (R12)."""
    course = (await read(runtime.store, COURSE, stream)).state
    if not isinstance(course, NotStarted):
        return visits_of(course, policy)
    return visits_of_hold((await read(runtime.store, HOLD, stream)).state)


async def streams_with_places(
    runtime: Runtime, first: date, last: date, people: frozenset[str] | None
) -> Sequence[UUID]:
    """R17: returns the streams that have places on these days in the calendars of these people; None for everybody."""
    prefixes = _ALL_CALENDARS
    if people is not None:
        prefixes = tuple(name(one) for one in people for name in (names_of_calendar, former_names_of_calendar))
    return await streams_named(runtime, first, last, prefixes)


async def streams_named(runtime: Runtime, first: date, last: date, prefixes: Sequence[str]) -> Sequence[UUID]:
    """R17: returns the streams that hold a name with one of these prefixes for a day between two days, both included.

    A prefix names a calendar, or the visits that have left one; the day follows it in the name.
    """
    async with runtime.database.acquire() as connection:
        rows = await connection.fetch(_HOLDERS, prefixes, first.isoformat(), last.isoformat())
    return [row["stream"] for row in rows]


def order_of(visit: Visit) -> tuple[date, time, str, UUID]:
    """Returns what visits are sorted by: day, hour and inspector; no two visits have the same."""
    return visit.day, visit.hours.begins, visit.inspector, visit.visit_id
