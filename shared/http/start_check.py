"""503 for everything but operators' reading, until a service has compared itself with what it has published."""

from fastapi import Request

from shared.http.problems import unavailable


async def require_start_check(request: Request) -> None:
    """A dependency of every route of an event-sourced service: an older state must neither decide nor be shown."""
    reads_operations = request.method == "GET" and request.url.path.startswith("/v1/operations/")
    check = getattr(request.app.state, "start_check", None)  # none where nothing was started that could be behind
    if check is not None and not check.may_act.is_set() and not reads_operations:
        raise unavailable("this service takes back from Kafka what its database lacks; try again with the same key")
