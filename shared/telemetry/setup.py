"""Start and stop the tracing of a process."""

import os
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from shared.telemetry.context import MAX_LINKS, trace_with
from shared.telemetry.counted_batches import CountedBatches
from shared.telemetry.spans_to_file import SpansToFile


class Tracing:
    """The tracing of this process; without a provider it is off."""

    def __init__(self, provider: TracerProvider | None = None, batches: CountedBatches | None = None) -> None:
        self._provider = provider
        self._batches = batches

    @property
    def dropped(self) -> int:
        """Spans that ended and were not written."""
        return self._batches.dropped if self._batches else 0

    def flush(self) -> None:
        """Write what has ended until now."""
        if self._batches:
            self._batches.force_flush()

    def shutdown(self) -> None:
        """Write what has ended, log what was lost, and trace no more. Blocks until written; may be called twice."""
        if self._provider:
            trace_with(None)
            self._provider.shutdown()
            self._provider = None


def start(service_name: str, spans_dir: Path | None, *, sample_ratio: float = 1.0) -> Tracing:
    """Trace this process to `<spans_dir>/<service_name>-<pid>.jsonl`, or not at all where there is no folder.

    Of the traces that begin here the share `sample_ratio` is kept; one that began elsewhere follows its beginning, so
    that a trace is kept whole or not at all. One per process: a process that runs several services is started once,
    and its spans name their service. Ends with the process, or with `shutdown`.
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
