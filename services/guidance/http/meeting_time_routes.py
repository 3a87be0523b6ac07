"""Times for a guidance meeting over HTTP: the inspector offers them, the company chooses one (R12)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Request, Response
from pydantic import Field, TypeAdapter

from services.guidance.rules.appointments import CancelMeeting, ChooseTime, OfferTimes, refuse_times
from services.guidance.rules.guidance_decider import GUIDANCE, Command
from services.guidance.rules.phases import State
from shared.contracts.vocabulary import ContactForm, MeetingCancelCause, MeetingTime
from shared.http.access import Asker
from shared.http.bodies import Body, TextForCompany
from shared.http.commands import Prepared, is_dry_run
from shared.http.field_types import Day
from shared.http.openapi import CHANGE
from shared.http.other_services import ask
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter(tags=["guidance"])
_TIMES = TypeAdapter(tuple[MeetingTime, ...])


class MeetingTimes(Body):
    """R12: between which days times are drawn in the calendar of the responsible inspector, both included."""

    form: ContactForm
    first: Day
    last: Day
    times: Annotated[int, Field(ge=1, le=3)] = 3


class Choice(Body):
    """R12: the time that the company takes."""

    number: Annotated[int, Field(ge=1)]


class Cancellation(Body):
    """R12: why the meeting falls away, in words for the other side."""

    reason: TextForCompany | None = None


@router.post("/v1/guidance/{agreement_id}/meeting-times", **CHANGE)
async def offer_meeting_times(agreement_id: UUID, body: MeetingTimes, request: Request, asker: Asker) -> Response:
    """Offers the company up to three times for a meeting; control keeps them free meanwhile (R12)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    key = request.headers.get("Idempotency-Key")
    dry_run = is_dry_run(request)
    # A request that is repeated after a crash between the two services finds the places that it held before.
    meeting_id = uuid5(agreement_id, f"meeting/{asker.subject}/{key}")

    async def prepare(state: State) -> Prepared[State, Command]:
        refuse_times(state)
        wanted = {
            "meeting_id": str(meeting_id),
            "agreement_id": str(agreement_id),
            "form": body.form,
            "first": body.first.isoformat(),
            "last": body.last.isoformat(),
            "places": body.times,
        }
        key_of_hold = None if dry_run else f"hold/{meeting_id}"
        held: dict[str, Any] = await ask("control", "POST", "/v1/holds", request.headers, wanted, key_of_hold)
        command = OfferTimes(
            at=now,
            policy=runtime.policies.at(now),
            meeting_id=meeting_id,
            by=asker.subject,
            form=body.form,
            times=_TIMES.validate_python(held["places"]),
            kept_free_until=datetime.fromisoformat(held["expires_at"]),
        )
        return Prepared(command)

    return await runtime.gate.perform(request, asker, GUIDANCE, agreement_id, prepare, at=now)


@router.post("/v1/guidance/{agreement_id}/meeting-times/{meeting_id}/choice", **CHANGE)
async def choose_meeting_time(
    agreement_id: UUID, meeting_id: UUID, body: Choice, request: Request, asker: Asker
) -> Response:
    """Books the meeting at the time that the company chose (R12)."""
    now = runtime_of(request).clock.now()

    async def prepare(_: State) -> Prepared[State, Command]:
        return Prepared(ChooseTime(at=now, meeting_id=meeting_id, number=body.number))

    return await runtime_of(request).gate.perform(request, asker, GUIDANCE, agreement_id, prepare, at=now)


@router.post("/v1/guidance/{agreement_id}/meeting-times/{meeting_id}/cancellation", **CHANGE)
async def cancel_meeting(
    agreement_id: UUID, meeting_id: UUID, body: Cancellation, request: Request, asker: Asker
) -> Response:
    """Cancels the meeting: the authority withdraws it, or none of the times suits the company (R12)."""
    now = runtime_of(request).clock.now()
    by_company = asker.role is Role.COMPANY
    cause = MeetingCancelCause.NONE_SUITS if by_company else MeetingCancelCause.WITHDRAWN

    async def prepare(_: State) -> Prepared[State, Command]:
        return Prepared(CancelMeeting(at=now, meeting_id=meeting_id, cause=cause, reason=body.reason))

    return await runtime_of(request).gate.perform(request, asker, GUIDANCE, agreement_id, prepare, at=now)
