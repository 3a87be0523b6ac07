"""Release step that draws new days for future bookings whose day was chosen by the rule of earlier releases (R18)."""

from uuid import UUID, uuid4

from services.control.lookups.drawn_bookings import drawn_bookings, free_inspection
from services.control.lookups.retrying_on_conflicts import retry_on_conflicts
from services.control.rules.course_decider import COURSE
from services.control.rules.drawn_anew import DrawAnew, chosen_by_the_old_rule, to_draw_anew
from services.control.rules.phases import AfterNo, Running
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.service import Runtime

DRAW_ANEW = "draw-unannounced-days-anew"


async def draw_anew(runtime: Runtime, stream: UUID) -> bool:
    """Draws new days for bookings of a course; returns whether any had a day of the old rule. Retries on conflicts."""
    return await retry_on_conflicts(lambda: _draw_anew(runtime, stream))


async def _draw_anew(runtime: Runtime, stream: UUID) -> bool:
    chosen = chosen_by_the_old_rule((await runtime.store.load(stream)).events)
    standing = await read(runtime.store, COURSE, stream)
    state, at = standing.state, runtime.clock.now()
    places = to_draw_anew(state, chosen, at)
    if not places or not standing.liveness.is_live:
        return False
    policy = runtime.policies.at(at)
    match state:
        case Running():
            command = DrawAnew(policy, bookings=await drawn_bookings(runtime, state, places, at, policy))
        case AfterNo():
            command = DrawAnew(policy, inspection=await free_inspection(runtime, state, at, policy))
        case _:
            return False
    intent = Intent(COURSE, stream, command, expected=standing.version, read=standing)
    metadata = Metadata(command_id=uuid4(), actor=runtime.name)
    await execute(runtime.store, [intent], at=at, metadata=metadata)
    return True
