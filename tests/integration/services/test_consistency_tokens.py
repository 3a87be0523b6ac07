"""A Consistency-Token is waited for by requests about its case, and tells nobody of a case that is not theirs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.reporting import service as reporting
from shared.http import consistency
from shared.http.consistency import HEADER, ConsistencyTokens, Seen
from shared.http.tokens import LocalIssuer, Role
from shared.messaging import parking
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.parking import Obstacle, Reason
from shared.service import Settings
from tests.integration.services.control_running import CVR, NOW, Control

OTHER_CVR = "24256790"
NEVER = 600.0


def unheard(stream: UUID, version: int) -> Message:
    return Message(
        source="offers",
        stream=stream,
        epoch=1,
        version=version,
        event_id=uuid4(),
        type="Unheard",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body="{}",
        concerns={"cvr": CVR},
    )


class Asking:
    """Asks a service, with the token of a fact of offers."""

    def __init__(self, client: httpx.AsyncClient, state: Path, database: Any, consumer: Any) -> None:
        self.client = client
        self.tokens = ConsistencyTokens.of_state(state)
        self.issuer = LocalIssuer(state)
        self.database = database
        self.consumer = consumer

    async def ask(
        self, path: str, about: Seen | str, role: Role = Role.INSPECTOR, cvr: str = CVR, body: Any = None
    ) -> httpx.Response:
        token = self.issuer.token(role, "anna", cvr if role is Role.COMPANY else None)
        headers = {
            "Authorization": f"Bearer {token}",
            HEADER: about if isinstance(about, str) else self.tokens.seal(about),
            "If-Match": "*",
            "Idempotency-Key": str(uuid4()),
        }
        async with asyncio.timeout(20):  # less than a wait that is never over
            return await self.client.request("POST" if body else "GET", path, headers=headers, json=body)

    async def park(self, stream: UUID, version: int) -> Seen:
        """Let a fact wait for an operator; the token of the command that recorded it."""
        async with self.database.acquire() as connection:
            await parking.park(connection, [Obstacle(unheard(stream, version), Reason.POISON, "for the test")])
        return Seen("offers", stream, version, CVR)


@pytest.fixture
def asking(control: Control) -> Asking:
    runtime = control.runtime
    return Asking(control.client, control.state, runtime.database, runtime.consumers["*"])


@pytest.fixture
async def view(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Asking]:
    app = reporting.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://reporting") as client:
            yield Asking(client, tmp_path, app.state.database, app.state.consumers["*"])


async def test_a_request_about_a_parked_case_is_told_so_at_once(
    control: Control, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "WAIT_SECONDS", NEVER)
    case = await control.accepted()
    seen = await asking.park(case, 3)
    terminate = f"/v1/agreements/{case}/termination"
    for path, body in ((f"/v1/agreements/{case}", None), (terminate, {"grounds": "moved"})):
        answer = await asking.ask(path, seen, Role.COMPANY, body=body)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.json()["detail"] == "a fact of this case could not be processed here and waits for an operator"


async def test_requests_about_other_cases_and_about_none_are_answered(
    control: Control, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "WAIT_SECONDS", NEVER)
    parked, other = await control.accepted(), await control.accepted()
    seen = await asking.park(parked, 3)
    assert (await asking.ask(f"/v1/agreements/{other}", seen)).status_code == 200
    advice = await asking.ask("/v1/inspection-advice?p_number=1003388394&topic=056", seen)
    assert advice.status_code == 200
    not_come_yet = Seen("offers", uuid4(), 3, CVR)
    assert (await asking.ask(f"/v1/agreements/{other}", not_come_yet)).status_code == 200, "nor is it waited for"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("parked", [True, False])
async def test_another_company_learns_nothing_of_the_case_by_its_token(
    control: Control, asking: Asking, monkeypatch: pytest.MonkeyPatch, *, known: bool, parked: bool
) -> None:
    monkeypatch.setattr(consistency, "WAIT_SECONDS", NEVER)
    case = await control.accepted() if known else uuid4()
    seen = await asking.park(case, 3) if parked else Seen("offers", case, 3, CVR)
    of_first_release = Seen("offers", case, 3)
    for token in (seen, of_first_release):
        for path, body in ((f"/v1/agreements/{case}", None), (f"/v1/agreements/{case}/termination", {"grounds": "x"})):
            answer = await asking.ask(path, token, Role.COMPANY, OTHER_CVR, body)
            assert answer.status_code == 404


async def test_a_case_is_shown_once_what_the_token_names_has_come(
    control: Control, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await control.accepted()
    seen = Seen("offers", case, 1, CVR)
    monkeypatch.setattr(consistency, "WAIT_SECONDS", 0.2)
    late = await asking.ask(f"/v1/agreements/{case}", seen)
    assert (late.status_code, "not yet received" in late.json()["detail"]) == (503, True)
    monkeypatch.setattr(consistency, "WAIT_SECONDS", NEVER)
    answer = asyncio.create_task(asking.ask(f"/v1/agreements/{case}", seen, Role.COMPANY))
    await asking.consumer.take_messages([unheard(case, 1)])
    assert (await answer).status_code == 200


async def test_lists_are_answered_as_things_stand_where_the_case_is_parked(
    view: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "WAIT_SECONDS", NEVER)
    case = uuid4()
    seen = await view.park(case, 3)
    for path in ("/v1/cases", "/v1/statistics/ladder"):
        assert (await view.ask(path, seen)).status_code == 200
    assert (await view.ask(f"/v1/cases/{uuid4()}", seen)).status_code == 404
    assert (await view.ask(f"/v1/cases/{case}", seen)).status_code == 503
    own = await view.ask(f"/v1/cases/{case}", seen, Role.COMPANY)
    assert "waits for an operator" in own.json()["detail"]
    assert (await view.ask(f"/v1/cases/{case}", seen, Role.COMPANY, OTHER_CVR)).status_code == 404
    assert (await view.ask("/v1/operations/reporting/parked", seen, Role.OPERATOR)).status_code == 200


async def test_lists_wait_for_what_may_still_come_and_only_those_of_its_own_company(
    view: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "WAIT_SECONDS", 0.2)
    seen = Seen("offers", uuid4(), 3, CVR)
    assert (await view.ask("/v1/cases", seen)).status_code == 503
    assert (await view.ask("/v1/cases", seen, Role.COMPANY)).status_code == 503
    assert (await view.ask("/v1/cases", seen, Role.COMPANY, OTHER_CVR)).status_code == 200
    assert (await view.ask("/v1/cases", "no token of ours")).status_code == 400
