"""Questions to control: may we inspect here (R11), and how did it look then?"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.control.http.photos_before_and_after import ThenAndNow, offer_as_seen_by, side_by_side
from services.control.lookups.inspection_advice import advise
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import AfterNo, NotStarted
from shared.deadlines.in_words import Language
from shared.http.access import AUTHORITY, Asker
from shared.http.openapi import READ, problems
from shared.http.problems import not_found
from shared.reference.identifiers import PNumber, TopicCode
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class InspectionAdvice(BaseModel):
    """R11: the answer with its reason."""

    may_inspect: bool
    rule: Literal["R11"] = "R11"
    reason: dict[Language, str]
    agreement_id: UUID | None
    until: date | None
    """The last day of the agreement's compliance period."""


@router.get("/v1/inspection-advice", responses=problems(400), **READ)
async def inspection_advice(
    request: Request, asker: Asker, p_number: Annotated[PNumber, Query()], topic: Annotated[TopicCode, Query()]
) -> InspectionAdvice:
    """Returns whether the authority may inspect this topic at this unit (R11), for whoever plans an inspection."""
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request, asker)
    advice = await advise(runtime, p_number, topic)
    reasons = advice.reason(p_number, topic)
    return InspectionAdvice(
        may_inspect=advice.because_of is None,
        reason={"da": reasons["da"], "en": reasons["en"]},
        agreement_id=advice.because_of,
        until=advice.deadline.last_day if advice.deadline else None,
    )


@router.get("/v1/agreements/{agreement_id}/then-and-now", responses=problems(400, 404), **READ)
async def then_and_now(agreement_id: UUID, request: Request, asker: Asker) -> ThenAndNow:
    """Returns the observations and photos of the offer beside those of the controls."""
    state, visible, _ = await runtime_of(request).gate.read(request, asker, COURSE, agreement_id)
    if isinstance(state, NotStarted | AfterNo):
        raise not_found()
    offer = await offer_as_seen_by(request.headers, agreement_id)
    return side_by_side(agreement_id, offer, visible)
