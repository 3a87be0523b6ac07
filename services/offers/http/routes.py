"""The HTTP interface of offers: to read them, and the ways to change them, by subject."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.offers.http import answer_routes, held_unit_routes, people_and_time_routes, portal_routes, sending_routes
from services.offers.http.views import OfferView, view
from services.offers.lookups.named_in_letter import named_in
from services.offers.lookups.preconditions import register
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import Unsent
from services.offers.rules.quarantine import legal_entity_stream, unit_stream
from shared.deadlines.in_words import Language
from shared.http.access import Asker
from shared.http.openapi import READ, SEEN, problems
from shared.http.problems import not_found
from shared.reference.identifiers import Cvr, PNumber
from shared.service import runtime_of

router = APIRouter(tags=["offers"])


class QuarantineView(BaseModel):
    """R22: a quarantine that stands."""

    because_of: UUID
    cvr: str
    p_number: str | None
    ends_at: datetime


@router.get("/v1/offers/{agreement_id}", responses=SEEN, **READ)
async def read_offer(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> OfferView:
    """The offer, with the letter and why its deadline is what it is (R1, R23, R27)."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, OFFER, agreement_id)
    if isinstance(state, Unsent):
        raise not_found()
    response.headers.update(headers)
    return view(state, visible, language, await named_in(runtime_of(request), state.sent))


@router.get("/v1/quarantines", responses=problems(400, 404), **READ)
async def read_quarantines(
    request: Request, asker: Asker, cvr: Annotated[Cvr, Query()], p_number: Annotated[PNumber, Query()]
) -> list[QuarantineView]:
    """R8, R22: the quarantines that stand for a unit now, its own and those of its whole legal entity.

    The authority sees those too that a unit has from a former legal entity; a company sees only its own.
    """
    asker.require_company(cvr)
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request, asker)
    now = runtime.clock.now()
    standing = [
        one
        for stream in (unit_stream(p_number), legal_entity_stream(cvr))
        for one in (await register(runtime, stream))[0]
    ]
    return [
        QuarantineView(because_of=one.agreement_id, cvr=one.cvr, p_number=one.p_number, ends_at=one.ends_at)
        for one in standing
        if one.ends_at > now and asker.may_see_company(one.cvr)
    ]


for subject in (sending_routes, portal_routes, answer_routes, people_and_time_routes, held_unit_routes):
    router.include_router(subject.router)
