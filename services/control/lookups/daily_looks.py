"""What a centre does every working day: it brings late controls back into their windows, and looks for risks (R17)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from services.control.lookups.making_room import with_room_in_window
from services.control.lookups.retrying_on_conflicts import retry_on_conflicts
from services.control.people.rules.centre_holidays import Holidays, NoteLook
from services.control.planning.lookups.looks_at_windows import courses_of_centre, look_through
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from shared.contracts.vocabulary import Centre
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Metadata
from shared.service import Runtime


def looking(runtime: Runtime) -> dict[str, Callable[[Holidays, TimerDue], Awaitable[object]]]:
    """Returns what the timer of a centre looks up."""

    async def look(state: Holidays, timer: TimerDue) -> object:
        return timer if state.look is None else await daily_look(runtime, state.look.centre, timer.at)

    return {"centre:look-through-windows": look}


async def daily_look(runtime: Runtime, centre: Centre, at: datetime) -> NoteLook:
    """R17: brings controls back and looks through the windows that are left; returns what is to be recorded of it."""
    courses = await courses_of_centre(runtime, centre)
    if await bring_back(runtime, courses, at):
        courses = await courses_of_centre(runtime, centre)
    return await look_through(runtime, centre, courses, at)


async def bring_back(runtime: Runtime, courses: Mapping[UUID, Running], at: datetime) -> int:
    """R17: gives controls that were booked late a day in their windows, where that has become possible.

    Those whose windows end first come first. Each is an append of its own; after a crash the look is made again.
    Returns how many have such a day now.
    """
    late = [
        (booking.window.last_day, stream)
        for stream, course in courses.items()
        for booking in course.bookings.values()
        if booking.late_reason is not None
    ]
    return sum([await retry_on_conflicts(partial(_bring_back, runtime, stream, at)) for _, stream in sorted(late)])


async def _bring_back(runtime: Runtime, stream: UUID, at: datetime) -> bool:
    standing = await read(runtime.store, COURSE, stream)
    if not isinstance(standing.state, Running):
        return False
    found = await with_room_in_window(runtime, standing.state, at, runtime.policies.at(at))
    if found is None:
        return False
    intent = Intent(COURSE, stream, found.command, expected=standing.version, read=standing)
    metadata = Metadata(command_id=uuid4(), actor=runtime.name)
    await execute(runtime.store, [intent, *found.others], at=at, metadata=metadata)
    return True
