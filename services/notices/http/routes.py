"""The HTTP interface of notices: what was told of a case, for the authority (R29)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.notices.http import again_routes, choice_routes, erasing_routes, feed_routes, portal_routes, text_routes
from services.notices.http.views import NoticesView, told_of
from services.notices.rules.case_decider import NOTICES
from services.notices.rules.phases import Unfollowed
from shared.http.access import AUTHORITY, Asker
from shared.http.openapi import READ, SEEN
from shared.http.problems import not_found
from shared.service import runtime_of

router = APIRouter(tags=["notices"])
router.include_router(again_routes.router)
router.include_router(choice_routes.router)
router.include_router(erasing_routes.router)
router.include_router(feed_routes.router)
router.include_router(portal_routes.router)
router.include_router(text_routes.router)


@router.get("/v1/notices/agreements/{agreement_id}", responses=SEEN, **READ)
async def read_notices(agreement_id: UUID, request: Request, response: Response, asker: Asker) -> NoticesView:
    """Returns what was told of a case, to whom and when, and what is due (R29). For the authority only."""
    asker.require_role(*AUTHORITY)
    state, visible, headers = await runtime_of(request).gate.read(request, asker, NOTICES, agreement_id)
    if isinstance(state, Unfollowed):
        raise not_found()
    response.headers.update(headers)
    return NoticesView(
        agreement_id=agreement_id,
        inspector=state.inspector,
        matters=told_of([recorded.event for recorded in visible]),
    )
