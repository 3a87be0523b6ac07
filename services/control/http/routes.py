"""The HTTP interface of control: the course as an asker may see it, and the ways to change it, by subject."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.control.http import (
    advice_routes,
    booking_routes,
    change_routes,
    control_routes,
    documentation_routes,
    hearing_and_order_routes,
    matter_routes,
    preview_routes,
    proposal_routes,
    reference_routes,
    why_routes,
)
from services.control.http.views import AgreementView, view
from services.control.people.http import routes as people_routes
from services.control.planning.http import (
    at_risk_routes,
    calendar_routes,
    exchange_routes,
    feed_routes,
    hand_over_routes,
    hold_routes,
)
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import AfterNo, NotStarted
from shared.deadlines.in_words import Language
from shared.http.access import Asker
from shared.http.openapi import READ, SEEN
from shared.http.problems import not_found
from shared.service import runtime_of

router = APIRouter(tags=["control"])


@router.get("/v1/agreements/{agreement_id}", responses=SEEN, **READ)
async def read_agreement(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> AgreementView:
    """Returns the course of an agreement, and why its deadlines are what they are (R23, R27)."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, COURSE, agreement_id)
    if isinstance(state, NotStarted | AfterNo):
        raise not_found()
    response.headers.update(headers)
    return view(state, visible, language)


for subject in (
    documentation_routes,
    booking_routes,
    proposal_routes,
    control_routes,
    change_routes,
    hearing_and_order_routes,
    advice_routes,
    reference_routes,
    why_routes,
    preview_routes,
    people_routes,
    calendar_routes,
    hand_over_routes,
    exchange_routes,
    at_risk_routes,
    hold_routes,
    feed_routes,
    matter_routes,
):
    router.include_router(subject.router)
