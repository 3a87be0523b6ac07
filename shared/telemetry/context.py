"""Starts spans, carries their context across stores and topics, and keeps everything but ids and codes out of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry.errors import ForbiddenAttribute

AttributeValue = str | int

ATTRIBUTES: Final = frozenset(
    {
        "aftale.batch",
        "aftale.case",
        "aftale.command",
        "aftale.epoch",
        "aftale.fact",
        "aftale.position",
        "aftale.rule",
        "aftale.service",
        "aftale.source",
        "aftale.timer",
        "aftale.version",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
    }
)
"""All attributes of spans: ids, codes and counts, because operators read traces and may see no personal data."""

MAX_LINKS: Final = 128
"""Most links of a span; OpenTelemetry records how many links of a larger batch were left out."""

WITHHELD: Final = "withheld"
"""Replaces a value in a span that is neither an id nor a code."""

_KEYS: Final = {key: key for key in ATTRIBUTES} | {key.removeprefix("aftale."): key for key in ATTRIBUTES}
_ID_OR_CODE: Final = re.compile(r"[\w.:/{}+-]{1,128}", re.ASCII)
_ENDS_OF_SAMPLED: Final = "13579bdf"
"""Last digits that mark a traceparent as sampled."""
_PROPAGATOR: Final = TraceContextTextMapPropagator()

# Not OpenTelemetry's global tracer: that one can be set only once per process, and libraries that find it begin to
# write spans of their own, with addresses, queries and exception texts in them (FastAPI does from 0.162 on).
_tracer: Tracer = NoOpTracer()


class OpenSpan:
    """A span that has begun; it accepts only ATTRIBUTES."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def add(self, **attributes: AttributeValue) -> None:
        """Adds attributes. Raises ForbiddenAttribute."""
        self._span.set_attributes(_allowed(attributes))

    def rename(self, name: str) -> None:
        """Gives the span the name that was unknown when it began."""
        self._span.update_name(name)

    def fail(self, error_type: str) -> None:
        """Marks the span as failed, with a code: the text of an exception may contain a name, and is left out."""
        self.add(**{"error.type": error_type})
        self._span.set_status(Status(StatusCode.ERROR))


def trace_with(tracer: Tracer | None) -> None:
    """Uses this tracer for every span from now on; None records nothing, but still passes on a parent's context."""
    global _tracer
    _tracer = tracer or NoOpTracer()


def current_traceparent() -> str | None:
    """Returns the running span as a W3C `traceparent`, which is stored with an event; None outside of any trace."""
    current = get_current_span().get_span_context()
    return _traceparent(current) if current.is_valid else None


def remote_parent(traceparent: str) -> Context:
    """Returns the context of a span of another process; an invalid traceparent begins a new trace."""
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=Context())


@contextmanager
def span(
    name: str,
    /,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Iterable[str | None] = (),
    **attributes: AttributeValue,
) -> Iterator[OpenSpan]:
    """Traces the enclosed block, as a child of the running span or of `parent`, a traceparent.

    Attributes are those of `ATTRIBUTES`, with or without `aftale.` before them: `span("append", service="offers")`.
    `links` are the traceparents of further causes; None among them is ignored. `name` consists of words of the code,
    never of data. Raises ForbiddenAttribute, even if nothing is recorded.
    """
    if parent is None and not links and _nothing_is_kept():
        _allowed(attributes)
        yield OpenSpan(get_current_span())
        return
    started = _tracer.start_span(
        name,
        context=None if parent is None else remote_parent(parent),
        kind=kind,
        attributes=_allowed(attributes),
        links=[Link(context) for context in map(_span_context, links) if context.is_valid],
    )
    opened = OpenSpan(started)
    with use_span(started, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield opened
        except BaseException as error:
            opened.fail(type(error).__qualname__)
            raise


def mark(name: str, /, *, parent: str | None, kind: SpanKind, **attributes: AttributeValue) -> str | None:
    """Records a span without duration, and returns its traceparent as parent for what follows.

    It is meant for thousands of calls: if nothing is recorded, it costs nothing and returns `parent`.
    """
    if isinstance(_tracer, NoOpTracer) or (parent is not None and parent[-1:] not in _ENDS_OF_SAMPLED):
        return parent
    context = None if parent is None else remote_parent(parent)
    marked = _tracer.start_span(name, context=context, kind=kind, attributes=_allowed(attributes))
    marked.end()
    return _traceparent(marked.get_span_context())


def _nothing_is_kept() -> bool:
    """Returns whether a span that begins now would not be recorded."""
    if isinstance(_tracer, NoOpTracer):
        return True
    running = get_current_span().get_span_context()
    return running.is_valid and not running.trace_flags.sampled


def _traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _allowed(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    try:
        return {_KEYS[key]: _id_or_code(value) for key, value in attributes.items()}
    except KeyError as unknown:
        raise ForbiddenAttribute(f"a span may not say {unknown}; it may say {', '.join(sorted(ATTRIBUTES))}") from None


def _id_or_code(value: AttributeValue) -> AttributeValue:
    if isinstance(value, int) or _ID_OR_CODE.fullmatch(value):
        return value
    return WITHHELD


def _span_context(traceparent: str | None) -> SpanContext:
    return get_current_span(remote_parent(traceparent or "")).get_span_context()
