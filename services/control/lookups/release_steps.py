"""Release steps of control that are run in addition to those of every service."""

from uuid import UUID

from services.control.lookups.catching_up import CATCH_UP, catch_up, take_orders_again
from services.control.lookups.drawing_anew import DRAW_ANEW, draw_anew
from shared.eventstore.release_steps import ReleaseStep
from shared.service import Runtime


def release_steps(runtime: Runtime) -> tuple[ReleaseStep, ...]:
    """Returns the steps in the order in which they are run."""

    async def draw(stream: UUID) -> None:
        await draw_anew(runtime, stream)

    async def look(stream: UUID) -> None:
        await catch_up(runtime, stream)

    async def take_orders() -> None:
        await take_orders_again(runtime)

    return ReleaseStep(DRAW_ANEW, draw), ReleaseStep(CATCH_UP, look, begin=take_orders)
