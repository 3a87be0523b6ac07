"""The HTTP interface of guidance."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from uuid_utils.compat import uuid7

from services.guidance.http import matter_routes, meeting_time_routes
from services.guidance.http.views import GuidanceView, view
from services.guidance.rules.guidance_decider import GUIDANCE, Command
from services.guidance.rules.meetings import CorrectMeeting, RateUsefulness, RecordMeeting
from services.guidance.rules.offering import AnswerGuidance, OfferGuidance
from services.guidance.rules.phases import State
from services.guidance.rules.understanding import AskWhetherUnderstood, CorrectUnderstanding
from shared.contracts.guidance import (
    FirstMeetingReport,
    FirstUnderstandingReport,
    MeetingReport,
    OfferedGuidance,
    UnderstandingReport,
)
from shared.contracts.vocabulary import NOT_ASKED, Side
from shared.deadlines.in_words import Language
from shared.http.access import Asker
from shared.http.bodies import Body, Participants, Purposes, TextForCompany, TextOfTheAuthority, ToldInvolvement, told
from shared.http.commands import Prepared
from shared.http.field_types import Instant
from shared.http.openapi import CHANGE, READ, SEEN
from shared.reference.identifiers import GuidanceDeclineReason
from shared.service import runtime_of

router = APIRouter(tags=["guidance"])
router.include_router(meeting_time_routes.router)
router.include_router(matter_routes.router)
Minutes = Annotated[int | None, Field(ge=0, le=10_000)]


class UnderstandingBody(Body, UnderstandingReport):
    """R5: what is told of a contact about an unanswered offer."""

    participants: Participants = ()
    minutes_spent: Minutes = None
    summary: TextForCompany | None = None


class Understanding(UnderstandingBody, FirstUnderstandingReport):
    """R5: what came of a contact about an unanswered offer."""

    held_at: Instant | None = None
    """Now, where it is left out."""
    initiated_by: Side = Side.AUTHORITY


class CorrectedUnderstanding(UnderstandingBody):
    """R30: how a contact about the offer really was, and why something else was recorded."""

    held_at: Instant
    reason: TextOfTheAuthority


class Offer(Body, OfferedGuidance):
    """R12: in what form guidance is offered, by the inspector's judgement."""

    involvement: ToldInvolvement = NOT_ASKED


class Answer(Body):
    """R12: the company may say no."""

    accepted: bool
    reason: GuidanceDeclineReason | None = None
    """R36: optional coded reason for a no; decides nothing."""

    @model_validator(mode="after")
    def _no_reason_for_a_yes(self) -> Self:
        if self.accepted and self.reason is not None:
            raise PydanticCustomError("reason_for_yes", "A yes to guidance has no coded reason", {"rule": "R36"})
        return self


class MeetingBody(Body, MeetingReport):
    """R12, R33: what is told of a meeting."""

    participants: Participants = ()
    involvement: ToldInvolvement = NOT_ASKED
    minutes_spent: Minutes = None
    purposes: Purposes = ()
    summary: TextForCompany | None = None


class Meeting(MeetingBody, FirstMeetingReport):
    """R12, R33: a meeting or an informal contact that took place."""

    held_at: Instant | None = None
    """Now, where it is left out."""
    usefulness: Annotated[int | None, Field(ge=1, le=5)] = None
    booked_as: UUID | None = None
    """R12: the id of the booked meeting that this was; it is not booked any more then."""


class CorrectedMeeting(MeetingBody):
    """R30: how a meeting really was, and why something else was recorded."""

    held_at: Instant
    reason: TextOfTheAuthority


class Usefulness(Body):
    """R12: how useful the company found it, 1 to 5."""

    usefulness: Annotated[int, Field(ge=1, le=5)]


@router.post("/v1/guidance/{agreement_id}/understanding", **CHANGE)
async def ask_whether_understood(agreement_id: UUID, body: Understanding, request: Request, asker: Asker) -> Response:
    """Records what the company answered when asked whether it received and understood the offer (R5)."""
    now = runtime_of(request).clock.now()
    command = AskWhetherUnderstood(
        at=now,
        contact_id=uuid7(),
        inspector=asker.subject,
        held_at=body.held_at or now,
        told=told(FirstUnderstandingReport, body),
    )
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/understanding/{contact_id}/correction", **CHANGE)
async def correct_understanding(
    agreement_id: UUID, contact_id: UUID, body: CorrectedUnderstanding, request: Request, asker: Asker
) -> Response:
    """Corrects a contact about the offer that was recorded wrongly (R5, R30)."""
    now = runtime_of(request).clock.now()
    command = CorrectUnderstanding(
        at=now,
        contact_id=contact_id,
        by=asker.subject,
        held_at=body.held_at,
        told=told(UnderstandingReport, body),
        reason=body.reason,
    )
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/offer", **CHANGE)
async def offer_guidance(agreement_id: UUID, body: Offer, request: Request, asker: Asker) -> Response:
    """Records that the inspector offers guidance (R12)."""
    now = runtime_of(request).clock.now()
    command = OfferGuidance(at=now, inspector=asker.subject, told=told(OfferedGuidance, body))
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/answer", **CHANGE)
async def answer_guidance(agreement_id: UUID, body: Answer, request: Request, asker: Asker) -> Response:
    """Records the company's yes or no to guidance (R12)."""
    now = runtime_of(request).clock.now()
    command = AnswerGuidance(at=now, accepted=body.accepted, reason=body.reason)
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/meetings", **CHANGE)
async def record_meeting(agreement_id: UUID, body: Meeting, request: Request, asker: Asker) -> Response:
    """Records the inspector's report of a meeting, offered or informal (R12, R33)."""
    now = runtime_of(request).clock.now()
    command = RecordMeeting(
        at=now,
        meeting_id=uuid7(),
        inspector=asker.subject,
        held_at=body.held_at or now,
        told=told(FirstMeetingReport, body),
        booked_as=body.booked_as,
    )
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/meetings/{meeting_id}/correction", **CHANGE)
async def correct_meeting(
    agreement_id: UUID, meeting_id: UUID, body: CorrectedMeeting, request: Request, asker: Asker
) -> Response:
    """Corrects a meeting that was recorded wrongly (R30)."""
    now = runtime_of(request).clock.now()
    command = CorrectMeeting(
        at=now,
        meeting_id=meeting_id,
        by=asker.subject,
        held_at=body.held_at,
        told=told(MeetingReport, body),
        reason=body.reason,
    )
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/guidance/{agreement_id}/meetings/{meeting_id}/usefulness", **CHANGE)
async def rate_usefulness(
    agreement_id: UUID, meeting_id: UUID, body: Usefulness, request: Request, asker: Asker
) -> Response:
    """Records how useful a meeting was, if the company wishes to say so (R12)."""
    now = runtime_of(request).clock.now()
    command = RateUsefulness(at=now, meeting_id=meeting_id, by=asker.subject, usefulness=body.usefulness)
    return await _perform(request, asker, agreement_id, command, now)


@router.get("/v1/guidance/{agreement_id}", responses=SEEN, **READ)
async def read_guidance(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> GuidanceView:
    """Returns the status of guidance, the contacts about the offer, and the meetings that were held."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, GUIDANCE, agreement_id)
    response.headers.update(headers)
    return view(agreement_id, state, visible, language)


async def _perform(request: Request, asker: Asker, agreement_id: UUID, command: Command, at: datetime) -> Response:
    async def prepare(_: State) -> Prepared[State, Command]:
        return Prepared(command)

    return await runtime_of(request).gate.perform(request, asker, GUIDANCE, agreement_id, prepare, at=at)
