"""Histograms of what a process itself does: appends, timers and HTTP requests, in seconds, by service."""

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
"""Registry of our own, so that no library can add to /metrics unnoticed."""
ProcessCollector(registry=REGISTRY)

_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LATE = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)
_GROUPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)

APPEND_SECONDS = Histogram(
    "aftale_append_seconds",
    "From the call of append to the commit or the error, including the wait for a group.",
    ["service"],
    buckets=_LATENCIES,
    registry=REGISTRY,
)
APPEND_GROUP = Histogram(
    "aftale_append_group_commands",
    "Commands that were committed together in one transaction.",
    ["service"],
    buckets=_GROUPS,
    registry=REGISTRY,
)
TIMER_LATE_SECONDS = Histogram(
    "aftale_timer_late_seconds",
    "How late a timer had its effect, by the service's clock: timers of cases, and the canary of each minute.",
    ["service", "loop", "timer"],
    buckets=_LATE,
    registry=REGISTRY,
)
_HTTP_SECONDS = Histogram(
    "aftale_http_request_seconds",
    "From the request to the end of its answer, by the template of the route.",
    ["service", "method", "route", "status"],
    buckets=_REQUESTS,
    registry=REGISTRY,
)
NO_ROUTE = "none"
"""Label of a request that matched no route: its path is text of the caller, and never becomes a label."""


class HttpSeconds:
    """Measures the requests of one service; caches each series, as finding it by labels costs more than observing."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._series: dict[tuple[str, str | None, int], Histogram] = {}

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Records one request; `route` is the template, or None if no route matched."""
        key = method, route, status
        series = self._series.get(key)
        if series is None:
            labels = self._service, method, route or NO_ROUTE, str(status)
            series = self._series[key] = _HTTP_SECONDS.labels(*labels)
        series.observe(seconds)
