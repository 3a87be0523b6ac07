"""A request is one server span named after its route; nothing of the path, the query or the sender is in it."""

from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared.telemetry.context import current_traceparent, span
from shared.telemetry.http import instrument

ELSEWHERE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CASE = "01890a5d-ac96-774b-bcce-b302099a8057"

offers = APIRouter(prefix="/offers")
twice = APIRouter()


@offers.post("/{agreement_id}/acceptance", status_code=201)
async def accept(agreement_id: UUID) -> dict[str, str | None]:
    with span("append", service="offers"):
        return {"stored": current_traceparent()}


@offers.get("/{agreement_id}")
async def show(agreement_id: str) -> None:
    if agreement_id == "fails":
        raise LookupError("Karen Blixen")
    raise HTTPException(503 if agreement_id == "away" else 404)


@twice.get("/state")
async def state() -> None:
    return None


def app(service: str | None = None) -> FastAPI:
    made = FastAPI()
    v1 = APIRouter(prefix="/v1")
    v1.include_router(offers)
    made.include_router(v1)
    made.include_router(twice, prefix="/left")
    made.include_router(twice, prefix="/right/{side}")
    instrument(made, service=service)
    return made


async def request(
    method: str, url: str, *, headers: dict[str, str] | None = None, service: str | None = None
) -> httpx.Response:
    transport = httpx.ASGITransport(app(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.request(method, url, headers=headers)


def server_span(recorded: InMemorySpanExporter) -> ReadableSpan:
    return recorded.get_finished_spans()[-1]


async def test_a_request_is_one_span_named_after_its_route_with_all_prefixes(recorded: InMemorySpanExporter) -> None:
    response = await request("POST", f"/v1/offers/{CASE}/acceptance", service="offers")
    assert response.status_code == 201
    append, server = recorded.get_finished_spans()
    assert server.name == "POST /v1/offers/{agreement_id}/acceptance"
    assert server.kind is SpanKind.SERVER
    assert server.attributes == {
        "aftale.case": CASE,
        "aftale.service": "offers",
        "http.request.method": "POST",
        "http.response.status_code": 201,
        "http.route": "/v1/offers/{agreement_id}/acceptance",
    }
    assert append.parent is not None
    assert server.context is not None
    assert append.parent.span_id == server.context.span_id


async def test_the_trace_goes_on_from_the_portal(recorded: InMemorySpanExporter) -> None:
    response = await request("POST", f"/v1/offers/{CASE}/acceptance", headers={"traceparent": ELSEWHERE})
    assert response.json()["stored"].startswith(ELSEWHERE[:36])
    parent = server_span(recorded).parent
    assert parent is not None
    assert f"{parent.span_id:016x}" == ELSEWHERE[36:52]


@pytest.mark.parametrize(
    "url",
    ["/v1/offers/Blixen?q=Karen+Blixen", "/v1/Blixen?name=Karen", f"/v1/offers/{CASE}/acceptance/Karen%20Blixen"],
)
async def test_names_in_paths_queries_and_headers_reach_no_span(url: str, recorded: InMemorySpanExporter) -> None:
    await request("GET", url, headers={"user-agent": "Karen", "x-forwarded-for": "192.0.2.1", "tracestate": "a=Karen"})
    told = server_span(recorded).to_json()
    assert "Karen" not in told
    assert "Blixen" not in told
    assert "192.0.2.1" not in told


async def test_what_matches_no_route_is_named_after_its_method_alone(recorded: InMemorySpanExporter) -> None:
    await request("GET", "/nowhere/at/all")
    assert server_span(recorded).name == "GET"
    assert (server_span(recorded).attributes or {})["http.response.status_code"] == 404


async def test_a_method_that_is_none_is_not_written_down(recorded: InMemorySpanExporter) -> None:
    await request("BLIXEN", "/left/state")
    assert "BLIXEN" not in server_span(recorded).to_json()


@pytest.mark.parametrize(
    ("url", "route"), [("/left/state", "/left/state"), ("/right/blixen/state", "/right/{side}/state")]
)
async def test_a_router_that_is_included_twice_is_told_apart(
    url: str, route: str, recorded: InMemorySpanExporter
) -> None:
    await request("GET", url)
    assert server_span(recorded).name == f"GET {route}"


@pytest.mark.parametrize(
    ("agreement", "status", "failed_by"),
    [("unknown", 404, None), ("away", 503, "503"), ("fails", 500, "LookupError")],
)
async def test_only_a_fault_of_the_server_is_a_failure(
    agreement: str, status: int, failed_by: str | None, recorded: InMemorySpanExporter
) -> None:
    response = await request("GET", f"/v1/offers/{agreement}")
    attributes = server_span(recorded).attributes or {}
    assert response.status_code == status
    assert attributes["http.response.status_code"] == status
    assert attributes.get("error.type") == failed_by
    assert (server_span(recorded).status.status_code is StatusCode.ERROR) == (failed_by is not None)
    assert "Karen" not in server_span(recorded).to_json()
