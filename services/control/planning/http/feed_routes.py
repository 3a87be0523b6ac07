"""Calendar feeds over HTTP: who asks for a secret address, who withdraws it, and what is read there (R17, R18, R42)."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from services.control.people.rules.calendar_feeds import OpenCentreFeed, OpenFeed, WithdrawCentreFeed, WithdrawFeed
from services.control.people.rules.centre_holidays import CENTRE, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.http.calendar_text import as_icalendar
from services.control.planning.lookups.calendar_feeds import feed_entries, hash_of, open_feed_at
from shared.contracts.vocabulary import Centre
from shared.deadlines.copenhagen import local_day, start_of
from shared.deadlines.in_words import Language
from shared.eventstore.commands import read
from shared.eventstore.randomness import RandomSource
from shared.http import consistency
from shared.http.access import Asker
from shared.http.bodies import PersonId
from shared.http.commands import CommandAnswer, Prepared
from shared.http.openapi import CHANGE, problems
from shared.http.problems import not_found
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])
FEEDS = "/v1/calendar/feeds/"
"""What the addresses of feeds begin with. No bearer token is asked for there: calendar programs send none."""
_TOKEN_BYTES = 32
Person = Annotated[PersonId, Path(description="Pseudonymous id, as tokens carry it.")]


class OpenedFeed(CommandAnswer):
    """R42: the facts that were recorded, and where the feed is read."""

    path: Annotated[
        str | None,
        Field(
            description=(
                "Where the visits can be read from now on, by whoever knows it. It is told once and kept nowhere: "
                "null in a dry run, and in the answer to a repeated request."
            )
        ),
    ]


_OPENED = {**CHANGE["responses"][200], "model": OpenedFeed}
_OPEN: dict[str, Any] = {**CHANGE, "responses": {**CHANGE["responses"], 200: _OPENED}}
_OPEN_OF_CENTRE: dict[str, Any] = {**_OPEN, "responses": {**_OPEN["responses"], 201: _OPENED}}
"""Of a centre nothing may have been recorded before; then the feed begins its history."""


@router.post("/v1/people/{person_id}/calendar-feed", **_OPEN)
async def open_calendar_feed(person_id: Person, request: Request, asker: Asker) -> Response:
    """Opens a feed of the asker's own visits at a secret address, instead of an earlier one (R17, R42).

    It ends with the person's last day in the directory.
    """
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    token = _drawn_token(runtime.random_source)

    async def prepare(_: Any) -> Prepared[Any, Any]:
        return Prepared(OpenFeed(now, asker.subject, hash_of(token)))

    stream = person_stream(person_id)
    answer = await runtime.gate.perform(
        request, asker, PERSON, stream, prepare, at=now, may_create=True, begins_for=person_id
    )
    return _with_path(answer, token)


@router.delete("/v1/people/{person_id}/calendar-feed", **CHANGE)
async def withdraw_calendar_feed(person_id: Person, request: Request, asker: Asker) -> Response:
    """Withdraws a person's feed; its address answers 404 from now on (R42). Again, it changes nothing."""
    runtime, now = runtime_of(request), runtime_of(request).clock.now()

    async def prepare(_: Any) -> Prepared[Any, Any]:
        return Prepared(WithdrawFeed(now, asker.subject))

    stream = person_stream(person_id)
    return await runtime.gate.perform(request, asker, PERSON, stream, prepare, at=now, begins_for=person_id)


@router.post("/v1/centres/{centre}/calendar-feed", **_OPEN_OF_CENTRE)
async def open_centre_feed(centre: Centre, request: Request, asker: Asker) -> Response:
    """Opens a feed of the visits of a centre's people at a secret address, instead of an earlier one (R17, R42).

    For who leads the centre, by the token and by the directory; it ends when the directory has another leader there.
    """
    asker.require_centre_led(centre)
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    token = _drawn_token(runtime.random_source)

    async def prepare(_: Any) -> Prepared[Any, Any]:
        leader = (await read(runtime.store, PERSON, person_stream(asker.subject))).state
        return Prepared(OpenCentreFeed(now, asker.subject, centre, hash_of(token), leader))

    stream = centre_stream(centre)
    answer = await runtime.gate.perform(request, asker, CENTRE, stream, prepare, at=now, may_create=True)
    return _with_path(answer, token)


@router.delete("/v1/centres/{centre}/calendar-feed", **CHANGE)
async def withdraw_centre_feed(centre: Centre, request: Request, asker: Asker) -> Response:
    """Withdraws the feed of a centre; its address answers 404 from now on (R42). Again, it changes nothing."""
    asker.require_centre_led(centre)
    runtime, now = runtime_of(request), runtime_of(request).clock.now()

    async def prepare(_: Any) -> Prepared[Any, Any]:
        return Prepared(WithdrawCentreFeed(now, asker.subject, centre))

    return await runtime.gate.perform(request, asker, CENTRE, centre_stream(centre), prepare, at=now)


@router.get(
    f"{FEEDS}{{token}}.ics",
    response_class=Response,
    responses={
        200: {"content": {"text/calendar": {"schema": {"type": "string"}}}, "description": "An iCalendar object."},
        304: {"description": "As it was read before, by `If-None-Match` or `If-Modified-Since`."},
        **problems(404),
    },
)
async def read_calendar_feed(
    token: Annotated[str, Path(description="The secret part of the address.")],
    request: Request,
    language: Annotated[Language, Query()] = "da",
) -> Response:
    """Returns the visits of the feed with this secret, in iCalendar form, for calendar programs (R17, R18).

    Needs no bearer token. An address that never was, or does not hold any more, answers 404 in the same way. The feed
    has the visits from thirty days ago on; one that fell away is `CANCELLED` for thirty days. It is not for a company.
    """
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    policy, today = runtime.policies.at(now), local_day(now)
    feed = await open_feed_at(runtime, token, now)
    if feed is None:
        raise not_found()
    entries = await feed_entries(runtime, feed.people, today, policy)
    # Beside the event loop, so that other requests are answered meanwhile: a centre can have thousands of visits.
    text = await asyncio.to_thread(as_icalendar, entries, feed.centre, policy.calendar_feeds, language)
    # What is shown also depends on the day: an entry leaves the feed at midnight, and no fact tells of it.
    changed_at = max(feed.opened_at, start_of(today), *(entry.changed_at for entry in entries)).astimezone(UTC)
    headers = {
        "ETag": f'"{hashlib.sha256(text).hexdigest()[:32]}"',
        "Last-Modified": format_datetime(changed_at.replace(microsecond=0), usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _is_known(request.headers, headers["ETag"], changed_at):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")


def _drawn_token(chance: RandomSource) -> str:
    return base64.urlsafe_b64encode(chance.randbytes(_TOKEN_BYTES)).rstrip(b"=").decode()


def _with_path(answer: Response, token: str) -> Response:
    """Adds the address to the answer that opened it; the answer that is stored for repeated requests has none."""
    told = orjson.loads(bytes(answer.body))
    recorded = {fact["data"].get("token_hash") for fact in told["recorded"]}
    told["path"] = f"{FEEDS}{token}.ics" if hash_of(token) in recorded else None
    headers = {name: answer.headers[name] for name in ("ETag", consistency.HEADER) if name in answer.headers}
    return Response(orjson.dumps(told), answer.status_code, headers, media_type="application/json")


def _is_known(headers: Mapping[str, str], etag: str, changed_at: datetime) -> bool:
    """Returns whether the sender has this text already; the date counts only where no ETag is named (RFC 9110)."""
    if (tags := headers.get("if-none-match")) is not None:
        return tags.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return changed_at.replace(microsecond=0) <= (since if since.tzinfo else since.replace(tzinfo=UTC))
