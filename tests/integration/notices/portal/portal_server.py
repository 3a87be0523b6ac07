"""A company portal on 127.0.0.1 that checks signatures, and answers, hangs and breaks off as a test says."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks import Webhook as Verifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deploy.containers.certificates import AUTHORITY, BROKER, make_certificates
from services.notices.channels.portal_settings import PortalSettings

HOST = "127.0.0.1"
SECRET, NEWER_SECRET = (f"whsec_{b64encode(sign * 32).decode()}" for sign in (b"1", b"2"))
_DRIP_SECONDS = 0.05


@dataclass
class Portal:
    """What a portal does, and what it has taken."""

    status: int = 200
    """Of its answers."""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False
    floods: bool = False
    secret: str = SECRET
    port: int = 0
    asked: int = 0
    """How many requests came, whatever became of them."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of the requests that it answered with 2xx, each verified."""
    seen: list[dict[str, str]] = field(default_factory=list)
    """The headers of every request."""
    before_answer: Callable[[dict[str, Any]], Awaitable[None]] | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, in order."""
        return [one["data"]["entry_id"] for one in self.taken]

    async def take(self, request: Request) -> Response:
        """Verifies a push as the package for receivers does, and answers."""
        self.asked += 1
        self.seen.append(dict(request.headers))
        body = Verifier(self.secret).verify(await request.body(), dict(request.headers))
        if self.before_answer is not None:
            await self.before_answer(body)
        if self.hangs:
            await asyncio.sleep(3600)
        if 200 <= self.status < 300:
            self.taken.append(body)
        if self.drips:
            return StreamingResponse(_endless(b"x", _DRIP_SECONDS), self.status)
        if self.floods:
            return StreamingResponse(_endless(b"x" * 10_000, 0), self.status)
        return Response(status_code=self.status, headers=self.headers)


async def _endless(part: bytes, pause_seconds: float) -> AsyncIterator[bytes]:
    while True:
        yield part
        await asyncio.sleep(pause_seconds)


@asynccontextmanager
async def portal_server(does: Portal, certificates: Path | None = None, *, named: str = HOST) -> AsyncIterator[Portal]:
    """Runs a portal on its port, or on a free one; with a folder for certificates by TLS, for the name."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, does.port))
    does.port = listener.getsockname()[1]
    if certificates is not None:
        make_certificates(certificates, certificates, named)
    app = Starlette(routes=[Route("/notices", does.take, methods=["POST", "GET"])])
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=0,
            ssl_certfile=None if certificates is None else certificates / BROKER,
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield does
    finally:
        server.should_exit = server.force_exit = True
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def breaking_server() -> AsyncIterator[int]:
    """Reads the beginning of each request and closes the connection without an answer; yields its port."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(close, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def settings_of(port: int, certificates: Path | None = None, *, host: str = HOST, **changed: Any) -> PortalSettings:
    """Settings that lead there, with short times so that tests of silence are short."""
    times = {"connect_seconds": 1.0, "answer_seconds": 0.5, "whole_seconds": 1.0, "secrets": (SECRET,)}
    return PortalSettings(
        url=f"{'http' if certificates is None else 'https'}://{host}:{port}/notices?key=1",
        lets_in=changed.pop("lets_in", frozenset({HOST})),
        authority=None if certificates is None else certificates / AUTHORITY,
        **{**times, **changed},
    )
