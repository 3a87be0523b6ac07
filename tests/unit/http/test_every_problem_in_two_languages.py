"""Whatever is answered that is an error is read by people: in Danish and in English, also before a route is known."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from deploy.contracts.files import PUBLISHED, read
from deploy.rulebook.refusals import find_refusals
from services.offers.service import app
from shared.http.errors import MEDIA_TYPE, Problem
from shared.http.problems import not_routed
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.policy.policy import Input
from shared.refusals.sentences import sentences
from shared.service import Settings
from tests.unit.http.test_admission import served

SENT = "/v1/offers"
LIMITS = Input(body_bytes=10_000, body_seconds=1, header_bytes=2_000, header_seconds=1, connections=3)


@pytest.fixture
def offers(tmp_path: Path) -> FastAPI:
    made = app(Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False))
    made.state.input_limits.in_force = lambda: LIMITS
    return made


def bearer(state: Path, role: Role = Role.INSPECTOR) -> dict[str, str]:
    return {"Authorization": f"Bearer {LocalIssuer(state).token(role, 'anna')}"}


def refused(state: Path) -> dict[str, tuple[int, str, str, dict[str, Any]]]:
    """Requests that no route comes to decide, by what is wrong with them: the status, and how to ask."""
    known = bearer(state)
    twice = [*known.items(), ("Content-Type", "a"), ("Content-Type", "b")]
    late = LocalIssuer(state).token(Role.INSPECTOR, "anna")
    return {
        "nobody asks": (401, "GET", SENT, {}),
        "no token": (401, "GET", SENT, {"headers": {"Authorization": "Bearer made-up"}}),
        "a token too long": (401, "GET", SENT, {"headers": {"Authorization": "Bearer " + "a" * 9_000}}),
        "another signature": (401, "GET", SENT, {"headers": {"Authorization": f"Bearer {late[:-4]}AAAA"}}),
        "an unknown path": (404, "GET", "/v1/nothing", {"headers": known}),
        "an unknown method": (405, "DELETE", SENT, {"headers": known}),
        "a header twice": (
            400,
            "GET",
            SENT,
            {"headers": twice},
        ),
        "too large": (413, "POST", SENT, {"headers": known, "content": b"[" * 20_000}),
        "not JSON": (422, "POST", SENT, {"headers": known | {"Content-Type": "application/json"}, "content": b"{"}),
        "no JSON": (422, "POST", SENT, {"headers": known | {"Content-Type": "text/plain"}, "content": b"{}"}),
        "another role": (
            403,
            "GET",
            "/v1/operations/offers/parked",
            {"headers": known},
        ),
        "an unknown parameter": (422, "GET", "/v1/quarantines?a=b", {"headers": known}),
    }


def test_what_is_refused_before_a_route_decides_is_told_in_both_languages(offers: FastAPI, tmp_path: Path) -> None:
    client = TestClient(offers, raise_server_exceptions=False)
    for wrong, (status, method, path, more) in refused(tmp_path).items():
        told = {}
        for language in ("da", "en"):
            headers = [*dict(more.get("headers", {})).items(), ("Accept-Language", language)]
            if isinstance(more.get("headers"), list):
                headers = [*more["headers"], ("Accept-Language", language)]
            answer = client.request(method, path, **{**more, "headers": headers})
            assert answer.status_code == status, (wrong, answer.text)
            assert answer.headers["Content-Type"] == MEDIA_TYPE, wrong
            assert answer.headers["Content-Language"] == language, wrong
            assert answer.headers["Vary"] == "Accept-Language", wrong
            told[language] = answer.json()
        assert told["da"]["title"] != told["en"]["title"], wrong
        assert told["da"]["detail"] != told["en"]["detail"], wrong
        for one, other in zip(told["da"].get("faults", ()), told["en"].get("faults", ()), strict=True):
            assert one["what"] != other["what"], wrong


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nAccept-Language: LANGUAGE\r\nX-Slow: ", 408),
        (b"GET / HTTP/1.1\r\nAccept-Language: LANGUAGE\r\nX-Large: " + b"a" * 3_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nAccept-Language: LANGUAGE\r\nHost: a\r\nno header\r\n\r\n", 400),
        (b"nothing of the kind\r\n\r\n", 400),
        (b"", 408),
    ],
)
async def test_what_the_protocol_refuses_is_told_in_the_language_that_was_asked_for_or_in_both(
    offers: FastAPI, sent: bytes, status: int
) -> None:
    bodies = {}
    async with served(offers) as port:
        for language in ("da", "en"):
            head, body = await answered(port, sent.replace(b"LANGUAGE", language.encode()))
            assert f"HTTP/1.1 {status} {HTTPStatus(status).phrase}" in head
            assert f"Content-Type: {MEDIA_TYPE}" in head
            asked = language if b"LANGUAGE" in sent else "da, en"
            assert f"Content-Language: {asked}" in head
            bodies[language] = body
    if b"LANGUAGE" in sent:
        assert bodies["da"]["detail"] != bodies["en"]["detail"]
        assert bodies["da"]["title"] != bodies["en"]["title"]
    else:
        texts = [row for text, row in sentences().items() if row["english"] in bodies["en"]["detail"]]
        assert any(row["danish"] in bodies["en"]["detail"] for row in texts)


async def test_a_connection_too_many_is_told_in_both_languages(offers: FastAPI) -> None:
    async with served(offers) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        head, body = await answered(port, b"GET / HTTP/1.1\r\n\r\n")
        for _, writer in held:
            writer.close()
    assert ("503" in head, "Retry-After: 1" in head) == (True, True)
    assert "forbindelser" in body["detail"]
    assert "connections" in body["detail"]


async def answered(port: int, sent: bytes) -> tuple[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await asyncio.wait_for(reader.read(), 15)).partition(b"\r\n\r\n")
    writer.close()
    return head.decode(), json.loads(body)


def test_every_problem_in_the_code_has_two_bodies() -> None:
    """Of every text that the code refuses with, and of every title."""
    problems = [(one.title or "Not valid", one.text) for one in find_refusals() if one.text is not None]
    assert len(problems) > 150
    same = [
        (title, text)
        for title, text in problems
        if Problem(400, title, text).detail.text not in sentences() or sentences()[title]["danish"] == title
    ]
    assert same == []


def test_every_status_that_a_service_says_it_answers_has_a_problem_in_two_languages() -> None:
    told = {one.title for one in find_refusals() if one.title}
    assert told - sentences().keys() == set()
    statuses = {
        int(status)
        for service in ("offers", "guidance", "control", "notices", "reporting")
        for operations in read(PUBLISHED)[f"openapi-{service}.json"]["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
        if status >= "400"
    }
    for status in sorted(statuses | {405, 406, 415, 429}):
        problem = not_routed(status, "PATCH")
        danish, english = problem.body("da"), problem.body("en")
        assert (danish["title"] != english["title"], danish["detail"] != english["detail"]) == (True, True), status
