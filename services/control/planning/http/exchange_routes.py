"""Exchanges two visits over HTTP (R17, R18)."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.control.lookups.exchanging_visits import Exchange, NamedVisit, exchanging
from services.control.rules.course_decider import COURSE
from shared.eventstore.commands import Decision, read
from shared.http.access import Asker, Viewer, operation_of
from shared.http.bodies import Body, TextForCompany
from shared.http.commands import RecordedFact, recorded_fact
from shared.http.openapi import CHANGE_OF_SEVERAL
from shared.reference.identifiers import LateReason
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])


class VisitOfAgreement(Body):
    """R17: a booked visit, as the calendar showed it."""

    agreement_id: UUID
    visit_id: UUID


class ExchangeBody(Body):
    """R17: two visits of one or two inspectors, each of which gets the day of the other."""

    one: VisitOfAgreement
    other: VisitOfAgreement
    late_reason: LateReason | None = None
    reason: TextForCompany | None = None


class MovedVisit(BaseModel):
    """R17: what was recorded, or would be, on the agreement of one of the visits."""

    agreement_id: UUID
    recorded: Annotated[list[RecordedFact], Field(description="Its facts, without private parts.")]


class ExchangedVisits(BaseModel):
    """R17: the result of an exchange."""

    dry_run: Annotated[bool, Field(description="Whether nothing was recorded.")]
    moved: Annotated[list[MovedVisit], Field(description="Of both visits.")]


@router.post("/v1/calendar/exchange", **CHANGE_OF_SEVERAL, response_model=ExchangedVisits)
async def exchange_visits(body: ExchangeBody, request: Request, asker: Asker) -> Response:
    """Exchanges the days of two visits at once, or neither; each stays in the calendar of its inspector (R17, R18).

    An announced visit is moved only with a reason; the company is told of the new day and of the reason.
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()
    asked = Exchange(
        one=NamedVisit(body.one.agreement_id, body.one.visit_id),
        other=NamedVisit(body.other.agreement_id, body.other.visit_id),
        at=now,
        policy=runtime.policies.at(now),
        late_reason=body.late_reason,
        reason=body.reason,
    )
    responsible = [
        COURSE.responsible((await read(runtime.store, COURSE, named.agreement_id)).state)
        for named in (body.one, body.other)
    ]
    for one in responsible:
        await runtime.gate.require_relation(operation_of(request), asker, one, now)
    behalf = next((colleague for one in responsible if (colleague := asker.acts_for(one)) is not None), None)

    return await runtime.gate.perform_together(
        request,
        asker,
        lambda: exchanging(runtime, asked),
        lambda decided, dry: _answer(asker, decided, dry=dry),
        at=now,
        on_behalf_of=behalf,
    )


def _answer(asker: Viewer, decided: Sequence[Decision[Any]], *, dry: bool) -> Response:
    moved = [
        {
            "agreement_id": one.stream,
            "recorded": [recorded_fact(asker, event, dry_run=dry) for event in one.events],
        }
        for one in decided
    ]
    return Response(orjson.dumps({"dry_run": dry, "moved": moved}), media_type="application/json")
