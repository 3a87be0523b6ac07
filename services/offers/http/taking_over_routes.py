"""Route that takes over a case that was history until then (R28, R30)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.offers.rules.offer_decider import OFFER, Command
from services.offers.rules.phases import State
from services.offers.rules.taking_over import TakeOver
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import read
from shared.http.access import Asker
from shared.http.bodies import Body, TextOfTheAuthority
from shared.http.commands import Prepared
from shared.http.field_types import Day
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()


class TakeOverCase(Body):
    """R30: from which day on the case goes on here, and why."""

    from_day: Annotated[Day | None, Field(description="Today or an earlier day; today if it is left out.")] = None
    reason: TextOfTheAuthority


@router.post("/v1/offers/{agreement_id}/take-over", **CHANGE)
async def take_over(agreement_id: UUID, body: TakeOverCase, request: Request, asker: Asker) -> Response:
    """Takes over a case that was imported: it takes commands again, and its deadlines fall due from that day on.

    What fell due before is neither made up for nor told to anybody. A control or an inspection that the case still
    needs gets its place in the calendar now (R17, R28).
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()

    async def prepare(_: State) -> Prepared[State, Command]:
        is_live = (await read(runtime.store, OFFER, agreement_id)).liveness.is_live
        from_day = body.from_day or local_day(now)
        return Prepared(TakeOver(now, asker.subject, from_day, body.reason, is_live))

    return await runtime.gate.perform(request, asker, OFFER, agreement_id, prepare, at=now)
