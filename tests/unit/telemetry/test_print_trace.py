"""A trace is printed as one tree, joined from the files of all processes that took part."""

from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.trace import SpanKind

from shared.telemetry.context import current_traceparent, span
from shared.telemetry.print_trace import main
from shared.telemetry.setup import start

CASE = "01890a5d-ac96-774b-bcce-b302099a8057"


def in_process(service: str, folder: Path, act: Callable[[], str | None]) -> str | None:
    tracing = start(service, folder)
    try:
        return act()
    finally:
        tracing.shutdown()


def accept() -> str | None:
    with span("POST /v1/offers/{agreement_id}/acceptance", kind=SpanKind.SERVER), span("append"):
        return current_traceparent()


def handle(name: str, parent: str | None) -> Callable[[], str | None]:
    def act() -> str | None:
        with span(name, parent=parent, case=CASE, fact="Accepted"):
            return current_traceparent()

    return act


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    stored = in_process("offers", tmp_path, accept)
    published = in_process("offers", tmp_path, handle("publish Accepted", stored))
    in_process("control", tmp_path, handle("apply Accepted", published))
    in_process("reporting", tmp_path, handle("project Accepted", published))
    in_process("guidance", tmp_path, lambda: accept() and None)
    return tmp_path


def columns(line: str) -> tuple[int, str]:
    """How deep a line of the tree is, and service and name on it."""
    text = line.lstrip(" │├└─")
    return (len(line) - len(text)) // 4, "  ".join(text.split("  ")[:2])


def test_a_trace_is_one_tree_over_all_services(accepted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([CASE, "--spans", str(accepted)]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.endswith("5 spans  offers, control, reporting")
    assert [columns(line) for line in lines] == [
        (1, "offers  POST /v1/offers/{agreement_id}/acceptance"),
        (2, "offers  append"),
        (3, "offers  publish Accepted"),
        (4, "control  apply Accepted"),
        (4, "reporting  project Accepted"),
    ]
    assert f"case={CASE}" in lines[2]
    assert "fact=Accepted" in lines[2]
    assert "+0.0 ms" in lines[0]


def test_one_trace_is_printed_by_its_id(accepted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([CASE, "--spans", str(accepted)])
    first = capsys.readouterr().out
    assert main(["--trace", first.split()[1].upper(), "--spans", str(accepted)]) == 0
    assert capsys.readouterr().out == first


def test_a_case_without_a_trace_is_said_plainly(accepted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["another", "--spans", str(accepted)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "No trace of case another" in printed.err
    assert "(4 span files)" in printed.err


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([CASE, "--spans", str(tmp_path / "none")]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_a_span_whose_parent_was_lost_is_shown_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    in_process("control", tmp_path, handle("apply Accepted", lost))
    main([CASE, "--spans", str(tmp_path)])
    assert "(its parent is not in these files)" in capsys.readouterr().out


def test_a_failure_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with pytest.raises(LookupError), span("apply Accepted", case=CASE):
            raise LookupError("no such unit")

    in_process("control", tmp_path, lambda: fail())
    main([CASE, "--spans", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "error.type=LookupError  FAILED" in printed
    assert "no such unit" not in printed
