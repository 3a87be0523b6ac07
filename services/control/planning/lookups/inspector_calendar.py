"""Reads the calendar of an inspector (R17)."""

from asyncio import gather
from collections.abc import Mapping
from uuid import UUID

from services.control.planning.lookups.working_times import working_time_of
from services.control.planning.rules.calendar import Calendar
from services.control.planning.rules.place_names import former_names_of_calendar, names_of_calendar, taken_places
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.service import Runtime


async def calendar_of(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """Reads working time and taken places of an inspector, at the same time."""
    held, working_time = await gather(_held_in(runtime, inspector), working_time_of(runtime, inspector, policy))
    return Calendar(inspector, working_time, taken_places(inspector, held), policy)


async def _held_in(runtime: Runtime, inspector: str) -> Mapping[str, UUID]:
    """Former names and today's in one query, so that a booking made meanwhile is seen whole or not at all."""
    prefixes = [former_names_of_calendar(inspector), names_of_calendar(inspector)]
    async with runtime.database.acquire() as connection:
        formerly_held, held = await reserved_under(connection, prefixes)
    return {**formerly_held, **held}
