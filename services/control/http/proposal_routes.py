"""What could save a visit, over HTTP: the system proposes, and a person takes (R17, R18, R21)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.control.http.run_command import perform_prepared
from services.control.lookups.visits_saved import by_phone, joining, proposals_for
from services.control.rules.course_decider import COURSE, Command, require_running
from services.control.rules.phases import NotStarted, Running, State
from shared.contracts.vocabulary import ProposalKind
from shared.http.access import AUTHORITY, Asker
from shared.http.bodies import Body
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE, READ, problems
from shared.http.problems import not_found
from shared.policy.policy import Policy
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class ProposalView(BaseModel):
    """R18, R21: a way to control a place with a visit less."""

    kind: Annotated[ProposalKind, Field(description="A meeting becomes the control once it is held (R21).")]
    place_id: Annotated[UUID, Field(description="R19: which place of the agreement would be controlled so.")]
    visit_id: Annotated[UUID, Field(description="The meeting or visit that stands anyway, or was held recently.")]
    day: Annotated[date | None, Field(description="Of that visit; null where it was held already.")]
    announced: Annotated[bool, Field(description="R18: whether the company was told of that visit.")]
    reported_back: Annotated[bool, Field(description="R21: whether the company has said that it is done.")]


class Proposals(BaseModel):
    """R18, R21: what could save a visit now."""

    proposals: Annotated[list[ProposalView], Field(description="Each changes nothing until a person takes it.")]


class JoinedVisit(Body):
    """R17: the control comes along with another visit to the same unit."""

    place_id: UUID | None = None
    """R19: which place; the one where the matter arose, where none is named."""
    visit_id: UUID


class ControlByPhone(Body):
    """R18: the control is held by phone, on its day."""

    place_id: UUID | None = None
    """R19: which place; the one where the matter arose, where none is named."""


@router.get("/v1/agreements/{agreement_id}/proposals", responses=problems(400, 404), **READ)
async def read_proposals(agreement_id: UUID, request: Request, asker: Asker) -> Proposals:
    """Returns what could save a visit, for the authority alone: it tells of hidden visits (R18)."""
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    state, _, _ = await runtime.gate.read(request, asker, COURSE, agreement_id)
    if isinstance(state, NotStarted):
        raise not_found()
    now = runtime.clock.now()
    found = await proposals_for(runtime, state, now, runtime.policies.at(now)) if isinstance(state, Running) else ()
    return Proposals(proposals=[ProposalView.model_validate(one, from_attributes=True) for one in found])


@router.post("/v1/agreements/{agreement_id}/proposals/joined-visit", **CHANGE)
async def join_visit(agreement_id: UUID, body: JoinedVisit, request: Request, asker: Asker) -> Response:
    """Books a hidden control on the day of another visit to its unit, if that one still stands (R17, R18)."""

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        course = require_running("R17", state)
        place = body.place_id or agreement_id
        command, guard = await joining(runtime_of(request), course, place, body.visit_id, at, policy)
        return Prepared(command, guards=[guard])

    return await perform_prepared(request, asker, agreement_id, prepare)


@router.post("/v1/agreements/{agreement_id}/proposals/by-phone", **CHANGE)
async def control_by_phone(agreement_id: UUID, body: ControlByPhone, request: Request, asker: Asker) -> Response:
    """Makes a booked control one by phone, because the inspector was at the company a short while ago (R18)."""

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        course = require_running("R18", state)
        return Prepared(await by_phone(runtime_of(request), course, body.place_id or agreement_id, at, policy))

    return await perform_prepared(request, asker, agreement_id, prepare)
