"""Holds an offer's lapse back while facts about its unit are missing, because it cannot be answered (R6, R8, R40)."""

from collections.abc import Awaitable, Callable

from services.offers.lookups.units import units_on
from services.offers.lookups.unprocessed_facts_about_units import what_is_unknown
from services.offers.rules.offer_decider import LAPSE, OFFER
from services.offers.rules.phases import State, Unsent
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import HoldBack
from shared.service import Runtime


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """Returns the look-up of the lapse timer, which waits while the unit is held, has moved, or has a waiting fact."""

    async def lapse(state: State, timer: TimerDue) -> object:
        if isinstance(state, Unsent):
            return timer
        units = [state.sent.p_number]
        unit = await runtime.database.ask(units_on, (state.sent.p_number, local_day(timer.at)))
        if unit is not None and unit.cvr != state.sent.cvr:
            raise HoldBack(f"{state.sent.p_number} now has another legal entity, which the offer records shortly")
        held, waiting = await what_is_unknown(runtime, state.sent.cvr, units, own=units)
        if held:
            raise HoldBack(f"{state.sent.p_number} is held, because a fact about it was lost")
        if waiting:
            raise HoldBack(f"a fact about {state.sent.p_number} has not been processed yet")
        return timer

    return {f"{OFFER.name}:{LAPSE}": lapse}
