"""Who asks and how, before any rule is asked: token, dry run, and everything that is wrong at once."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.offers.service import app
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.service import Settings

OFFER = {
    "cvr": "13748136",
    "p_number": "1003388394",
    "topic": "056",
    "inspection_id": "I-1",
    "period_months": 3,
    "observations": "Heavy lifts.",
}


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """Of an application that was never started: what gets further than the request fails."""
    return TestClient(app(Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False)))


@pytest.fixture
def inspector(tmp_path: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {LocalIssuer(tmp_path).token(Role.INSPECTOR, 'anna')}"}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer not-a-token"])
def test_without_a_valid_token_nobody_is_answered(client: TestClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.post("/v1/offers", json=OFFER, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("written", ["1", "yes", "True", ""])
def test_a_dry_run_that_is_written_otherwise_records_nothing_either(
    client: TestClient, inspector: dict[str, str], written: str
) -> None:
    answer = client.post("/v1/offers", params={"dry_run": written}, json=OFFER, headers=inspector)
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["faults"]] == ["query.dry_run"]


def test_everything_that_is_wrong_is_said_at_once(client: TestClient, inspector: dict[str, str]) -> None:
    wrong = {**OFFER, "cvr": "12345678", "surprise": True}
    del wrong["topic"]
    answer = client.post("/v1/offers", params={"dry_run": "maybe"}, json=wrong, headers=inspector)
    wheres = {fault["where"] for fault in answer.json()["faults"]}
    assert wheres == {"query.dry_run", "body.cvr", "body.topic", "body.surprise"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"cvr": "13748136", "cvr": "24256790"}', "twice"),
        (b'{"grounds": {"concrete": true, "concrete": false}}', "twice"),
        (b'{"period_months": NaN}', "no number"),
        (b'{"period_months": -Infinity}', "no number"),
        (b'{"period_months": 1e999}', "larger"),
        (b'{"observations": "\\ud800"}', "surrogate"),
        (b'{"observations": "\xff"}', "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{} {}", "something comes after the value"),
        (b"[" * 3_000 + b"]" * 3_000, "deeper"),
        (b'{"observations": ' + b"[" * 30 + b"]" * 30 + b"}", "deeper"),
        (b'{"period_months": ' + b"9" * 5_000 + b"}", "not JSON"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(
    client: TestClient, inspector: dict[str, str], content: bytes, why: str
) -> None:
    headers = {**inspector, "Content-Type": "application/json"}
    answer = client.post("/v1/offers", content=content, headers=headers)
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert fault["where"] == "body"
    assert why in fault["what"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize("content", [b"\xff\xfe", b"kind=suspicion", b"{}"])
def test_a_body_of_another_kind_is_no_fault_of_ours(
    client: TestClient, inspector: dict[str, str], kind: str | None, content: bytes
) -> None:
    headers = inspector | ({} if kind is None else {"Content-Type": kind})
    assert client.post("/v1/offers", content=content, headers=headers).status_code == 422


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("?surprise=1", {"query.surprise"}),
        ("?Dry_run=true", {"query.Dry_run"}),
        ("?dry_run=true&dry_run=false", {"query.dry_run"}),
        ("?dry_run=maybe&surprise=1&other=2", {"query.dry_run", "query.surprise", "query.other"}),
    ],
)
def test_a_parameter_that_is_not_known_is_refused_with_all_else(
    client: TestClient, inspector: dict[str, str], query: str, where: set[str]
) -> None:
    answer = client.post(f"/v1/offers{query}", json={**OFFER, "cvr": "1"}, headers=inspector)
    assert answer.status_code == 422
    assert {fault["where"] for fault in answer.json()["faults"]} == where | {"body.cvr"}


@pytest.mark.parametrize("header", ["Authorization", "Idempotency-Key", "Consistency-Token"])
def test_a_header_that_is_given_twice_counts_as_neither(
    client: TestClient, inspector: dict[str, str], header: str
) -> None:
    twice = [*inspector.items(), (header, "a"), (header, "b")]
    assert client.post("/v1/offers", json=OFFER, headers=twice).status_code == 400


@pytest.mark.parametrize("written", ["1.0", "%201", "1_0", "%2B1"])
@pytest.mark.parametrize(
    ("language", "what"), [("en", "is not a whole number: write it as 12"), ("da", "er ikke et helt tal")]
)
def test_a_number_in_a_query_is_written_with_digits_alone(
    client: TestClient, inspector: dict[str, str], written: str, language: str, what: str
) -> None:
    asked = f"/v1/quarantines?cvr=13748136&p_number=1003388394&limit={written}"
    answer = client.get(asked, headers=inspector | {"Accept-Language": language})
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert fault["where"] == "query.limit"
    assert fault["what"].startswith(what)


def test_a_number_that_is_none_at_all_is_told_once(client: TestClient, inspector: dict[str, str]) -> None:
    asked = "/v1/quarantines?cvr=13748136&p_number=1003388394&limit=ten"
    assert [fault["where"] for fault in client.get(asked, headers=inspector).json()["faults"]] == ["query.limit"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing/s3cret"), ("PATCH", "/v1/offers/s3cret")])
def test_what_stands_in_a_path_is_never_repeated(
    client: TestClient, inspector: dict[str, str], method: str, path: str
) -> None:
    """A path may hold a secret, such as the address of a calendar feed."""
    answer = client.request(method, path, headers=inspector)
    assert answer.status_code in (404, 405)
    assert "s3cret" not in answer.text
