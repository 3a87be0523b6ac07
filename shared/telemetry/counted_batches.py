"""Hand spans to an exporter in batches, and know how many were lost on the way."""

import threading
from collections.abc import Sequence

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

QUEUE = 65_536
"""Most spans that wait, some four seconds of writing. OpenTelemetry's own limit, 2,048, drops spans silently."""
BATCH = 2_048
DELAY_MILLIS = 200
"""Milliseconds that a span waits at most: a killed process loses that much, and a trace can be printed that soon."""

_log = structlog.get_logger()


class CountedBatches(BatchSpanProcessor):
    """OpenTelemetry's batches, with a count of the spans that were dropped or could not be written."""

    def __init__(self, exporter: SpanExporter, *, queue: int = QUEUE, batch: int = BATCH) -> None:
        self._queue = queue
        self._waiting = 0
        self._dropped = 0
        self._logged = 0
        self._counting = threading.Lock()
        super().__init__(
            _Reporting(exporter, self),
            max_queue_size=queue,
            max_export_batch_size=batch,
            schedule_delay_millis=DELAY_MILLIS,
        )

    @property
    def dropped(self) -> int:
        """Returns the number of spans lost since the start."""
        return self._dropped

    def on_end(self, span: ReadableSpan) -> None:
        if not (span.context and span.context.trace_flags.sampled):
            return
        with self._counting:
            # Refused before the queue underneath is full, because that one forgets its oldest and tells nobody.
            full = self._waiting >= self._queue
            self._waiting += not full
            self._dropped += full
        if not full:
            super().on_end(span)

    def shutdown(self) -> None:
        super().shutdown()  # type: ignore[no-untyped-call]
        with self._counting:
            self._dropped += self._waiting
            self._waiting = 0
        self.log_dropped()

    def taken(self, count: int) -> None:
        """Notes that `count` spans have left the queue."""
        with self._counting:
            self._waiting -= count

    def lost(self, count: int) -> None:
        """Notes that `count` spans could not be written."""
        with self._counting:
            self._dropped += count

    def log_dropped(self) -> None:
        """Logs newly lost spans; called once per batch, so that a flood of spans causes no flood of log lines."""
        dropped = self._dropped
        if dropped > self._logged:
            _log.warning("spans_dropped", dropped=dropped - self._logged, dropped_since_start=dropped)
            self._logged = dropped


class _Reporting(SpanExporter):
    """Wraps an exporter, and reports to CountedBatches which spans were written or lost."""

    def __init__(self, exporter: SpanExporter, batches: CountedBatches) -> None:
        self._exporter = exporter
        self._batches = batches

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._batches.taken(len(spans))
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._batches.lost(len(spans))
        self._batches.log_dropped()
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
