"""Histograms of what a process does itself: appends and HTTP requests. In seconds, by service."""

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
"""Our own, so that a library cannot add to what /metrics says without anybody knowing."""
ProcessCollector(registry=REGISTRY)

_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_GROUPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)

APPEND_SECONDS = Histogram(
    "aftale_append_seconds",
    "From the call of append to the commit, or to the fault, with the wait for a group.",
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
_HTTP_SECONDS = Histogram(
    "aftale_http_request_seconds",
    "From the request to the end of its answer, by the template of the route.",
    ["service", "method", "route", "status"],
    buckets=_REQUESTS,
    registry=REGISTRY,
)
NO_ROUTE = "none"
"""The route of a request that matched none: its path is the caller's text, and never becomes a label."""


class HttpSeconds:
    """The histogram of one service's requests. Keeps each series at hand: to look one up by its labels costs more than
    to observe it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._series: dict[tuple[str, str | None, int], Histogram] = {}

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """One request; `route` is the template, None where no route was found."""
        key = method, route, status
        series = self._series.get(key)
        if series is None:
            labels = self._service, method, route or NO_ROUTE, str(status)
            series = self._series[key] = _HTTP_SECONDS.labels(*labels)
        series.observe(seconds)
