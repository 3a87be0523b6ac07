"""What operators see and do: parked streams, republishing, and whether everything has been taken. No personal data."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.http.access import Asker
from shared.http.openapi import problems
from shared.http.problems import not_found
from shared.http.tokens import Role
from shared.kernel import parking
from shared.kernel.cloudevents import LARGEST_VERSION

router = APIRouter(tags=["operations"])


class ParkedStream(BaseModel):
    """The first message of a stream that waits."""

    source: str
    stream: UUID
    version: int
    event_id: UUID
    type: str
    reason: parking.Reason
    detail: str
    parked_at: datetime
    waiting: int
    """How many messages of the stream wait, with this one."""


class Waiting(BaseModel):
    """How many messages of a stream still wait."""

    waiting: int


class Versions(BaseModel):
    """Versions of a stream, both ends included."""

    first: int
    last: int


class Discarded(Waiting):
    """What came of passing over a message."""

    missing: Versions | None
    """What had never come before it, and is passed over with it."""


class Discard(BaseModel):
    """Which message is passed over, and why."""

    model_config = ConfigDict(extra="forbid")

    event_id: UUID
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


def _possible(version: int) -> int:
    if version > LARGEST_VERSION:
        raise ValueError(f"no stream has more than {LARGEST_VERSION} versions")
    return version


class Republication(BaseModel):
    """Which stream is published again, and from which version on."""

    model_config = ConfigDict(extra="forbid")

    stream: UUID
    from_version: Annotated[int, Field(ge=1), AfterValidator(_possible)] = 1


@router.get("/parked")
async def parked_streams(request: Request, asker: Asker) -> list[ParkedStream]:
    """The streams that wait, longest first."""
    asker.require_role(Role.OPERATOR)
    async with request.app.state.database.acquire() as connection:
        waiting = await parking.waiting_streams(connection)
    return [
        ParkedStream(
            source=one.first.message.source,
            stream=one.first.message.stream,
            version=one.first.message.version,
            event_id=one.first.message.event_id,
            type=one.first.message.type,
            reason=one.first.reason,
            detail=one.first.detail,
            parked_at=one.first.parked_at,
            waiting=one.waiting,
        )
        for one in waiting
    ]


@router.post("/parked/{source}/{stream}/replay")
async def replay(source: str, stream: UUID, request: Request, asker: Asker) -> Waiting:
    """Try a parked stream again, once its cause is mended."""
    asker.require_role(Role.OPERATOR)
    return Waiting(waiting=await _consumer(request, source).replay(source, stream))


@router.post("/parked/{source}/{stream}/discard", responses=problems(404))
async def discard(source: str, stream: UUID, body: Discard, request: Request, asker: Asker) -> Discarded:
    """Pass over one parked message for ever, with what is missing before it, and go on with its stream."""
    asker.require_role(Role.OPERATOR)
    consumer = _consumer(request, source)
    try:
        done = await consumer.discard(source, stream, body.event_id, by=asker.subject, reason=body.reason)
    except LookupError as error:
        raise not_found(str(error)) from error
    missing = Versions(first=done.missing[0], last=done.missing[-1]) if done.missing else None
    return Discarded(waiting=done.waiting, missing=missing)


@router.post("/republications", status_code=202)
async def republish(body: Republication, request: Request, asker: Asker) -> None:
    """Publish a stream again; consumers that have it already take no notice."""
    asker.require_role(Role.OPERATOR)
    await request.app.state.republish(body.stream, body.from_version)


def _consumer(request: Request, source: str) -> Any:
    """The consumer of this process that takes facts of a source."""
    consumers = request.app.state.consumers
    return consumers.get(source, consumers["*"])
