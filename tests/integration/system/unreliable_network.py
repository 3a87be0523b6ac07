"""A way to the services on which one dies at a chosen request; the sender then sends the very same request again."""

import asyncio
from collections.abc import Callable
from enum import Enum

import httpx

from deploy.local.progress_wait import ProgressWait

_PAUSE_SECONDS = 0.1
_INTO_THE_REQUEST_SECONDS = 0.004


class Moment(Enum):
    """When a service dies, as its caller sees it."""

    BEFORE = "nobody is there"
    DURING = "the request is under way: nobody knows whether it took effect"
    AFTER = "it took effect, and the answer is lost"


class UnreliableNetwork(httpx.AsyncHTTPTransport):
    """Delivers every request in the end: with the same headers, so with the same Idempotency-Key."""

    def __init__(self, kill: Callable[[int | None], None], sign: Callable[[int | None], object]) -> None:
        """`kill` ends whoever listens on a port, and starts it again; `sign` changes while that gets on."""
        super().__init__()
        self._kill = kill
        self._sign = sign
        self.planned: dict[str, Moment] = {}
        """By the end of the path of the command: each happens once."""
        self.answered_twice: list[tuple[httpx.Response, httpx.Response]] = []
        """The answers that were lost, each with the one that came instead."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        command = request.url.path.rpartition("/")[2] if request.method == "POST" else ""
        moment = self.planned.pop(command, None)
        if moment is Moment.BEFORE:
            self._kill(request.url.port)
        if moment is Moment.DURING:
            asyncio.get_running_loop().call_later(_INTO_THE_REQUEST_SECONDS, self._kill, request.url.port)
        answer = await self._until_answered(request)
        if moment is Moment.AFTER:
            await answer.aread()
            self._kill(request.url.port)
            again = await self._until_answered(request)
            await again.aread()
            self.answered_twice.append((answer, again))
            return again
        return answer

    async def _until_answered(self, request: httpx.Request) -> httpx.Response:
        wait = ProgressWait(f"Whoever listens on port {request.url.port}")
        while True:
            try:
                return await super().handle_async_request(request)
            except httpx.TransportError:
                if not wait.keep_waiting(self._sign(request.url.port)):
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
