"""Routes that record and correct the time that inspectors spent on a case (R30, R37)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.offers.http.run_command import perform
from services.offers.rules.time_spent import CorrectTime, SpendTime
from shared.contracts.offers import SpentTime
from shared.deadlines.copenhagen import local_day
from shared.http.access import Asker
from shared.http.bodies import Body, TextOfTheAuthority, told
from shared.http.field_types import Day
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()


class Time(Body, SpentTime):
    """R37: what an inspector's time went into."""

    minutes: Annotated[int, Field(ge=1, le=10_000)]
    on_day: Day | None = None
    """Today, where it is left out."""


class CorrectedTime(Body, SpentTime):
    """R30, R37: what the time really went into, and why something else was recorded."""

    minutes: Annotated[int, Field(ge=0, le=10_000)]
    """0 takes the entry back."""
    on_day: Day | None = None
    """As it was told, where it is left out."""
    reason: TextOfTheAuthority


@router.post("/v1/offers/{agreement_id}/time", **CHANGE)
async def spend_time(agreement_id: UUID, body: Time, request: Request, asker: Asker) -> Response:
    """Records the time that was spent on an agreement, by phase (R37)."""
    now = runtime_of(request).clock.now()
    command = SpendTime(
        at=now,
        entry_id=uuid7(),
        inspector=asker.subject,
        on_day=body.on_day or local_day(now),
        told=told(SpentTime, body),
    )
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/time/{entry_id}/correction", **CHANGE)
async def correct_time(
    agreement_id: UUID, entry_id: UUID, body: CorrectedTime, request: Request, asker: Asker
) -> Response:
    """Corrects time that was recorded wrongly, or revokes it with 0 minutes (R30, R37)."""
    now = runtime_of(request).clock.now()
    command = CorrectTime(
        at=now,
        entry_id=entry_id,
        by=asker.subject,
        on_day=body.on_day,
        told=told(SpentTime, body),
        reason=body.reason,
    )
    return await perform(request, asker, agreement_id, command, now)
