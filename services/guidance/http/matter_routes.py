"""What notices ask of guidance before somebody is told: whether a matter stands (R29)."""

from uuid import UUID

from fastapi import APIRouter, Request

from services.guidance.rules.guidance_decider import GUIDANCE
from services.guidance.rules.matters import standing
from shared.contracts.notices import Occasion
from shared.eventstore.commands import read
from shared.http.access import Asker
from shared.http.matters import AboutMatter, MatterView, matter_view
from shared.http.openapi import problems
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["notices"])


@router.get("/v1/guidance/{agreement_id}/matters/{occasion}", responses=problems(404))
async def read_matter(
    agreement_id: UUID, occasion: Occasion, request: Request, asker: Asker, about: AboutMatter = ""
) -> MatterView:
    """Returns whether a matter of guidance still stands, for notices only (R29)."""
    asker.require_role(Role.NOTICES)
    known = await read(runtime_of(request).store, GUIDANCE, agreement_id)
    return matter_view(standing(known.state, occasion, about), known.version)
