"""Spans carry their context across processes, and say nothing but ids and codes."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from shared.telemetry.context import WITHHELD, current_traceparent, mark, remote_parent, span
from shared.telemetry.errors import ForbiddenAttribute

ELSEWHERE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_outside_of_any_span_there_is_no_traceparent() -> None:
    assert current_traceparent() is None


def test_a_traceparent_that_was_stored_is_the_parent_of_a_span_elsewhere(recorded: InMemorySpanExporter) -> None:
    with span("append", service="offers"):
        stored = current_traceparent()
    with span("publish Accepted", parent=stored, kind=SpanKind.PRODUCER):
        pass
    append, publish = recorded.get_finished_spans()
    assert append.context is not None
    assert publish.parent is not None
    assert publish.context is not None
    assert publish.context.trace_id == append.context.trace_id
    assert publish.parent.span_id == append.context.span_id
    assert publish.parent.is_remote
    assert publish.kind is SpanKind.PRODUCER


def test_a_parent_that_is_named_comes_before_the_running_span(recorded: InMemorySpanExporter) -> None:
    with span("batch"), span("apply Accepted", parent=ELSEWHERE):
        assert (current_traceparent() or "").startswith(ELSEWHERE[:36])
    assert len(recorded.get_finished_spans()) == 2


def test_a_span_inside_another_is_its_child(recorded: InMemorySpanExporter) -> None:
    with span("request"), span("append"):
        pass
    inner, outer = recorded.get_finished_spans()
    assert outer.context is not None
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id


@pytest.mark.parametrize("unreadable", ["", "nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", ELSEWHERE[:-3]])
def test_a_traceparent_that_does_not_read_begins_a_trace_of_its_own(
    unreadable: str, recorded: InMemorySpanExporter
) -> None:
    assert not get_current_span(remote_parent(unreadable)).get_span_context().is_valid
    with span("outer"), span("apply Accepted", parent=unreadable):
        pass
    applied, _outer = recorded.get_finished_spans()
    assert applied.parent is None


def test_a_traceparent_of_a_later_version_is_read_as_well() -> None:
    later = get_current_span(remote_parent(f"01{ELSEWHERE[2:]}-more")).get_span_context()
    assert f"{later.trace_id:032x}" == ELSEWHERE[3:35]


def test_where_nothing_is_recorded_the_context_is_passed_on_all_the_same() -> None:
    with span("request", parent=ELSEWHERE):
        assert current_traceparent() == ELSEWHERE


def test_attributes_may_be_written_with_their_prefix_or_without(recorded: InMemorySpanExporter) -> None:
    with span("publish Accepted", case="a1", position=7) as published:
        published.add(**{"aftale.fact": "Accepted"})
    [finished] = recorded.get_finished_spans()
    assert finished.attributes == {"aftale.case": "a1", "aftale.position": 7, "aftale.fact": "Accepted"}


@pytest.mark.parametrize(
    "key", ["aftale.name", "name", "text", "contact", "http.url", "url.query", "aftale.aftale.case"]
)
def test_what_is_not_on_the_list_is_refused(key: str, recorded: InMemorySpanExporter) -> None:
    with pytest.raises(ForbiddenAttribute, match=key), span("append", **{key: "x"}):  # type: ignore[arg-type]
        pass
    assert recorded.get_finished_spans() == ()


def test_what_is_not_on_the_list_is_refused_also_where_nothing_is_recorded() -> None:
    with pytest.raises(ForbiddenAttribute), span("append", name_of_contact="x"):
        pass


def test_what_is_not_on_the_list_cannot_be_added_later(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(ForbiddenAttribute), span("append") as opened:
        opened.add(observation="x")
    assert "observation" not in recorded.get_finished_spans()[0].to_json()


@pytest.mark.parametrize("text", ["Karen Blixen", "Søren", "støj i hal 4", "a\nb", "x" * 129, "", "k.b@example.dk"])
def test_text_under_an_allowed_key_is_withheld(text: str, recorded: InMemorySpanExporter) -> None:
    with span("append", case=text):
        pass
    assert recorded.get_finished_spans()[0].attributes == {"aftale.case": WITHHELD}


def test_a_failure_is_told_by_its_type_and_never_by_its_words(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(LookupError), span("apply Accepted"):
        raise LookupError("no contact Karen Blixen")
    [failed] = recorded.get_finished_spans()
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes == {"error.type": "LookupError"}
    assert "Karen" not in failed.to_json()


def test_links_lead_to_what_else_caused_a_span_without_those_that_are_absent(recorded: InMemorySpanExporter) -> None:
    with span("project", links=[ELSEWHERE, None, "nonsense"]):
        pass
    [projected] = recorded.get_finished_spans()
    assert [f"{link.context.span_id:016x}" for link in projected.links] == [ELSEWHERE[36:52]]


def test_a_batch_larger_than_the_cap_says_how_many_links_are_left_out(recorded: InMemorySpanExporter) -> None:
    with span("project", links=[f"00-{number:032x}-00f067aa0ba902b7-01" for number in range(1, 501)]):
        pass
    [projected] = recorded.get_finished_spans()
    assert (len(projected.links), projected.dropped_links) == (128, 372)


def test_a_moment_that_is_marked_goes_on_in_the_trace_of_its_parent(recorded: InMemorySpanExporter) -> None:
    goes_on = mark("publish Accepted", parent=ELSEWHERE, kind=SpanKind.PRODUCER, case="a1")
    [publish] = recorded.get_finished_spans()
    assert publish.context is not None
    assert publish.parent is not None
    assert goes_on == f"{ELSEWHERE[:36]}{publish.context.span_id:016x}-01"
    assert f"{publish.parent.span_id:016x}" == ELSEWHERE[36:52]
    assert publish.kind is SpanKind.PRODUCER
    assert dict(publish.attributes or {}) == {"aftale.case": "a1"}


def test_a_moment_without_a_parent_begins_a_trace(recorded: InMemorySpanExporter) -> None:
    goes_on = mark("publish Accepted", parent=None, kind=SpanKind.PRODUCER)
    [publish] = recorded.get_finished_spans()
    assert publish.context is not None
    assert publish.parent is None
    assert (goes_on or "").startswith(f"00-{publish.context.trace_id:032x}-")


def test_a_moment_in_a_trace_that_is_not_kept_passes_it_on(recorded: InMemorySpanExporter) -> None:
    not_kept = f"{ELSEWHERE[:-2]}00"
    assert mark("publish Accepted", parent=not_kept, kind=SpanKind.PRODUCER) == not_kept
    assert not recorded.get_finished_spans()


@pytest.mark.parametrize("parent", [None, ELSEWHERE])
def test_without_tracing_a_moment_passes_on_what_there_was(parent: str | None) -> None:
    assert mark("publish Accepted", parent=parent, kind=SpanKind.PRODUCER) == parent


def test_a_moment_says_nothing_but_ids_and_codes(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(ForbiddenAttribute):
        mark("publish Accepted", parent=ELSEWHERE, kind=SpanKind.PRODUCER, name="Karen Blixen")
