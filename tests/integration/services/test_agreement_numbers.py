"""R26: numbers of agreements on real servers: dense, never the same twice, whoever sends and whatever is restored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.offers.rules.agreement_number import number_of
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.authority import directory_with_supporters
from tests.integration.services.test_offers_service import CVR, NOW, Offers, offer, running

pytestmark = pytest.mark.rule("R26")
UNITS = [str(1003388394 + number) for number in range(40)]


@pytest.fixture
async def settings(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> Settings:
    connection = await asyncpg.connect(postgres_dsn, server_settings={"search_path": "offers"})
    rows = [(unit, NOW.date(), CVR, "day-care") for unit in UNITS]
    await connection.copy_records_to_table(
        "units", records=rows, columns=["p_number", "effective_from", "cvr", "industry"]
    )
    await connection.close()
    return Settings(postgres_dsn, topics, tmp_path, virtual_clock=True, people=directory_with_supporters(tmp_path))


@pytest.fixture
async def offers(settings: Settings) -> AsyncIterator[Offers]:
    async with running(settings) as process:
        yield process


async def send(offers: Offers, unit: str, **headers: str) -> dict[str, Any]:
    answer = await offers.post("/v1/offers", offer(unit), headers=headers)
    assert answer.status_code == 201, answer.text
    (sent,) = [fact["data"] for fact in answer.json()["recorded"]]
    return dict(sent)


async def test_two_processes_that_send_at_once_give_each_number_once_and_leave_none_out(settings: Settings) -> None:
    async with running(settings) as one, running(replace(settings, background=False)) as other:
        sent = await asyncio.gather(*(send((one, other)[number % 2], unit) for number, unit in enumerate(UNITS)))
    assert sorted(one["number"] for one in sent) == [number_of(2026, running) for running in range(1, 41)]


async def test_a_refused_offer_a_dry_run_and_a_repeated_request_take_no_number(offers: Offers) -> None:
    first = await send(offers, UNITS[0], **{"Idempotency-Key": "k"})
    assert (await send(offers, UNITS[0], **{"Idempotency-Key": "k"})) == first
    assert (await offers.post("/v1/offers", offer(UNITS[0]))).json()["rule"] == "R8"
    unknown = {**offer(UNITS[1]), "inspector": "nobody"}
    assert (await offers.post("/v1/offers", unknown)).json()["rule"] == "R42"
    dry = (await offers.post("/v1/offers?dry_run=true", offer(UNITS[1]))).json()
    assert "number" not in dry["recorded"][0]["data"]
    assert (first["number"], (await send(offers, UNITS[1]))["number"]) == ("2026-000001", "2026-000002")


async def test_numbers_begin_anew_with_the_year_in_copenhagen(offers: Offers) -> None:
    offers.clock.move_to(datetime.fromisoformat("2026-12-31T23:59:59+01:00"))
    last = await send(offers, UNITS[0])
    offers.clock.move_to(datetime.fromisoformat("2027-01-01T00:00:00+01:00"))
    assert (last["number"], (await send(offers, UNITS[1]))["number"]) == ("2026-000001", "2027-000001")


async def test_after_a_restore_no_number_of_a_case_that_came_back_is_given_again(offers: Offers) -> None:
    for unit in UNITS[:3]:
        await send(offers, unit)
    connection = await asyncpg.connect(offers.postgres, server_settings={"search_path": "offers"})
    await connection.execute("update agreement_numbers set last = 1")
    assert (await send(offers, UNITS[3]))["number"] == "2026-000004"
    await connection.execute("delete from agreement_numbers")
    await connection.close()
    assert (await send(offers, UNITS[4]))["number"] == "2026-000005"


async def test_the_company_and_the_inspector_read_the_number(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered(UNITS[0])
    assert (await offers.get(f"/v1/offers/{agreement_id}"))["number"] == "2026-000001"
    token = offers.token(Role.COMPANY)
    path = f"/v1/offers/{agreement_id}?language=da"
    shown = (await offers.client.get(path, headers={"Authorization": f"Bearer {token}"})).json()
    assert shown["number"] == "2026-000001"
    assert "Aftalens nummer: 2026-000001" in shown["letter"]
