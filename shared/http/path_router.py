"""Serves several services at one address: each request goes to the service whose path it names."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.http.health import health


class PathRouter:
    """An ASGI application that routes requests to the applications of services in this process."""

    def __init__(
        self, services: Mapping[str, tuple[Sequence[str], FastAPI]], *, at_end: Callable[[], None] = lambda: None
    ) -> None:
        """`at_end` is called when all services have stopped: after that, uvicorn lets the signal end the process."""
        self._at_end = at_end
        self._apps = [app for _, app in services.values()]
        routes = [
            (prefix, app)
            for name, (prefixes, app) in services.items()
            for prefix in (*prefixes, f"/v1/{name}", f"/v1/operations/{name}")
        ]
        self._routes = sorted(routes, key=lambda route: -len(route[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Implements ASGI. Its lifespan starts the services in order and stops them in reverse."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path.startswith(("/health", "/metrics")) and (answer := await self._health(path)) is not None:
            await answer(scope, receive, send)
            return
        for prefix, app in self._routes:
            if path == prefix or path.startswith(f"{prefix}/"):
                await app(scope, receive, send)
                return
        await self._apps[0](scope, receive, send)

    async def _health(self, path: str) -> Response | None:
        return await health(path, [app.state.watched for app in self._apps])

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                for app in self._apps:
                    await stack.enter_async_context(app.router.lifespan_context(app))
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": repr(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        self._at_end()
        await send({"type": "lifespan.shutdown.complete"})
