"""Keeps places in a calendar free for a guidance meeting, over HTTP: guidance asks with the inspector's token (R12)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.control.lookups.holding_places import AskedPlaces, holding
from services.control.rules.course_decider import COURSE
from shared.contracts.control import PlacesHeld
from shared.contracts.vocabulary import ContactForm, MeetingTime, Span
from shared.eventstore.commands import Decision, read
from shared.http.access import Asker, operation_of
from shared.http.bodies import Body
from shared.http.field_types import Day
from shared.http.openapi import CHANGE_OF_SEVERAL
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])


class HoldBody(Body):
    """R12: for which meeting places are kept free."""

    meeting_id: UUID
    agreement_id: UUID
    form: ContactForm
    first: Day
    last: Day
    places: Annotated[int, Field(ge=1, le=3)] = 3


class HeldPlaces(BaseModel):
    """R12: the times at which the inspector can hold the meeting."""

    meeting_id: UUID
    dry_run: Annotated[bool, Field(description="Whether nothing was recorded.")]
    possible: Annotated[int, Field(description="On how many of the days the meeting had a place.")]
    places: Annotated[list[MeetingTime], Field(description="Kept free, in order; none in a dry run (R18).")]
    expires_at: Annotated[datetime, Field(description="From when on they are free again if nothing is heard.")]


@router.post("/v1/holds", **CHANGE_OF_SEVERAL, response_model=HeldPlaces)
async def hold_places(body: HoldBody, request: Request, asker: Asker) -> Response:
    """Draws up to three times in the calendar of the responsible inspector, and keeps them free for a meeting (R12).

    The company's own hidden visits do not influence which times are drawn; one that is in the way moves (R18).
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()
    responsible = COURSE.responsible((await read(runtime.store, COURSE, body.agreement_id)).state)
    await runtime.gate.require_relation(operation_of(request), asker, responsible, now)
    asked = AskedPlaces(
        at=now,
        policy=runtime.policies.at(now),
        meeting_id=body.meeting_id,
        agreement_id=body.agreement_id,
        form=body.form,
        days=Span(first=body.first, last=body.last),
        places=body.places,
        by=asker.subject,
        responsible=responsible,
    )
    return await runtime.gate.perform_together(
        request,
        asker,
        lambda: holding(runtime, asked),
        _answer,
        at=now,
        on_behalf_of=asker.acts_for(responsible),
    )


def _answer(decided: Sequence[Decision[Any]], dry_run: bool) -> Response:
    held = next(event for one in decided for event in one.events if isinstance(event, PlacesHeld))
    told = HeldPlaces(
        meeting_id=held.meeting_id,
        dry_run=dry_run,
        possible=held.possible,
        places=[] if dry_run else [MeetingTime.model_validate(place.model_dump()) for place in held.places],
        expires_at=held.expires_at,
    )
    return Response(told.model_dump_json(), media_type="application/json")
