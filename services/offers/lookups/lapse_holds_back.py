"""While something about the unit is not known, an answer cannot be taken, so no answer is late either (R6, R8, R40)."""

from collections.abc import Awaitable, Callable

from services.offers.lookups.units import units_on
from services.offers.lookups.untaken_facts import what_is_unknown
from services.offers.rules.offer_decider import LAPSE, OFFER
from services.offers.rules.phases import State, Unsent
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import HoldBack
from shared.service import Runtime


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """What the timers of offers look up: whether a fact waits that may reach the unit, it is held, or moved."""

    async def lapse(state: State, timer: TimerDue) -> object:
        if isinstance(state, Unsent):
            return timer
        units = [state.sent.p_number]
        unit = await runtime.database.ask(units_on, (state.sent.p_number, local_day(timer.at)))
        if unit is not None and unit.cvr != state.sent.cvr:
            raise HoldBack(f"{state.sent.p_number} has another legal entity, and the offer is told in a moment")
        held, waiting = await what_is_unknown(runtime, state.sent.cvr, units, own=units)
        if held:
            raise HoldBack(f"{state.sent.p_number} is held, as a fact about it was lost")
        if waiting:
            raise HoldBack(f"a fact about {state.sent.p_number} has not been taken yet")
        return timer

    return {f"{OFFER.name}:{LAPSE}": lapse}
