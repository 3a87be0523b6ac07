"""What operators are told of parked streams and republishing; the consumer behind is made up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from services.offers.service import app
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import LARGEST_VERSION, Message
from shared.messaging.discarding import Discarded
from shared.messaging.errors import SourceUnreachable
from shared.service import Settings

OPERATIONS = "/v1/operations/offers"
STREAM = uuid4()
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Consumer:
    """As a service has it, with what it answers."""

    missing: range = field(default_factory=lambda: range(0))
    unreachable: bool = False

    async def replay(self, source: str, stream: UUID) -> int:
        if self.unreachable:
            raise SourceUnreachable(f"{source} could not be asked for {stream} from 2 on")
        return 1

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        return Discarded(0, self.missing, message_of(stream, event_id), ("1003388394",))

    async def discard_unreadable(self, *, by: str, reason: str) -> int:
        return 3


def message_of(stream: UUID, event_id: UUID) -> Message:
    """A breach."""
    return Message(
        source="control",
        stream=stream,
        epoch=1,
        version=7,
        event_id=event_id,
        type="Breached",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body="{}",
    )


@dataclass
class Operator:
    """Of a service that was never started."""

    client: TestClient
    consumer: Consumer
    republished: list[tuple[UUID, int]]


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    offers = app(Settings(postgres="", kafka=Kafka(""), state=tmp_path, virtual_clock=False))
    found = Operator(
        TestClient(offers, headers={"Authorization": f"Bearer {LocalIssuer(tmp_path).token(Role.OPERATOR, 'olaf')}"}),
        Consumer(),
        [],
    )

    async def republish(stream: UUID, from_version: int) -> None:
        found.republished.append((stream, from_version))

    offers.state.consumers, offers.state.republish = {"*": found.consumer}, republish
    return found


def test_a_source_that_cannot_be_asked_is_worth_trying_again(operator: Operator) -> None:
    operator.consumer.unreachable = True
    answer = operator.client.post(f"{OPERATIONS}/parked/there/{STREAM}/replay")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "could not be asked" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("missing", "told"), [(range(0), None), (range(2, 5), {"first": 2, "last": 4})], ids=["nothing", "three"]
)
def test_discarding_says_what_is_passed_over_beside_the_message(
    operator: Operator, missing: range, told: dict[str, int] | None
) -> None:
    operator.consumer.missing = missing
    body = {"event_id": str(uuid4()), "reason": "lost at its source"}
    answer = operator.client.post(f"{OPERATIONS}/parked/there/{STREAM}/discard", json=body)
    told_of = answer.json()
    assert (told_of["waiting"], told_of["missing"], told_of["held_units"]) == (0, told, ["1003388394"])
    lost = [(one["versions"], one["type"]) for one in told_of["lost"]]
    assert lost == [*([(told, None)] if told else []), ({"first": 7, "last": 7}, "Breached")]
    assert "no quarantine is imposed" in told_of["lost"][-1]["means"]


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_discarded_for_no_reason(operator: Operator, reason: str) -> None:
    for path, body in ((f"there/{STREAM}/discard", {"event_id": str(uuid4())}), ("unreadable/discard", {})):
        answer = operator.client.post(f"{OPERATIONS}/parked/{path}", json={**body, "reason": reason})
        assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, "body.reason")


@pytest.mark.parametrize(
    ("version", "status"), [(0, 422), (1, 202), (LARGEST_VERSION, 202), (LARGEST_VERSION + 1, 422), (10**12, 422)]
)
def test_a_stream_is_published_again_from_a_version_that_it_can_have(
    operator: Operator, version: int, status: int
) -> None:
    answer = operator.client.post(f"{OPERATIONS}/republications", json={"stream": str(STREAM), "from_version": version})
    assert answer.status_code == status
    assert operator.republished == ([(STREAM, version)] if status == 202 else [])


def test_a_service_without_facts_of_its_own_says_so(operator: Operator) -> None:
    del operator.client.app.state.republish  # type: ignore[attr-defined]  # as reporting never has it
    answer = operator.client.post(f"{OPERATIONS}/republications", json={"stream": str(STREAM)})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "offers publishes nothing that could be published again",
    )
