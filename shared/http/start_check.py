"""Lets only operators read until a service has compared its database with the facts that it has published."""

from fastapi import Request

from shared.http.problems import unavailable


async def require_start_check(request: Request) -> None:
    """Route dependency: raises Problem (503) before the start check; an outdated state must not decide or be shown."""
    reads_operations = request.method == "GET" and request.url.path.startswith("/v1/operations/")
    check = getattr(request.app.state, "start_check", None)  # none where nothing was started that could be behind
    if check is not None and not check.may_act.is_set() and not reads_operations:
        raise unavailable("this service recovers facts from Kafka that its database lacks; try again with the same key")
