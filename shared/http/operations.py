"""What operators see and do: parked streams, republishing, and whether everything has been taken. No personal data."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.http.access import Asker
from shared.http.openapi import problems
from shared.http.problems import Problem, not_found
from shared.http.tokens import Role
from shared.messaging import parking
from shared.messaging.cloudevents import LARGEST_VERSION, Message

router = APIRouter(tags=["operations"])
LARGEST_PAGE = 100


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


class ParkedMessage(BaseModel):
    """A message that waits, as it came from Kafka."""

    version: int
    epoch: int
    event_id: UUID
    type: str
    reason: parking.Reason
    detail: str
    parked_at: datetime
    headers: dict[str, str]
    """CloudEvents in binary mode, see the AsyncAPI document."""
    body: dict[str, Any] | str
    """The public part; as text where it is not a JSON object."""


class ParkedMessages(BaseModel):
    """What waits in a stream, in its own order."""

    source: str
    stream: UUID
    waiting: int
    """How many messages wait in all."""
    messages: list[ParkedMessage]
    next_cursor: Annotated[str | None, Field(description="Asks for the next page; null on the last.")]


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


@router.get("/parked/{source}/{stream}", responses=problems(400, 404))
async def parked_messages(
    source: str,
    stream: UUID,
    request: Request,
    asker: Asker,
    cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Messages on a page, at most.")] = LARGEST_PAGE,
) -> ParkedMessages:
    """The messages that wait in a stream: what they say, why they wait and since when."""
    asker.require_role(Role.OPERATOR)
    after = parking.BEFORE_ALL if cursor is None else _position(cursor)
    async with request.app.state.database.acquire() as connection:
        waiting = await parking.count_waiting(connection, source, stream)
        found = await parking.waiting_messages(connection, source, stream, after=after, limit=limit + 1)
    if not waiting:
        raise not_found(f"a parked stream {source} {stream}")
    page = found[:limit]
    return ParkedMessages(
        source=source,
        stream=stream,
        waiting=waiting,
        messages=[_shown(parked) for parked in page],
        next_cursor=_cursor(page[-1].message) if len(found) > limit else None,
    )


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


@router.post("/republications", status_code=202, responses=problems(404))
async def republish(body: Republication, request: Request, asker: Asker) -> None:
    """Publish a stream again; consumers that have it already take no notice."""
    asker.require_role(Role.OPERATOR)
    republish = getattr(request.app.state, "republish", None)
    if republish is None:
        raise Problem(404, "Not found", f"{request.app.state.service} publishes nothing that could be published again")
    await republish(body.stream, body.from_version)


def _shown(parked: parking.Parked) -> ParkedMessage:
    message = parked.message
    body: dict[str, Any] | str = message.body
    with suppress(Exception):  # what waits may be odd in any way, and must be seen all the same
        data = message.data()
        json.dumps(data, ensure_ascii=False).encode()
        body = data
    return ParkedMessage(
        version=message.version,
        epoch=message.epoch,
        event_id=message.event_id,
        type=message.type,
        reason=parked.reason,
        detail=parked.detail,
        parked_at=parked.parked_at,
        headers={name: value.decode() for name, value in message.headers()},
        body=body,
    )


def _cursor(message: Message) -> str:
    return f"{message.epoch}.{message.version}.{message.event_id}"


def _position(cursor: str) -> parking.Position:
    try:
        epoch, version, event_id = cursor.split(".")
        return _possible(int(epoch)), _possible(int(version)), UUID(event_id)
    except ValueError as error:
        raise Problem(400, "Not valid", "the cursor does not read") from error


def _consumer(request: Request, source: str) -> Any:
    """The consumer of this process that takes facts of a source."""
    consumers = request.app.state.consumers
    return consumers.get(source, consumers["*"])
