"""HTTP on the wire, with limits on what comes before a request is known: connections, size and time of headers."""

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http.errors import MEDIA_TYPE, Problem
from shared.http.problems import unavailable
from shared.policy.policy import Input
from shared.refusals.language import language_of

_AFTER_ANSWER_SECONDS = 10.0
"""So long the rest of a body that nobody reads is thrown away, so that its sender gets to read the answer."""


def guarded(limits: Input) -> type[HttpToolsProtocol]:
    """The protocol of a server under these limits, which hold as long as it runs."""

    class Guarded(GuardedProtocol):
        input_limits = limits

    return Guarded


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's own, which bounds neither the headers nor how long they take."""

    input_limits: Input
    _header_bytes = 0
    _refused: Problem | None = None
    _accept_language: str | None = None
    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuses those beyond the limit at once, as each costs memory."""
        super().connection_made(transport)
        if len(self.connections) > self.input_limits.connections:
            self._refuse(unavailable("too many connections; try again in a moment"))
            return
        self._close_after(self.input_limits.header_seconds, _late())

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What comes after a refusal is thrown away."""
        if self._refused is None:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Of every request, also a later one of the same connection."""
        super().on_message_begin()
        self._header_bytes = 0
        self._accept_language = None
        self._close_after(self.input_limits.header_seconds, _late())

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._count(len(name) + len(value))
        if name.lower() == b"accept-language":
            self._accept_language = value.decode("latin-1")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the application guards the time of the body."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer may come before the whole body, which then does not come for ever."""
        unread = self.cycle is not None and self.cycle.more_body
        super().on_response_complete()
        if unread and not self.transport.is_closing():
            self._stop_waiting()
            self._waits = self.loop.call_later(_AFTER_ANSWER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """What the parser was made to refuse is said; all else is no HTTP."""
        self._refuse(self._refused or Problem(400, "Not valid", "what came is no request of HTTP/1.1"))

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self.input_limits.header_bytes:
            told = {"bytes": self.input_limits.header_bytes}
            self._refused = Problem(431, "Too large", "path and headers may have at most {bytes} bytes", values=told)
            raise ValueError(self._refused.detail.text)  # ends the parsing

    def _close_after(self, seconds: float, problem: Problem) -> None:
        self._stop_waiting()
        self._waits = self.loop.call_later(seconds, self._refuse, problem)

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None

    def _refuse(self, problem: Problem) -> None:
        """In the language that was asked for, or in both where that header has not come."""
        self._refused = problem
        self._stop_waiting()
        if self.transport.is_closing():
            return
        known = self._accept_language is not None
        language = language_of(self._accept_language)
        told = problem.body(language) if known else problem.body_in_both()
        body = json.dumps(told, ensure_ascii=False).encode()
        lines = [
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
            f"Content-Type: {MEDIA_TYPE}",
            f"Content-Language: {language if known else 'da, en'}",
            "Vary: Accept-Language",
            "Cache-Control: no-store",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in problem.headers.items()),
        ]
        self.transport.write("\r\n".join((*lines, "", "")).encode() + body)
        self.transport.close()


def _late() -> Problem:
    return Problem(408, "Too slow", "the headers did not come in time")
