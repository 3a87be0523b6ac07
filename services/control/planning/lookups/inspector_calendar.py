"""Reads the calendar of an inspector (R17)."""

from services.control.planning.lookups.working_times import working_time_of
from services.control.planning.rules.calendar import Calendar
from services.control.planning.rules.place_names import former_names_of_calendar, names_of_calendar, taken_places
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.service import Runtime


async def calendar_of(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """Reads working time and taken places of an inspector.

    Former names are read first: a booking that is made between the two readings is then seen whole or not at all.
    """
    formerly_held = await runtime.database.ask(reserved_under, former_names_of_calendar(inspector))
    held = await runtime.database.ask(reserved_under, names_of_calendar(inspector))
    working_time = await working_time_of(runtime, inspector, policy)
    return Calendar(inspector, working_time, taken_places(inspector, {**formerly_held, **held}), policy)
