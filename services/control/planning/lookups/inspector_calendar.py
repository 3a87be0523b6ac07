"""Reads the calendar of an inspector (R17)."""

from asyncio import gather
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from uuid import UUID

from services.control.planning.lookups.working_times import working_time_of, working_time_until_leaving
from services.control.planning.rules.calendar import Calendar
from services.control.planning.rules.place_names import former_names_of_calendar, names_of_calendar, taken_places
from services.control.planning.rules.working_time import WorkingTime
from shared.contracts.vocabulary import Span
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.service import Runtime


async def calendar_of(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """Reads working time and taken places of an inspector, at the same time."""
    return await _read(runtime, inspector, policy, working_time_of(runtime, inspector, policy))


async def calendar_for_plans(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """Reads the same for plans, which are possible until the last day of somebody who leaves (R42)."""
    return await _read(runtime, inspector, policy, working_time_until_leaving(runtime, inspector, policy))


async def calendar_without(runtime: Runtime, inspector: str, away: Span, policy: Policy) -> Calendar:
    """Reads the same as if the inspector were away in these days, too, for a preview (R42)."""
    return await _read(runtime, inspector, policy, _also_away(runtime, inspector, away, policy))


async def _also_away(runtime: Runtime, inspector: str, away: Span, policy: Policy) -> WorkingTime:
    works = await working_time_until_leaving(runtime, inspector, policy)
    return replace(works, away=(*works.away, away))


async def _read(runtime: Runtime, inspector: str, policy: Policy, works: Awaitable[WorkingTime]) -> Calendar:
    held, working_time = await gather(_held_in(runtime, inspector), works)
    return Calendar(inspector, working_time, taken_places(inspector, held), policy, working_time.read_from)


async def _held_in(runtime: Runtime, inspector: str) -> Mapping[str, UUID]:
    """Former names and today's in one query, so that a booking made meanwhile is seen whole or not at all."""
    prefixes = [former_names_of_calendar(inspector), names_of_calendar(inspector)]
    async with runtime.database.acquire() as connection:
        formerly_held, held = await reserved_under(connection, prefixes)
    return {**formerly_held, **held}
