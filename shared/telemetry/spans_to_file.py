"""Writes spans as OTLP JSON lines to a file that only this process writes."""

import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.private_folders import private_folder

LARGEST_BYTES = 32_000_000
"""Size of a file at which the next one is begun."""
KEPT_FILES = 8
"""Number of files that are kept per service; the oldest are deleted."""


class SpansToFile(SpanExporter):
    """Writes one line per batch, an ExportTraceServiceRequest, and flushes it: a kill damages at most the last line."""

    def __init__(self, folder: Path, service: str, largest: int = LARGEST_BYTES) -> None:
        private_folder(folder)
        self._folder = folder
        self._service = service
        self._largest = largest
        self._begin()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Writes a batch; returns FAILURE if that failed. The exporter underneath logs the reason."""
        if self._is_full_or_gone():
            self._exporter.shutdown()
            self._begin()
        return self._exporter.export(spans)

    def _is_full_or_gone(self) -> bool:
        """Returns whether the file is full, or another process of the service has deleted it as an old one."""
        return not self.path.exists() or self.path.stat().st_size > self._largest

    def _begin(self) -> None:
        """Opens a file of this process that is not full yet, and deletes the oldest files of the service."""
        numbers = (f"-{number}" if number else "" for number in count())
        files = (self._folder / f"{self._service}-{os.getpid()}{number}.jsonl" for number in numbers)
        self.path = next(file for file in files if not file.exists() or file.stat().st_size <= self._largest)
        _end_torn_line(self.path)
        self._exporter = FileSpanExporter(self.path)
        own = re.compile(rf"{re.escape(self._service)}-\d+(-\d+)?\.jsonl")
        files_of_all = (file for file in self._folder.iterdir() if own.fullmatch(file.name))
        kept = sorted(files_of_all, key=lambda file: file.stat().st_mtime)
        for old in kept[:-KEPT_FILES]:
            old.unlink(missing_ok=True)

    def shutdown(self) -> None:
        """Closes the file."""
        self._exporter.shutdown()


def _end_torn_line(path: Path) -> None:
    # Process ids come back, in a container always as 1: the line that a killed one tore must not swallow our first.
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
