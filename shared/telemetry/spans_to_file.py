"""Write spans as OTLP JSON lines to a file that this process alone writes."""

import os
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.private_folders import private_folder


class SpansToFile(SpanExporter):
    """One line per batch, an ExportTraceServiceRequest, flushed at once: a kill tears its last line at most."""

    def __init__(self, folder: Path, service: str) -> None:
        private_folder(folder)
        self.path = folder / f"{service}-{os.getpid()}.jsonl"
        _end_torn_line(self.path)
        self._exporter = FileSpanExporter(self.path)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """FAILURE where the batch could not be written; the reason is logged by the exporter underneath."""
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        """Close the file."""
        self._exporter.shutdown()


def _end_torn_line(path: Path) -> None:
    # Process ids come back, in a container always as 1: the line that a killed one tore must not swallow our first.
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
