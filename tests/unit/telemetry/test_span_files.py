"""Spans go to a file per process as OTLP JSON, whole even where a process was killed, and are counted where lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind
from structlog.testing import capture_logs

from shared.telemetry.context import current_traceparent, span
from shared.telemetry.counted_batches import CountedBatches
from shared.telemetry.read_spans import spans_of_traces, traces_of_case
from shared.telemetry.setup import start

WRITES_ONE_SPAN_AND_WAITS = """
import sys, time
from pathlib import Path
from shared.telemetry.context import span
from shared.telemetry.setup import start
tracing = start("offers", Path(sys.argv[1]))
with span("append", case=sys.argv[2]):
    pass
tracing.flush()
print("written", flush=True)
time.sleep(60)
"""


def only_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def spans_of(line: str) -> list[dict[str, Any]]:
    return [s for r in json.loads(line)["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]


def test_a_line_is_an_export_request_with_ids_in_hex_and_enums_as_numbers(tmp_path: Path) -> None:
    tracing = start("offers", tmp_path / "spans")
    with span("request", kind=SpanKind.SERVER), span("append", case="a1", position=7):
        traceparent = current_traceparent() or ""
    tracing.shutdown()
    path = only_file(tmp_path / "spans")
    assert path.name == f"offers-{os.getpid()}.jsonl"
    [line] = path.read_text().splitlines()
    append, request = spans_of(line)
    assert traceparent.startswith(f"00-{append['traceId']}-{append['spanId']}-")
    assert append["parentSpanId"] == request["spanId"]
    assert request["kind"] == 2
    assert int(append["startTimeUnixNano"]) <= int(append["endTimeUnixNano"])
    assert {"key": "aftale.position", "value": {"intValue": "7"}} in append["attributes"]
    process = json.loads(line)["resourceSpans"][0]["resource"]["attributes"]
    assert {"key": "service.name", "value": {"stringValue": "offers"}} in process


def test_without_a_folder_nothing_is_traced() -> None:
    tracing = start("offers", None)
    with span("append"):
        assert current_traceparent() is None
    tracing.shutdown()
    assert tracing.dropped == 0


def test_after_shutdown_nothing_is_traced_and_tracing_can_start_again(tmp_path: Path) -> None:
    for _ in range(2):
        tracing = start("offers", tmp_path)
        with span("append", case="a1"):
            pass
        tracing.shutdown()
        tracing.shutdown()
        with span("append", case="a1"):
            assert current_traceparent() is None
    assert len(only_file(tmp_path).read_text().splitlines()) == 2


def test_what_began_elsewhere_is_kept_or_not_as_it_was_there(tmp_path: Path) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    tracing = start("control", tmp_path, sample_ratio=0.0)
    with span("apply Accepted", parent=f"00-{trace}-00f067aa0ba902b7-01"):
        pass
    with span("apply Declined", parent=f"00-{trace}-00f067aa0ba902b8-00"):
        pass
    with span("a trace of its own"):
        pass
    tracing.shutdown()
    assert [s["name"] for s in spans_of(only_file(tmp_path).read_text())] == ["apply Accepted"]


def test_what_was_flushed_survives_a_killed_process(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_ONE_SPAN_AND_WAITS, str(tmp_path), "a1"],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(traces_of_case(tmp_path, "a1")) == 1


def test_a_torn_last_line_is_passed_over_and_does_not_swallow_what_is_written_after_it(tmp_path: Path) -> None:
    torn = tmp_path / f"offers-{os.getpid()}.jsonl"
    tracing = start("offers", tmp_path)
    with span("append", case="a1"):
        pass
    tracing.shutdown()
    whole = torn.read_bytes()
    torn.write_bytes(whole + whole[:-20])
    tracing = start("offers", tmp_path)
    with span("append", case="a1"):
        pass
    tracing.shutdown()
    traces = traces_of_case(tmp_path, "a1")
    assert len(traces) == 2
    assert len(spans_of_traces(tmp_path, traces)) == 2
    assert len(torn.read_bytes().splitlines()) == 3


def test_every_cut_of_the_last_line_leaves_the_lines_before_it_readable(tmp_path: Path) -> None:
    tracing = start("offers", tmp_path)
    with span("append", case="a1"):
        pass
    tracing.shutdown()
    path = only_file(tmp_path)
    whole = path.read_bytes()
    for cut in range(1, len(whole), 7):
        path.write_bytes(whole + whole[:cut])
        [[only]] = spans_of_traces(tmp_path, traces_of_case(tmp_path, "a1")).values()
        assert only.name == "append"


class Stuck(SpanExporter):
    """Begins to write when told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.written: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        assert self.go.wait(10)
        self.written += [span.name for span in spans]
        return SpanExportResult.SUCCESS


class Full(SpanExporter):
    """A disk without room."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.FAILURE


def end_spans(batches: CountedBatches, count: int) -> None:
    provider = TracerProvider()
    provider.add_span_processor(batches)
    tracer = provider.get_tracer("test")
    for number in range(count):
        tracer.start_span(str(number)).end()


def test_spans_beyond_the_queue_are_counted_and_logged() -> None:
    exporter = Stuck()
    batches = CountedBatches(exporter, queue=100, batch=10)
    with capture_logs() as logs:
        end_spans(batches, 1_000)
        assert batches.dropped > 0
        exporter.go.set()
        batches.shutdown()
    assert len(exporter.written) + batches.dropped == 1_000
    assert exporter.written[:100] == [str(number) for number in range(100)]
    assert sum(log["dropped"] for log in logs if log["event"] == "spans_dropped") == batches.dropped


def test_spans_that_could_not_be_written_are_counted_and_logged() -> None:
    batches = CountedBatches(Full(), queue=100, batch=10)
    with capture_logs() as logs:
        end_spans(batches, 30)
        batches.shutdown()
    assert batches.dropped == 30
    assert logs[-1]["dropped_since_start"] == 30


@pytest.mark.parametrize("threads", [4])
def test_a_burst_from_several_threads_arrives_whole(tmp_path: Path, threads: int) -> None:
    tracing = start("offers", tmp_path)

    def burst() -> None:
        for _ in range(2_500):
            with span("append"):
                pass

    workers = [threading.Thread(target=burst) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tracing.shutdown()
    assert tracing.dropped == 0
    assert sum(len(spans_of(line)) for line in only_file(tmp_path).read_text().splitlines()) == threads * 2_500
