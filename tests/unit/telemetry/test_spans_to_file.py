"""Spans go to files of a bounded size and number, and the newest can always be read."""

import os
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from shared.telemetry.spans_to_file import KEPT_FILES, SpansToFile


def test_a_full_file_is_followed_by_another_and_the_oldest_go(tmp_path: Path) -> None:
    others = [tmp_path / "offers-guidance-1.jsonl", tmp_path / f"control-{os.getpid()}.jsonl"]
    for other in others:
        other.write_text("of others\n")
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SpansToFile(tmp_path, "offers", largest=1)))
    tracer = provider.get_tracer("test")
    for number in range(KEPT_FILES + 3):
        with tracer.start_as_current_span(f"act {number}"):
            pass
    provider.shutdown()
    files = [file for file in tmp_path.iterdir() if file not in others]
    written = "".join(file.read_text() for file in files)
    assert len(files) == KEPT_FILES
    assert [number for number in range(KEPT_FILES + 3) if f'"act {number}"' in written] == list(
        range(3, KEPT_FILES + 3)
    )
    assert all(other.exists() for other in others)


def test_a_file_with_room_is_written_on(tmp_path: Path) -> None:
    spans: list[ReadableSpan] = []
    first = SpansToFile(tmp_path, "offers")
    first.export(spans)
    first.shutdown()
    assert SpansToFile(tmp_path, "offers").path == first.path


def test_a_file_that_another_process_took_away_is_written_on_no_more(tmp_path: Path) -> None:
    """Each process keeps the newest files of its service: one that wrote little may lose its own."""
    provider = TracerProvider()
    exporter = SpansToFile(tmp_path, "offers")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for act in ("first", "second"):
        with tracer.start_as_current_span(act):
            pass
        if act == "first":
            exporter.path.unlink()
    provider.shutdown()
    (file,) = tmp_path.iterdir()
    assert '"second"' in file.read_text()


def test_several_processes_of_a_service_keep_no_more_files_than_one(tmp_path: Path) -> None:
    for pid in range(100_001, 100_001 + 2 * KEPT_FILES):
        (tmp_path / f"offers-{pid}.jsonl").write_text("of another process\n")
    SpansToFile(tmp_path, "offers").shutdown()
    assert len(list(tmp_path.iterdir())) == KEPT_FILES
