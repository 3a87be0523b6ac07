"""Reads spans from the files of all processes, also of one that was killed while it wrote."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_STATUS_ERROR = 2


@dataclass(frozen=True)
class ReadSpan:
    """A finished span; times in nanoseconds since 1970, UTC."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    service: str
    start: int
    end: int
    attributes: Mapping[str, str | int]
    failed: bool = False
    links: int = 0


def traces_of_case(folder: Path, case: str) -> set[str]:
    """Returns the ids of the traces in which any span is about the case."""
    return {span.trace_id for span in _spans(folder, {case}) if span.attributes.get("aftale.case") == case}


def spans_of_traces(folder: Path, trace_ids: Set[str]) -> dict[str, list[ReadSpan]]:
    """Returns all spans of the traces, from all processes, in the order in which they began."""
    found: dict[str, list[ReadSpan]] = {}
    for span in _spans(folder, trace_ids):
        if span.trace_id in trace_ids:
            found.setdefault(span.trace_id, []).append(span)
    return {trace_id: sorted(spans, key=lambda span: span.start) for trace_id, spans in found.items()}


def _spans(folder: Path, words: Set[str]) -> Iterator[ReadSpan]:
    """Yields the spans of lines that contain one of the words; skipping other lines keeps a large folder searchable."""
    wanted = [word.encode() for word in words]
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                if any(word in line for word in wanted):
                    yield from _spans_of_line(line)


def _spans_of_line(line: bytes) -> Iterator[ReadSpan]:
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError:
        return  # torn by a kill, or being written right now
    for of_resource in request["resourceSpans"]:
        process = _attributes(of_resource["resource"])
        for of_scope in of_resource["scopeSpans"]:
            for span in of_scope["spans"]:
                yield _span(span, str(process.get("service.name", "?")))


def _span(span: dict[str, Any], process: str) -> ReadSpan:
    attributes = _attributes(span)
    return ReadSpan(
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId") or None,
        name=span["name"],
        service=str(attributes.pop("aftale.service", process)),
        start=int(span["startTimeUnixNano"]),
        end=int(span["endTimeUnixNano"]),
        attributes=attributes,
        failed=span.get("status", {}).get("code") == _STATUS_ERROR,
        links=len(span.get("links", ())),
    )


def _attributes(of: dict[str, Any]) -> dict[str, str | int]:
    return {attribute["key"]: _value(attribute["value"]) for attribute in of.get("attributes", ())}


def _value(value: dict[str, Any]) -> str | int:
    # OTLP writes 64-bit integers as text.
    return int(value["intValue"]) if "intValue" in value else str(next(iter(value.values()), ""))
