"""Times for a meeting are kept free by control: where it does not answer, guidance offers none (R12)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.services.guidance_running import Guidance, guidance_running

TIMES = {"form": "visit", "first": "2026-04-01", "last": "2026-04-30"}


@pytest.fixture
async def guidance(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Guidance]:
    async with guidance_running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as running:
        yield running


@pytest.mark.rule("R12")
async def test_while_control_does_not_answer_no_times_are_offered_and_nothing_is_recorded(
    guidance: Guidance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_ADDRESS_CONTROL", f"http://127.0.0.1:{free_port()}")
    agreement_id = await guidance.running()
    before = len(await guidance.facts(agreement_id))
    answer = await guidance.post(f"/v1/guidance/{agreement_id}/meeting-times", TIMES)
    assert (answer.status_code, answer.json()["detail"]) == (503, "the control service does not answer")
    assert len(await guidance.facts(agreement_id)) == before
    offered = await guidance.offered()
    refused = await guidance.post(f"/v1/guidance/{offered}/meeting-times", TIMES)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R12")
