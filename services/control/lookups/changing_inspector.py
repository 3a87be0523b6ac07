"""Looks up what a change of the responsible inspector needs: free days in the calendar of the new one (R15)."""

from datetime import datetime

from services.control.lookups.moving_bookings import moved_bookings, moved_inspection, moved_plans
from services.control.rules.phases import AfterNo, Running, State
from services.control.rules.responsible_inspector import ChangeInspector
from shared.contracts.vocabulary import NextInspector
from shared.policy.policy import Policy
from shared.service import Runtime


async def change_of_inspector(
    runtime: Runtime, state: State, told: NextInspector, *, by: str, at: datetime, policy: Policy
) -> ChangeInspector:
    """R15: returns the command that makes another inspector responsible, and where all its visits move.

    Raises Refused if the new inspector has no free day for more than a year.
    """
    running = state if isinstance(state, Running) else None
    return ChangeInspector(
        at=at,
        by=by,
        told=told,
        centre=runtime.people.centre_of(told.inspector),
        bookings=() if running is None else await moved_bookings(runtime, running, told.inspector, at, policy),
        inspection=await moved_inspection(runtime, state, told.inspector, at, policy)
        if isinstance(state, AfterNo)
        else None,
        plans=() if running is None else await moved_plans(runtime, running, told.inspector, at, policy),
    )
