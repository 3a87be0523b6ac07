"""Who asks comes first: without a token nothing of a body is read, and with one it has limits."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jws

from services.offers.service import app
from shared.http.connection_limits import limited_protocol
from shared.http.errors import InvalidToken
from shared.http.tokens import LocalIssuer, Role, TokenVerifier
from shared.messaging.bus import Kafka
from shared.policy.policy import Input
from shared.service import Settings

LIMITS = Input(body_bytes=10_000, body_seconds=1, header_bytes=2_000, header_seconds=1, connections=3)


@pytest.fixture
def offers(tmp_path: Path) -> FastAPI:
    made = app(Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False))
    made.state.input_limits.in_force = lambda: LIMITS
    return made


@pytest.fixture
def token(tmp_path: Path) -> str:
    return LocalIssuer(tmp_path).token(Role.INSPECTOR, "anna")


async def asked(offers: FastAPI, *headers: tuple[str, str], pieces: int, method: str = "POST") -> tuple[int, int]:
    """The status of the answer, and how many pieces of 1,000 bytes were taken of the body before it."""
    taken, statuses = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"[" * 1_000, "more_body": taken < pieces}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": method, "path": "/v1/offers", "query_string": b"", "headers": raw}
    await offers({**scope, "raw_path": b"/v1/offers", "root_path": "", "http_version": "1.1"}, receive, send)
    return statuses[0], taken


@pytest.mark.parametrize("authorization", [None, "Bearer not-a-token", "Bearer " + "a" * 9_000])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_without_a_token_no_byte_of_a_body_is_read(
    offers: FastAPI, authorization: str | None, method: str
) -> None:
    headers = [("Consistency-Token", "made-up")] + ([] if authorization is None else [("Authorization", authorization)])
    assert await asked(offers, *headers, pieces=200_000, method=method) == (401, 0)


async def test_a_body_is_read_no_further_than_it_may_be_large(offers: FastAPI, token: str) -> None:
    status, taken = await asked(offers, ("Authorization", f"Bearer {token}"), pieces=200_000)
    assert (status, taken) == (413, 11)
    told = ("Content-Length", "200000000")
    assert await asked(offers, ("Authorization", f"Bearer {token}"), told, pieces=200_000) == (413, 0)


def test_what_names_people_is_kept_by_nobody_on_the_way(offers: FastAPI, token: str) -> None:
    client = TestClient(offers, raise_server_exceptions=False)
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = client.post("/v1/offers", json={}, headers=headers)
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_redirect_is_built_from_a_header_that_its_sender_chooses(offers: FastAPI, token: str) -> None:
    client = TestClient(offers, follow_redirects=False)
    answer = client.get("/v1/quarantines/", headers={"Authorization": f"Bearer {token}", "Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


@pytest.mark.parametrize(
    "claims",
    [
        '{"sub": ' + "[" * 3_000 + "]" * 3_000 + "}",
        "[1]",
        '{"role": "inspector", "sub": ["a"], "aud": "aftale", "exp": 99999999999}',
        '{"role": ["inspector"], "sub": "a", "aud": "aftale", "exp": 99999999999}',
        '{"role": "company", "sub": "a", "aud": "aftale", "exp": 99999999999, "cvr": {"a": 1}}',
        '{"role": "inspector", "sub": "a", "aud": {"a": 1}, "exp": "soon"}',
    ],
)
def test_a_signed_token_of_an_odd_form_is_not_valid_and_no_fault_of_ours(tmp_path: Path, claims: str) -> None:
    issuer = LocalIssuer(tmp_path)
    key = issuer._key()
    signed = jws.serialize_compact({"alg": "Ed25519", "kid": key.kid}, claims.encode(), key, algorithms=["Ed25519"])
    with pytest.raises(InvalidToken):
        TokenVerifier(issuer.jwks_file).verify(signed)


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[int]:
    """A real server under the limits of these tests."""
    server = uvicorn.Server(
        uvicorn.Config(application, port=0, http=limited_protocol(LIMITS), log_level="critical", lifespan="off")
    )
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def answered(port: int, sent: bytes) -> tuple[int, float]:
    """The status of the answer to raw bytes, and after how many seconds the connection was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(sent)
    told = await asyncio.wait_for(reader.read(), 15)
    writer.close()
    return int(told.split(b" ", 2)[1]), time.monotonic() - begun


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 408),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", 408),
        (b"GET / HTTP/1.1\r\nX-Large: " + b"a" * 3_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1_100 + b"\r\n", 431),
    ],
)
async def test_headers_have_a_size_and_a_time(offers: FastAPI, sent: bytes, status: int) -> None:
    async with served(offers) as port:
        told, seconds = await answered(port, sent)
    assert told == status
    assert seconds < 5


async def test_a_body_that_does_not_come_keeps_no_connection(offers: FastAPI, token: str) -> None:
    head = f"POST /v1/offers HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n{{".encode()
    async with served(offers) as port:
        told, seconds = await answered(port, head)
    assert told == 408
    assert seconds < 5


async def test_connections_beyond_the_limit_are_refused_at_once(offers: FastAPI) -> None:
    async with served(offers) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        told, _ = await answered(port, b"GET / HTTP/1.1\r\n\r\n")
        for _reader, writer in held:
            writer.close()
    assert told == 503
