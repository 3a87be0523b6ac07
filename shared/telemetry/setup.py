"""Starts and stops the tracing of a process."""

import os
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from shared.telemetry.context import MAX_LINKS, trace_with
from shared.telemetry.counted_batches import CountedBatches
from shared.telemetry.spans_to_file import SpansToFile


class Tracing:
    """The tracing of this process; it is off without a provider."""

    def __init__(self, provider: TracerProvider | None = None, batches: CountedBatches | None = None) -> None:
        self._provider = provider
        self._batches = batches

    @property
    def dropped(self) -> int:
        """Returns the number of spans that ended and were lost."""
        return self._batches.dropped if self._batches else 0

    def flush(self) -> None:
        """Writes the spans that have ended so far."""
        if self._batches:
            self._batches.force_flush()

    def shutdown(self) -> None:
        """Writes the ended spans, logs how many were lost, and stops tracing. Blocks; may be called twice."""
        if self._provider:
            trace_with(None)
            self._provider.shutdown()
            self._provider = None


def start(service_name: str, spans_dir: Path | None, *, sample_ratio: float = 1.0) -> Tracing:
    """Traces this process to `<spans_dir>/<service_name>-<pid>.jsonl`, or not at all if there is no folder.

    Keeps the share `sample_ratio` of the traces that begin here. A trace that began elsewhere is kept if its beginning
    was, so that each trace is kept whole or not at all. A process calls it once, even if it runs several services, and
    its spans name their service. Tracing ends with the process, or with `shutdown`.
    """
    if spans_dir is None:
        return Tracing()
    batches = CountedBatches(SpansToFile(spans_dir, service_name))
    provider = TracerProvider(
        resource=Resource.create({"service.name": service_name, "process.pid": os.getpid()}),
        sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
        span_limits=SpanLimits(max_links=MAX_LINKS),
    )
    provider.add_span_processor(batches)
    trace_with(provider.get_tracer("aftale"))
    return Tracing(provider, batches)
