"""Limits HTTP connections before a request is known: their number, and the size and time of the headers."""

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http.errors import MEDIA_TYPE, Problem
from shared.http.problems import unavailable
from shared.policy.policy import Input
from shared.refusals.language import language_of

_AFTER_ANSWER_SECONDS = 10.0
"""How long the unread rest of a body is discarded after the answer, so that its sender can read the answer."""


def limited_protocol(limits: Input) -> type[HttpToolsProtocol]:
    """Returns the protocol class for these limits, which hold as long as the server runs."""

    class Guarded(LimitedHttpProtocol):
        input_limits = limits

    return Guarded


class LimitedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits on the size and the time of the headers, which uvicorn does not have."""

    input_limits: Input
    _header_bytes = 0
    _refused: Problem | None = None
    _accept_language: str | None = None
    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuses connections beyond the limit at once, because each of them costs memory."""
        super().connection_made(transport)
        if len(self.connections) > self.input_limits.connections:
            self._refuse(unavailable("too many connections; try again in a moment"))
            return
        self._close_after(self.input_limits.header_seconds, _late())

    def connection_lost(self, exc: Exception | None) -> None:
        """Implements asyncio.Protocol."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses data; discards data that is received after a refusal."""
        if self._refused is None:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Starts the limits for each request, also for a later one on the same connection."""
        super().on_message_begin()
        self._header_bytes = 0
        self._accept_language = None
        self._close_after(self.input_limits.header_seconds, _late())

    def on_url(self, url: bytes) -> None:
        """Counts the bytes of the path (callback of httptools)."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts the bytes of a header, and notes the language (callback of httptools)."""
        self._count(len(name) + len(value))
        if name.lower() == b"accept-language":
            self._accept_language = value.decode("latin-1")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Ends the time limit of the headers; from here on, Admission limits the time of the body."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Ends the time limit of the request (callback of httptools)."""
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Closes the connection after 10 s if the answer was sent before the body was complete."""
        unread = self.cycle is not None and self.cycle.more_body
        super().on_response_complete()
        if unread and not self.transport.is_closing():
            self._stop_waiting()
            self._waits = self.loop.call_later(_AFTER_ANSWER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """Answers a parser error: with the limit that was exceeded, or that the data is not HTTP/1.1."""
        self._refuse(self._refused or Problem(400, "Not valid", "what was received is not a request of HTTP/1.1"))

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
        """Answers in the requested language, or in both if the Accept-Language header was not received, and closes."""
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
    return Problem(408, "Too slow", "the headers were not received in time")
