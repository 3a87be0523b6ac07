"""The HTTP interface of guidance."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from uuid_utils.compat import uuid7

from services.guidance import guidance
from services.guidance.guidance import GUIDANCE, State
from shared.contracts.guidance import GuidanceHeld
from shared.contracts.vocabulary import ContactForm, Involvement
from shared.deadlines.deadline import Language
from shared.http.access import Asker
from shared.http.bodies import Body, Code, FreeText
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE, CHANGED, READ, SEEN
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["guidance"])


class Offer(Body):
    """R12: in what form guidance is offered, by the inspector's judgement."""

    form: ContactForm


class Answer(Body):
    """R12: the company may say no."""

    accepted: bool
    reason: Code | None = None
    """R36: optional coded reason for a no; decides nothing."""


class Meeting(Body):
    """R12, R33: a meeting that took place."""

    form: ContactForm
    held_at: AwareDatetime | None = None
    """Now, where it is left out."""
    participants: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    """Roles that took part, e.g. `manager`, `safety_representative`."""
    involvement: Involvement = Involvement()
    minutes_spent: Annotated[int | None, Field(ge=0, le=10_000)] = None
    usefulness: Annotated[int | None, Field(ge=1, le=5)] = None
    summary: FreeText | None = None


class MeetingView(BaseModel):
    """A meeting as the asker may see it."""

    meeting_id: UUID
    form: ContactForm
    held_at: datetime
    participants: tuple[str, ...]
    involvement: Involvement
    summary: str | None


class GuidanceView(BaseModel):
    """R12: where guidance stands."""

    agreement_id: UUID
    status: str
    due: datetime | None
    """Exclusive: guidance offered before this instant is in time. Hidden from the company."""
    why: str | None
    """R27: how that was computed."""
    meetings: list[MeetingView]


@router.post("/v1/guidance/{agreement_id}/offer", responses=CHANGED, dependencies=[CHANGE])
async def offer_guidance(agreement_id: UUID, body: Offer, request: Request, asker: Asker) -> Response:
    """The inspector offers guidance (R12)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    command = guidance.OfferGuidance(at=now, form=body.form, inspector=asker.subject)
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/answer", responses=CHANGED, dependencies=[CHANGE])
async def answer_guidance(agreement_id: UUID, body: Answer, request: Request, asker: Asker) -> Response:
    """The company says yes or no to guidance (R12)."""
    asker.require_role(Role.COMPANY)
    now = runtime_of(request).clock.now()
    command = guidance.AnswerGuidance(at=now, accepted=body.accepted, reason=body.reason)
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/meetings", responses=CHANGED, dependencies=[CHANGE])
async def record_meeting(agreement_id: UUID, body: Meeting, request: Request, asker: Asker) -> Response:
    """The inspector records a meeting, offered or informal (R12, R33)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    command = guidance.RecordMeeting(
        at=now,
        meeting_id=uuid7(),
        form=body.form,
        held_at=body.held_at or now,
        inspector=asker.subject,
        participants=body.participants,
        involvement=body.involvement,
        minutes_spent=body.minutes_spent,
        usefulness=body.usefulness,
        summary=body.summary,
    )
    return await _perform(request, asker, agreement_id, command, now)


@router.get("/v1/guidance/{agreement_id}", responses=SEEN, dependencies=[READ])
async def read_guidance(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> GuidanceView:
    """Where guidance stands, and the meetings that were held."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, GUIDANCE, agreement_id)
    response.headers.update(headers)
    held = [recorded.event for recorded in visible if isinstance(recorded.event, GuidanceHeld)]
    due = guidance.due_of(state)
    return GuidanceView(
        agreement_id=agreement_id,
        status=guidance.how_it_stands(state),
        due=due.ends_at if due else None,
        why=due.explain(language) if due else None,
        meetings=[MeetingView.model_validate(meeting.model_dump()) for meeting in held],
    )


async def _perform(
    request: Request, asker: Asker, agreement_id: UUID, command: guidance.Command, at: datetime
) -> Response:
    async def prepare(_: State) -> Prepared[State, guidance.Command]:
        return Prepared(command)

    return await runtime_of(request).gate.perform(request, asker, GUIDANCE, agreement_id, prepare, at=at)
