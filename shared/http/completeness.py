"""What operators see of completeness: how far each source is compared, what is missing; and how they compare now."""

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
from shared.messaging import completeness

router = APIRouter(tags=["operations"])
MOST_SHOWN = 1_000
"""Missing streams in one answer, longest first; their number is always whole."""


class ComparedSource(BaseModel):
    """How far what a source published has been compared with what was taken."""

    source: str
    proven: bool
    """False as long as the source has told no heads: whether all of it was taken cannot be said."""
    epoch: int
    position: int
    """Of the source's log; all that was published up to there has been compared."""
    compares_all_because: str | None
    """Why everything is compared again, from the start; null once that is done."""
    compared_at: datetime | None


class MissingStream(BaseModel):
    """A stream of which its source tells something else than was taken."""

    source: str
    stream: UUID
    problem: completeness.Problem
    version: int
    """As the source tells it."""
    event_id: UUID
    found_at: datetime


class Completeness(BaseModel):
    """Of one service, at one moment."""

    sources: list[ComparedSource]
    missing: int
    """How many streams differ from what their source tells."""
    streams: list[MissingStream]


class Comparison(Body):
    """What is to be compared now."""

    source: Annotated[SourceName | None, Field(description="Only this source; all where it is left out.")] = None
    everything: Annotated[bool, Field(description="From the source's first fact on, not only what is new.")] = False


@router.get("/completeness")
async def show_completeness(request: Request, asker: Asker) -> Completeness:
    """How far each source has been compared, and which streams differ from what their source tells."""
    asker.require_role(Role.OPERATOR)
    async with request.app.state.database.acquire() as connection:
        sources = await completeness.compared_sources(connection)
        differing = await completeness.missing(connection)
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
            for one in (*sources, *(completeness.Compared(source, 0, 0, None, None) for source in never))
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
    """Compare at once. What is missing is asked for, and comes by itself."""
    asker.require_role(Role.OPERATOR)
    wanted = [one for one in request.app.state.reconcilers if body.source in (None, one.source)]
    if body.source is not None and not wanted:
        raise not_found()
    if body.everything:
        async with request.app.state.database.acquire() as connection:
            names = [one.source for one in wanted]
            await completeness.compare_all_again(connection, names, because=f"{asker.subject} asked for it")
    for one in wanted:
        one.wake.set()
