"""While something about the unit is not known, an answer cannot be taken, so no answer is late either (R6, R8)."""

from collections.abc import Awaitable, Callable

from services.offers.rules.offer_decider import LAPSE, OFFER, concerns
from services.offers.rules.phases import State
from shared.eventstore.decider import TimerDue
from shared.eventstore.timers import HoldBack
from shared.messaging.parking import first_parked
from shared.service import Runtime


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """What the timers of offers look up: whether a fact about the unit or its legal entity still waits."""

    async def lapse(state: State, timer: TimerDue) -> object:
        waiting = await first_parked(runtime.database, list(concerns(state).items()))
        if waiting is not None:
            raise HoldBack(f"a fact about {waiting} has not been taken yet")
        return timer

    return {f"{OFFER.name}:{LAPSE}": lapse}
