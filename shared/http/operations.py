"""Operators' paths for parked streams, and for publishing a stream again. No personal data."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from shared.contracts.discard_consequences import meaning_of_loss
from shared.http import pages
from shared.http.access import Asker
from shared.http.bodies import Body
from shared.http.errors import Problem
from shared.http.field_types import CursorParameter, says_something
from shared.http.openapi import problems
from shared.http.problems import malformed, not_found
from shared.http.tokens import Role
from shared.messaging import parking
from shared.messaging.cloudevents import LARGEST_VERSION
from shared.messaging.discarding import missing_before
from shared.messaging.unreadable import UNREADABLE

router = APIRouter(tags=["operations"])
LARGEST_PAGE = 100
NEVER_RECEIVED = "they were never received, so their effects here are unknown"
UNREADABLE_LOSS = "it cannot be read: look at its headers, and ask its source to publish that stream again"


class Versions(BaseModel):
    """A range of versions of a stream, both ends included."""

    first: int
    last: int


class ParkedStream(BaseModel):
    """A parked stream, with its first waiting message."""

    source: str
    stream: UUID
    version: int
    event_id: UUID
    type: str
    reason: parking.Reason
    detail: str
    parked_at: datetime
    waiting: int
    """Number of messages of the stream that wait, this one included."""


class ParkedMessage(BaseModel):
    """A message that waits, as it was received from Kafka."""

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
    """The public part; as text if it is not a JSON object."""
    if_discarded: str = ""
    """What will be missing in this service if the message is discarded."""


class ParkedMessages(BaseModel):
    """The messages of a stream that wait, in the order of the stream."""

    source: str
    stream: UUID
    waiting: int
    """Number of messages that wait, on all pages."""
    missing: Annotated[Versions | None, Field(description="Earlier versions that were never received.")] = None
    messages: list[ParkedMessage]
    next_cursor: Annotated[CursorParameter | None, Field(description="Asks for the next page; null on the last.")]


class Waiting(BaseModel):
    """How many messages of a stream still wait."""

    waiting: int


class Retaken(Waiting):
    """The result of asking a source to publish a stream again."""

    from_version: int
    came: bool
    """Whether the source published that version again in time; false if it did not answer."""
    why: Annotated[str | None, Field(description="Why the first message still waits; null if none does.")]


class Lost(BaseModel):
    """One fact, or several that were never received, which this service must do without from now on."""

    versions: Versions
    type: Annotated[str | None, Field(description="Null if it was never received.")]
    means: str
    """What would follow from it in this service, and will be missing."""


class Discarded(Waiting):
    """The result of discarding a message."""

    missing: Versions | None
    """Earlier versions that were never received, and are discarded with the message."""
    lost: list[Lost] = []
    """Everything that was discarded."""
    held_units: list[str] = []
    """P-numbers of the units at which nothing is offered or accepted until they are released (R8)."""


class DiscardedTogether(BaseModel):
    """The result of discarding many records."""

    discarded: int
    """Number of records that were discarded."""


ReasonGiven = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(says_something)]
"""The operator's reason; stored permanently, with who decided and when."""


class Discard(Body):
    """Which message to discard, and why."""

    event_id: UUID
    reason: ReasonGiven


class DiscardUnreadable(Body):
    """Why to discard all records that do not say which fact they are."""

    reason: ReasonGiven


def _possible(version: int) -> int:
    if version > LARGEST_VERSION:
        raise PydanticCustomError(
            "no_such_version", "is higher than any version: no stream has more than {most}", {"most": LARGEST_VERSION}
        )
    return version


class Republication(Body):
    """Which stream to publish again, and from which version on."""

    stream: UUID
    from_version: Annotated[int, Field(ge=1), AfterValidator(_possible)] = 1


@router.get("/parked", responses=pages.IN_PAGES)
async def parked_streams(
    request: Request,
    response: Response,
    asker: Asker,
    cursor: pages.PageCursor = None,
    limit: pages.PageLimit = pages.LARGEST_PAGE,
) -> list[ParkedStream]:
    """Lists the parked streams, longest waiting first."""
    asker.require_role(Role.OPERATOR)
    after: Any = pages.read_cursor(cursor, pages.instant, pages.uuid, pages.text)
    async with request.app.state.database.acquire() as connection:
        found = await parking.waiting_streams(connection, after=after, limit=limit + 1)
    waiting, further = pages.cut(found, limit, parking.place_of)
    pages.tell_next(response, further)
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
    cursor: Annotated[CursorParameter | None, Query(description="`next_cursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Messages on a page, at most.")] = LARGEST_PAGE,
) -> ParkedMessages:
    """Lists the messages that wait in a stream: what they say, why they wait and since when."""
    asker.require_role(Role.OPERATOR)
    after = parking.BEFORE_ALL if cursor is None else _position(cursor)
    async with request.app.state.database.acquire() as connection:
        waiting = await parking.count_waiting(connection, source, stream)
        found = await parking.waiting_messages(connection, source, stream, after=after, limit=limit + 1)
        missing = await missing_before(connection, source, stream)
    if not waiting:
        raise not_found()
    page = found[:limit]
    return ParkedMessages(
        source=source,
        stream=stream,
        waiting=waiting,
        missing=_versions(missing),
        messages=[_shown(parked) for parked in page],
        next_cursor=_cursor(page[-1]) if len(found) > limit else None,
    )


@router.post("/parked/{source}/{stream}/replay")
async def replay(source: str, stream: UUID, request: Request, asker: Asker) -> Waiting:
    """Processes a parked stream again, after its cause was fixed."""
    return Waiting(waiting=await _consumer(request, source).replay(source, stream))


@router.post("/parked/unreadable/discard")
async def discard_unreadable(body: DiscardUnreadable, request: Request, asker: Asker) -> DiscardedTogether:
    """Discards all records that do not say which fact they are. From then on they hold nothing back."""
    consumer = _consumer(request, UNREADABLE)
    return DiscardedTogether(discarded=await consumer.discard_unreadable(by=asker.subject, reason=body.reason))


@router.post("/parked/{source}/{stream}/retake", responses=problems(404, 409))
async def retake(source: str, stream: UUID, request: Request, asker: Asker) -> Retaken:
    """Requests a stream from its source again, from the version that is needed next, and waits for it up to 20 s.

    A valid copy replaces the waiting message with the same id. `came` is false if the source does not answer.
    """
    if source == UNREADABLE:
        raise Problem(409, "No source", "a record that does not say which fact it is cannot be asked for again")
    try:
        done = await _consumer(request, source).retake(source, stream, by=asker.subject)
    except LookupError as error:
        raise not_found() from error
    async with request.app.state.database.acquire() as connection:
        first = await parking.waiting_messages(connection, source, stream, limit=1)
    why = f"version {first[0].message.version}: {first[0].detail}" if first else None
    return Retaken(from_version=done.from_version, came=done.came, waiting=done.waiting, why=why)


@router.post("/parked/{source}/{stream}/discard", responses=problems(404))
async def discard(source: str, stream: UUID, body: Discard, request: Request, asker: Asker) -> Discarded:
    """Discards one parked message permanently, with the versions missing before it, and continues with its stream."""
    consumer = _consumer(request, source)
    try:
        done = await consumer.discard(source, stream, body.event_id, by=asker.subject, reason=body.reason)
    except LookupError as error:
        raise not_found() from error
    missing = _versions(done.missing)
    lost = [] if missing is None else [Lost(versions=missing, type=None, means=NEVER_RECEIVED)]
    itself = Versions(first=done.message.version, last=done.message.version)
    lost.append(Lost(versions=itself, type=done.message.type, means=_means(done.message.type)))
    return Discarded(waiting=done.waiting, missing=missing, lost=lost, held_units=list(done.held))


@router.post("/republications", status_code=202, responses=problems(404))
async def republish(body: Republication, request: Request, asker: Asker) -> None:
    """Publishes a stream again; consumers that have it already ignore the duplicates."""
    republish = getattr(request.app.state, "republish", None)
    if republish is None:
        nothing = "{service} publishes nothing that could be published again"
        raise Problem(404, "Not found", nothing, values={"service": request.app.state.service})
    await republish(body.stream, body.from_version)


def _versions(versions: range) -> Versions | None:
    return Versions(first=versions[0], last=versions[-1]) if versions else None


def _means(type_name: str) -> str:
    return UNREADABLE_LOSS if type_name == UNREADABLE else meaning_of_loss(type_name)


def _shown(parked: parking.Parked) -> ParkedMessage:
    message = parked.message
    body: dict[str, Any] | str = message.body
    with suppress(Exception):  # a waiting message may be malformed in any way, and must still be shown
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
        if_discarded=_means(message.type),
    )


def _cursor(last: parking.Parked) -> str:
    message, alarm = last.message, last.reason is parking.Reason.ALARM
    return f"{message.epoch}.{message.version}.{int(alarm)}.{message.event_id}"


def _position(cursor: str) -> parking.Position:
    try:
        epoch, version, alarm, event_id = cursor.split(".")
        return _possible(int(epoch)), _possible(int(version)), bool(int(alarm)), UUID(event_id)
    except ValueError as error:
        raise malformed("query.cursor", "the cursor cannot be read") from error


def _consumer(request: Request, source: str) -> Any:
    """Returns the consumer of this process that processes facts of a source."""
    consumers = request.app.state.consumers
    return consumers.get(source, consumers["*"])
