"""Answers /health/live, /health/ready and /metrics without a token; the answers hold counts and codes, no names."""

from collections.abc import Sequence
from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from shared.watching.openmetrics import CONTENT_TYPE, metrics
from shared.watching.watched import NOT_READY, Watched, check_all


async def health(path: str, services: Sequence[Watched]) -> Response | None:
    """Answers a path for all services of the process; returns None if the path is not one of these."""
    match path:
        case "/health":
            return JSONResponse({"status": "up"})
        case "/health/live":
            return _live(services)
        case "/health/ready":
            return await _ready(services)
        case "/metrics":
            return Response(metrics(await check_all(services)), media_type=CONTENT_TYPE)
        case _:
            return None


def _live(services: Sequence[Watched]) -> Response:
    """Answers 503 if a loop is stalled, which only a restart of the process can fix. Asks no server."""
    loops = {
        one.service: {heartbeat.name: round(heartbeat.silent_seconds, 1) for heartbeat in one.loops} for one in services
    }
    live = all(one.live for one in services)
    body = {"status": "live" if live else "stands_still", "seconds_since_turned": loops}
    return JSONResponse(body, 200 if live else 503)


async def _ready(services: Sequence[Watched]) -> Response:
    """Answers 503 if a service cannot answer commands; otherwise 200, `ready` or `degraded`, with the reasons."""
    reasons = [reason for one, result in await check_all(services) for reason in one.reasons(result)]
    ready = not any(reason.code in NOT_READY for reason in reasons)
    status = "not_ready" if not ready else "degraded" if reasons else "ready"
    return JSONResponse({"status": status, "reasons": [asdict(one) for one in reasons]}, 200 if ready else 503)
