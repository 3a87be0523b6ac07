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
