"""Operators' paths for completeness: how far each source was compared, what is missing, and a comparison on request."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from shared.http.access import Asker
from shared.http.bodies import Body, SourceName
from shared.http.openapi import problems
from shared.http.problems import not_found
from shared.http.tokens import Role
from shared.messaging import reconciliation_state

router = APIRouter(tags=["operations"])
MOST_SHOWN = 1_000
"""Most streams in one answer, longest missing first; `missing` counts all of them."""


class ComparedSource(BaseModel):
    """How far the facts that a source has published were compared with those that this service has received."""

    source: str
    proven: bool
    """False as long as the source has not reported its heads: completeness cannot be proven without them."""
    epoch: int
    position: int
    """Position in the source's log up to which all published facts were compared."""
    compares_all_because: str | None
    """Why everything is compared again, from the start; null once that is done."""
    compared_at: datetime | None


class MissingStream(BaseModel):
    """A stream whose head, as its source reports it, differs from what this service has received."""

    source: str
    stream: UUID
    problem: reconciliation_state.Problem
    version: int
    """The version that the source reports."""
    event_id: UUID
    found_at: datetime


class Completeness(BaseModel):
    """How complete the facts of one service are, at one moment."""

    sources: list[ComparedSource]
    missing: int
    """Number of streams that differ from their source's report."""
    streams: list[MissingStream]


class Comparison(Body):
    """Which sources to compare now, and from where on."""

    source: Annotated[SourceName | None, Field(description="Only this source; all sources if it is left out.")] = None
    everything: Annotated[bool, Field(description="Compare from the first fact on, not only new ones.")] = False


@router.get("/completeness")
async def show_completeness(request: Request, asker: Asker) -> Completeness:
    """Returns how far each source was compared, and which streams differ from their source's report."""
    asker.require_role(Role.OPERATOR)
    async with request.app.state.database.acquire() as connection:
        sources = await reconciliation_state.compared_sources(connection)
        differing = await reconciliation_state.missing(connection)
    known = {one.source for one in sources}
    never = [one.source for one in request.app.state.reconcilers if one.source not in known]
    return Completeness(
        sources=[
            ComparedSource(
                source=one.source,
                proven=one.epoch > 0,
                epoch=one.epoch,
                position=one.position,
                compares_all_because=one.full_because,
                compared_at=one.compared_at,
            )
            for one in (*sources, *(reconciliation_state.Compared(source, 0, 0, None, None) for source in never))
        ],
        missing=len(differing),
        streams=[
            MissingStream(
                source=one.source,
                stream=one.head.stream,
                problem=one.problem,
                version=one.head.version,
                event_id=one.head.event_id,
                found_at=one.found_at,
            )
            for one in differing[:MOST_SHOWN]
        ],
    )


@router.post("/completeness/comparisons", status_code=202, responses=problems(404))
async def compare(body: Comparison, request: Request, asker: Asker) -> None:
    """Compares this service's facts with their source now; missing ones are requested and arrive later."""
    wanted = [one for one in request.app.state.reconcilers if body.source in (None, one.source)]
    if body.source is not None and not wanted:
        raise not_found()
    if body.everything:
        async with request.app.state.database.acquire() as connection:
            names = [one.source for one in wanted]
            await reconciliation_state.compare_all_again(connection, names, because=f"{asker.subject} asked for it")
    for one in wanted:
        one.wake.set()
