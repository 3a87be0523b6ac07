"""One acceptance is one trace, from the request through four processes to the row in reporting."""

import subprocess
import sys
from pathlib import Path

from shared.telemetry.read_spans import traces_of_case
from tests.integration.system.course import UNIT, play
from tests.integration.system.running_system import PROJECT, running_system

EXPECTED = {
    ("offers", "POST /v1/offers/{agreement_id}/acceptance"),
    ("offers", "append"),
    ("offers", "publish Accepted"),
    ("control", "apply Accepted"),
    ("control", "append"),
    ("control", "publish ComplianceDeadlineSet"),
    ("guidance", "apply ComplianceDeadlineSet"),
    ("guidance", "append"),
    ("guidance", "publish GuidanceScheduled"),
    ("reporting", "project Accepted"),
    ("reporting", "project ComplianceDeadlineSet"),
    ("reporting", "project GuidanceScheduled"),
}


async def test_an_acceptance_is_followed_through_four_processes(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT)
        agreement_id = ""
        async for step in play(system, "no_violation"):
            agreement_id = agreement_id or step
            if step == "accepted":
                await system.time.settle()
                break
    spans = tmp_path / "spans"
    printed = subprocess.run(
        [sys.executable, "-m", "shared.telemetry.print_trace", agreement_id, "--spans", str(spans)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(list(spans.glob("*.jsonl"))) == 4
    acceptance = _trace_with("/acceptance", printed)
    for service, name in EXPECTED:
        assert f"{service}  {name}" in acceptance
    assert traces_of_case(spans, agreement_id)


def _trace_with(part: str, printed: str) -> str:
    """The one trace, of those printed, in which this occurs."""
    (found,) = [trace for trace in printed.split("\ntrace ") if part in trace]
    return found
