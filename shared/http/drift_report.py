"""Operators' path that compares timers and reservations with what the deciders want. No personal data."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from shared.eventstore.timer_and_reservation_drift import Drift, drift_of, streams_after
from shared.http.access import Asker
from shared.http.tokens import Role

router = APIRouter(tags=["operations"])
LARGEST_PAGE = 1000


class WantedTimer(BaseModel):
    """A timer that is missing, or armed for another time."""

    name: str
    due: datetime


class DriftedStream(BaseModel):
    """A stream whose timers or reservations differ from what its deciders want."""

    stream: UUID
    missing_timers: list[WantedTimer]
    needless_timers: list[str]
    missing_reservations: list[str]
    needless_reservations: list[str]


class ComparedStreams(BaseModel):
    """A page of compared streams, with those that drifted."""

    compared: int
    drifted: list[DriftedStream]
    next_cursor: Annotated[UUID | None, Field(description="Asks for the next page; null on the last.")] = None


@router.get("/drift")
async def compare_rows(
    request: Request,
    asker: Asker,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Streams on a page, at most.")] = LARGEST_PAGE,
) -> ComparedStreams:
    """Compares the timers and reservations of streams with what the deciders want; changes nothing."""
    asker.require_role(Role.OPERATOR)
    runtime, subjects = request.app.state.runtime, request.app.state.subjects
    streams = await streams_after(runtime.database, cursor, limit)
    found = [await drift_of(runtime.database, runtime.store, subjects, stream) for stream in streams]
    return ComparedStreams(
        compared=len(streams),
        drifted=[_shown(drift) for drift in found if not drift.same],
        next_cursor=streams[-1] if len(streams) == limit else None,
    )


def _shown(drift: Drift) -> DriftedStream:
    return DriftedStream(
        stream=drift.stream,
        missing_timers=[WantedTimer(name=name, due=due) for name, due in drift.arm],
        needless_timers=list(drift.cancel),
        missing_reservations=list(drift.reserve),
        needless_reservations=list(drift.release),
    )
