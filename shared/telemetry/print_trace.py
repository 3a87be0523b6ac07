"""Prints the traces of a case as trees, joined from the span files of all processes."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from shared.telemetry.read_spans import ReadSpan, spans_of_traces, traces_of_case

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_WIDE = 1_000


def trace_tree(spans: Sequence[ReadSpan]) -> Tree:
    """Returns one trace as a tree. `spans` are sorted by start; the offsets in the tree count from the first one."""
    began = spans[0].start
    tree = Tree(_heading(spans))
    known = {span.span_id for span in spans}
    children: dict[str | None, list[ReadSpan]] = {}
    for span in spans:
        children.setdefault(span.parent_id if span.parent_id in known else None, []).append(span)
    _grow(tree, children, None, began)
    return tree


def _grow(branch: Tree, children: dict[str | None, list[ReadSpan]], parent: str | None, began: int) -> None:
    for span in children.get(parent, ()):
        _grow(branch.add(_line(span, began, orphan=parent is None)), children, span.span_id, began)


def _heading(spans: Sequence[ReadSpan]) -> Text:
    began = spans[0].start
    duration = max(span.end for span in spans) - began
    services = ", ".join(dict.fromkeys(span.service for span in spans))
    return Text.assemble(
        ("trace ", "bold"),
        (spans[0].trace_id, "bold"),
        f"  {datetime.fromtimestamp(began / _NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}Z",
        f"  {_ms(duration)}  {len(spans)} spans  {services}",
    )


def _line(span: ReadSpan, began: int, *, orphan: bool) -> Text:
    line = Text.assemble(
        (span.service, "cyan"),
        "  ",
        (span.name, "bold red" if span.failed else "bold"),
        f"  +{_ms(span.start - began)}  {_ms(span.end - span.start)}",
    )
    line.append("".join(f"  {key.removeprefix('aftale.')}={value}" for key, value in span.attributes.items()), "dim")
    if span.links:
        line.append(f"  links={span.links}", "dim")
    if span.failed:
        line.append("  FAILED", "bold red")
    if orphan and span.parent_id:
        line.append("  (its parent is not in these files)", "yellow")
    return line


def _ms(nanoseconds: int) -> str:
    return f"{nanoseconds / _NS_PER_MS:.1f} ms"


def print_traces(traces: Iterable[Sequence[ReadSpan]], console: Console) -> None:
    """Prints traces as trees, the oldest first."""
    for spans in sorted(traces, key=lambda spans: spans[0].start):
        console.print(trace_tree(spans))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 1 if there is nothing to print."""
    parser = argparse.ArgumentParser(prog="python -m shared.telemetry.print_trace", description=__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("case", nargs="?", metavar="CASE", help="id of the agreement: every trace that touched it")
    asked.add_argument("--trace", metavar="ID", help="one trace, by its id of 32 hex digits")
    parser.add_argument("--spans", metavar="DIR", type=Path, required=True, help="folder of the span files")
    chosen = parser.parse_args(arguments)
    if not chosen.spans.is_dir():
        print(f"There is no folder {chosen.spans}: was the system started with tracing?", file=sys.stderr)
        return 1
    trace_ids = {chosen.trace.lower()} if chosen.trace else traces_of_case(chosen.spans, chosen.case)
    traces = spans_of_traces(chosen.spans, trace_ids)
    if not traces:
        files = len(list(chosen.spans.glob("*.jsonl")))
        what = f"trace {chosen.trace}" if chosen.trace else f"trace of case {chosen.case}"
        print(
            f"No {what} in {chosen.spans} ({files} span files). Spans are written after "
            "a fifth of a second; a trace that was not sampled is not kept.",
            file=sys.stderr,
        )
        return 1
    # Piped into a file or a search, a line is kept whole.
    print_traces(traces.values(), Console(width=None if sys.stdout.isatty() else _WIDE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
