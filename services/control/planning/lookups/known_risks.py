"""Finds the windows that may not be met, as the last look at each centre has found (R17)."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from services.control.planning.lookups.centres import centres_of_people
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.window_risk import AT_RISK
from shared.contracts.control import WindowAtRisk
from shared.contracts.vocabulary import Centre
from shared.eventstore.commands import read
from shared.eventstore.reservations import reserved_under
from shared.service import Runtime


@dataclass(frozen=True)
class KnownRisk:
    """R17: a window at risk, and which case it belongs to."""

    noted: WindowAtRisk
    cvr: str
    p_number: str
    topic: str


async def known_risks(runtime: Runtime, person: str | None = None, centre: Centre | None = None) -> list[KnownRisk]:
    """R17: returns the windows at risk, those that end first before the others; of one person or centre if asked."""
    held = await runtime.database.ask(reserved_under, AT_RISK)
    streams = sorted(set(held.values()))
    standing = await asyncio.gather(*(read(runtime.store, COURSE, stream) for stream in streams))
    found = [
        KnownRisk(course.at_risk[place], course.started.cvr, _unit(course, place), course.started.topic)
        for one in standing
        if isinstance(course := one.state, Running)
        for place in course.awaited
        if place in course.at_risk and person in (None, course.at_risk[place].inspector)
    ]
    if centre is not None:
        centres = await centres_of_people(runtime, {one.noted.inspector for one in found})
        found = [one for one in found if (centres[one.noted.inspector] or Centre.OTHER) is centre]
    return sorted(found, key=lambda one: (one.noted.last_day, one.noted.place_id))


def _unit(course: Running, place: UUID) -> str:
    units = {one.place_id: one.p_number for one in course.places}
    return units.get(place, course.started.p_number)
