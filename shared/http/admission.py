"""Checks each request before a route sees it: first the token, then the size, time and form of the body."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import strict_json
from shared.http.access import identify
from shared.http.errors import NotStrictJson, Problem
from shared.http.problems import malformed
from shared.http.tokens import TokenVerifier
from shared.policy.policy import Input

_ONCE = ("authorization", "content-type", "consistency-token", "idempotency-key")
"""Headers that may be given only once, because two values would leave open which one counts."""


class Admission:
    """ASGI middleware in front of the routes of a service.

    Without a valid token, no byte of a body is read. A JSON body is read completely, within its limits, and checked; a
    file that is PUT is streamed. Answers name people, so they tell caches not to store them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: Callable[[], TokenVerifier],
        public: tuple[str, ...],
        limits: Callable[[], Input],
    ) -> None:
        """`public` lists the prefixes of the paths that need no token."""
        self._app = app
        self._verifier = verifier
        self._public = public
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(self._public):
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._admitted(scope, receive)
        except Problem as problem:
            await problem.response(Headers(scope=scope).get("accept-language"))(scope, receive, _unkept(send))
            return
        await self._app(scope, receive, _unkept(send))

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        times = Counter(headers.keys())
        if twice := [name for name in _ONCE if times[name] > 1]:
            values = {"header": ", ".join(twice)}
            raise Problem(400, "Not valid", "the header {header} is given more than once", values=values)
        identify(self._verifier(), headers.get("authorization"))
        limits = self._limits()
        if scope["method"] == "PUT":
            return _in_time(receive, idle=limits.body_seconds, whole=limits.file_seconds)
        content = await _whole(headers, receive, limits)
        if content and _is_json(headers.get("content-type", "")):
            try:
                strict_json.check(content, deepest=limits.nesting)
            except NotStrictJson as error:
                raise malformed("body", error.text, **error.values) from error
        return _replay_body(content, receive)


async def _whole(headers: Headers, receive: Receive, limits: Input) -> bytes:
    """Reads the whole body. Raises Problem as soon as the body is known to be too large, or if it is too slow."""
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limits.body_bytes:
        raise _too_large(limits)
    receive = _in_time(receive, idle=limits.body_seconds, whole=limits.body_seconds)
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "Broken off", "the sender disconnected before the request was complete")
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _too_large(limits: Input) -> Problem:
    return Problem(413, "Too large", "a request may have at most {bytes} bytes", values={"bytes": limits.body_bytes})


def _in_time(receive: Receive, *, idle: float, whole: float) -> Receive:
    """Wraps `receive`: raises Problem (408) if the body pauses for `idle` or takes more than `whole` seconds."""
    until = time.monotonic() + whole
    complete = False

    async def next_message() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, min(idle, until - time.monotonic())))
        except TimeoutError as error:
            slow = "the body was not received in time"
            raise Problem(408, "Too slow", slow, headers={"Connection": "close"}) from error
        complete = not message.get("more_body", False)
        return message

    return next_message


def _replay_body(content: bytes, receive: Receive) -> Receive:
    """Returns an ASGI `receive` that replays the body, which was read already, and then passes on later messages."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": content, "more_body": False}

    return next_message


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _unkept(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
