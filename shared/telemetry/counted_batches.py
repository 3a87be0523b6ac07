"""Hand spans to an exporter in batches, and know how many were lost on the way."""

import threading
from collections.abc import Sequence

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

QUEUE = 65_536
"""Spans that may wait: what the writer writes in some four seconds. OpenTelemetry's own 2,048 drop silently."""
BATCH = 2_048
DELAY_MILLIS = 200
"""What a killed process loses at most, and how soon a trace can be printed."""

_log = structlog.get_logger()


class CountedBatches(BatchSpanProcessor):
    """OpenTelemetry's batches, with a count of the spans that never reached the exporter or that it could not write."""

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
        """Spans lost since the start."""
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
        """So many have left the queue."""
        with self._counting:
            self._waiting -= count

    def lost(self, count: int) -> None:
        """So many could not be written."""
        with self._counting:
            self._dropped += count

    def log_dropped(self) -> None:
        """Once per batch at most, so that a flood of spans is not followed by one of log lines."""
        dropped = self._dropped
        if dropped > self._logged:
            _log.warning("spans_dropped", dropped=dropped - self._logged, dropped_since_start=dropped)
            self._logged = dropped


class _Reporting(SpanExporter):
    """The exporter, telling the batches above what becomes of the spans."""

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
