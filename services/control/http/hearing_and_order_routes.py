"""The HTTP interface of what follows: hearing and orders after a breach, inspection and result after a no (R7, R22)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.control.http.after_offer_not_accepted_view import AfterNoView, view_after_no
from services.control.http.run_command import perform, perform_prepared
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.rules.after_breach import AnswerHearing, NoteOralAnswer, RequestOrder
from services.control.rules.after_offer_not_accepted import BookInspection, ConcludeInvestigation
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.order_requests import ResendOrderRequest
from services.control.rules.phases import AfterNo, State
from shared.contracts.control import InspectionPlan, InvestigationReport
from shared.eventstore.randomness import random_id
from shared.http.access import AUTHORITY, Asker
from shared.http.bodies import Body, FreeText, Participants, TextForCompany, TextOfTheAuthority, told
from shared.http.commands import Prepared
from shared.http.field_types import Day, Instant
from shared.http.openapi import CHANGE, READ, SEEN
from shared.http.problems import not_found
from shared.policy.policy import Policy
from shared.reference.identifiers import LateReason
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class HearingAnswer(Body):
    """R22: what the company says to the intended order."""

    answer: FreeText


class OralHearingAnswer(HearingAnswer):
    """R22: the same where it was said, as somebody at the authority writes it down."""

    said_at: Instant | None = None
    """Now, where it is left out."""
    participants: Annotated[Participants, Field(min_length=1)]
    """Roles of those who said it."""


class OrderRequest(Body):
    """R22: why an order is asked for."""

    reasons: TextForCompany


class InspectionDay(Body, InspectionPlan):
    """R7: the day of the inspection that resumes the investigation."""

    day: Day
    late_reason: LateReason | None = None


class InvestigationResult(Body, InvestigationReport):
    """R7: what that inspection ended in."""

    held_at: Instant | None = None
    """Now, where it is left out."""
    findings: TextOfTheAuthority | None = None
    minutes_spent: Annotated[int | None, Field(ge=0, le=10_000)] = None


@router.post("/v1/agreements/{agreement_id}/hearing-answer", **CHANGE)
async def answer_hearing(agreement_id: UUID, body: HearingAnswer, request: Request, asker: Asker) -> Response:
    """Records the company's answer before the order (R22)."""
    return await perform(
        request, asker, agreement_id, lambda at, policy: AnswerHearing(at=at, person=asker.subject, answer=body.answer)
    )


@router.post("/v1/agreements/{agreement_id}/oral-hearing-answer", **CHANGE)
async def note_oral_answer(agreement_id: UUID, body: OralHearingAnswer, request: Request, asker: Asker) -> Response:
    """Records what the company said before the order, where it need not answer in writing (R22)."""

    def command(at: datetime, _: Policy) -> Command:
        return NoteOralAnswer(
            at=at, noted_by=asker.subject, said_at=body.said_at, participants=body.participants, answer=body.answer
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/order-request", **CHANGE)
async def request_order(agreement_id: UUID, body: OrderRequest, request: Request, asker: Asker) -> Response:
    """Asks the order system for an order with deadline at every breaching unit (R22)."""
    request_id = uuid7()

    def command(at: datetime, policy: Policy) -> Command:
        return RequestOrder(at=at, policy=policy, request_id=request_id, inspector=asker.subject, reasons=body.reasons)

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/order-requests/{request_id}/resending", **CHANGE)
async def resend_order_request(agreement_id: UUID, request_id: UUID, request: Request, asker: Asker) -> Response:
    """Asks again, under the same id, for an order that was not issued (R7, R22)."""
    return await perform(
        request,
        asker,
        agreement_id,
        lambda at, policy: ResendOrderRequest(at=at, policy=policy, request_id=request_id, by=asker.subject),
    )


@router.get("/v1/agreements/{agreement_id}/after-no", responses=SEEN, **READ)
async def read_after_no(agreement_id: UUID, request: Request, response: Response, asker: Asker) -> AfterNoView:
    """Returns what follows an offer that was not accepted (R7); no company sees it."""
    asker.require_role(*AUTHORITY)
    state, visible, headers = await runtime_of(request).gate.read(request, asker, COURSE, agreement_id)
    if not isinstance(state, AfterNo):
        raise not_found()
    response.headers.update(headers)
    return view_after_no(state, visible)


@router.post("/v1/agreements/{agreement_id}/new-inspection", **CHANGE)
async def book_inspection(agreement_id: UUID, body: InspectionDay, request: Request, asker: Asker) -> Response:
    """Books the day that the inspector chooses for resuming the investigation (R7)."""
    runtime = runtime_of(request)
    inspection_id = random_id(runtime.random_source)

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        inspector = state.inspector if isinstance(state, AfterNo) else asker.subject
        calendar = await calendar_of(runtime, inspector, policy)
        if isinstance(state, AfterNo) and state.booking is not None:
            calendar.give_up(state.booking)
        command = BookInspection(
            at=at,
            policy=policy,
            inspection_id=inspection_id,
            place=calendar.place_on(body.day),
            told=told(InspectionPlan, body),
        )
        return Prepared(command)

    return await perform_prepared(request, asker, agreement_id, prepare)


@router.post("/v1/agreements/{agreement_id}/investigation-result", **CHANGE)
async def conclude_investigation(
    agreement_id: UUID, body: InvestigationResult, request: Request, asker: Asker
) -> Response:
    """Records how the resumed investigation ended: an order, a spread offer, or no violation (R7)."""
    request_id = uuid7()

    def command(at: datetime, policy: Policy) -> Command:
        return ConcludeInvestigation(
            at=at,
            policy=policy,
            held_at=body.held_at or at,
            inspector=asker.subject,
            request_id=request_id,
            told=told(InvestigationReport, body),
        )

    return await perform(request, asker, agreement_id, command)
