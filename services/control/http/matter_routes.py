"""What notices ask of control before somebody is told: whether a matter stands (R29)."""

from uuid import UUID

from fastapi import APIRouter, Request

from services.control.rules.course_decider import COURSE
from services.control.rules.matters import day_of_control, standing
from shared.contracts.matters import StandingMatter
from shared.contracts.notices import Occasion
from shared.http.access import Asker
from shared.http.matters import AboutMatter, MatterView, matter_view
from shared.http.openapi import problems
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["notices"])


@router.get("/v1/agreements/{agreement_id}/matters/{occasion}", responses=problems(404))
async def read_matter(
    agreement_id: UUID, occasion: Occasion, request: Request, asker: Asker, about: AboutMatter = ""
) -> MatterView:
    """Returns whether a matter of the course still stands, for notices only (R29)."""
    asker.require_role(Role.NOTICES)
    loaded = await runtime_of(request).store.load(agreement_id)
    events = [recorded.event.public_form() for recorded in loaded.events]
    matter = standing(COURSE.fold(events), occasion, about)
    if matter is not None and occasion is Occasion.CONTROL_CANCELLED:
        matter = StandingMatter(day=day_of_control(events, about))
    return matter_view(matter, loaded.version)
