"""One acceptance is one trace, from the request through four processes to the row in reporting."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.telemetry.read_spans import ReadSpan, spans_of_traces, traces_of_case
from tests.integration.system.course import UNIT, play
from tests.integration.system.running_system import PROJECT, SERVICES, running_system

ACCEPTANCE = "POST /v1/offers/{agreement_id}/acceptance"
WAY = [
    ("offers", ACCEPTANCE),
    ("offers", "publish Accepted"),
    ("control", "apply Accepted"),
    ("control", "publish ComplianceDeadlineSet"),
    ("guidance", "apply ComplianceDeadlineSet"),
    ("guidance", "publish GuidanceScheduled"),
    ("reporting", "project GuidanceScheduled"),
]
"""Each caused the next one."""
BESIDE = [
    [*WAY[:1], ("offers", "append")],
    [*WAY[:2], ("reporting", "project Accepted")],
    [*WAY[:3], ("control", "append")],
    [*WAY[:4], ("reporting", "project ComplianceDeadlineSet")],
    [*WAY[:5], ("guidance", "append")],
]
"""What else came of it, each with its way."""


async def test_an_acceptance_is_followed_through_four_processes(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT)
        agreement_id = ""
        async for step in play(system, "no_violation"):
            agreement_id = agreement_id or step
            if step == "accepted":
                await system.time.settle()
                break
    folder = tmp_path / "spans"
    assert {file.name.partition("-")[0] for file in folder.glob("*.jsonl")} == set(SERVICES)
    traces = spans_of_traces(folder, traces_of_case(folder, agreement_id))
    (trace,) = [spans for spans in traces.values() if ACCEPTANCE in {span.name for span in spans}]
    assert {span.service for span in trace} == set(SERVICES)
    by_id = {span.span_id: span for span in trace}
    ways = [_way_to(span, by_id) for span in trace]
    assert [way for way in (WAY, *BESIDE) if way not in ways] == []

    printed = _printed(folder, "--trace", trace[0].trace_id)
    assert [step for step in WAY if "  ".join(step) not in printed] == []
    assert len(printed.splitlines()) == 1 + len(trace)
    assert trace[0].trace_id in _printed(folder, agreement_id)


def _way_to(end: ReadSpan, spans: Mapping[str, ReadSpan]) -> list[tuple[str, str]]:
    """From the first cause to here."""
    way = [(end.service, end.name)]
    cause = end
    while cause.parent_id:
        cause = spans[cause.parent_id]
        way.insert(0, (cause.service, cause.name))
    return way


def _printed(folder: Path, *which: str) -> str:
    """What the command says."""
    command = [sys.executable, "-m", "shared.telemetry.print_trace", *which, "--spans", str(folder)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
