"""Records a server span and the duration of each HTTP request, by the template of its route.

Neither contains anything of the query or the sender, nor of the path except the id of the case.
"""

import time
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry.context import span
from shared.telemetry.measured import HttpSeconds

CASE_PARAMETER = "agreement_id"
"""The path parameter that names the case, in all routes."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_FAULT = 500


def instrument(app: FastAPI, *, service: str | None = None) -> None:
    """Traces and measures requests; called before the first one. A process of several services passes `service`."""
    app.add_middleware(ServerSpans, routes_of=app, service=service)


class ServerSpans:
    """ASGI middleware of our own, because those of FastAPI and OpenTelemetry record paths, queries and addresses."""

    def __init__(self, app: ASGIApp, *, routes_of: FastAPI, service: str | None) -> None:
        self._app = app
        self._routes_of = routes_of
        self._seconds = HttpSeconds(service or routes_of.title)
        self._service = {} if service is None else {"service": service}
        self._routes: dict[int, list[RouteContext]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "HTTP"
        status = _SERVER_FAULT
        begun = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with span(method, parent=_traceparent(scope), kind=SpanKind.SERVER) as server:
            server.add(**self._service, **{"http.request.method": method})
            try:
                await self._app(scope, receive, note_status)
            finally:
                server.add(**_case(scope), **{"http.response.status_code": status})
                route = self._route(scope)
                self._seconds.observe(method, route, status, time.perf_counter() - begun)
                if route is not None:
                    server.rename(f"{method} {route}")
                    server.add(**{"http.route": route})
            if status >= _SERVER_FAULT:
                server.fail(str(status))

    def _route(self, scope: Scope) -> str | None:
        """Returns the template with all prefixes, which `scope["route"]` of FastAPI lacks for an included router."""
        if self._routes is None:
            self._routes = {}
            for known in iter_route_contexts(self._routes_of.routes):
                self._routes.setdefault(id(known.original_route), []).append(known)
        candidates = self._routes.get(id(scope.get("route")), [])
        if len(candidates) == 1:
            return candidates[0].path
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((known.path for known in candidates if known.path_regex.match(path)), None)


def _traceparent(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)


def _case(scope: Scope) -> dict[str, str]:
    # What stands in a path is the caller's text until it has been read as an id.
    try:
        return {"case": str(UUID(str(scope["path_params"][CASE_PARAMETER])))}
    except (KeyError, ValueError):
        return {}
