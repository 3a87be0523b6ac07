"""The answer under an Idempotency-Key is given again for as long as policy says, and then the key is free."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from shared.eventstore import remembered_answers
from shared.eventstore.change import IdempotencyKey
from shared.http.commands import CommandGate
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.cut_connections import cut_connections
from tests.integration.services.test_offers_service import NOW, Offers, _register, offer, running

KEPT = timedelta(days=90)
"""As the policy says that is in force at NOW."""


@pytest.fixture
async def offers(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Offers]:
    monkeypatch.setattr(remembered_answers, "EVERY_SECONDS", 0.05)
    await _register(postgres_dsn)
    async with running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as process:
        yield process


async def keys(offers: Offers) -> int:
    """Asked on a connection of its own: the pool of the service may still give out one that was cut."""
    connection = await asyncpg.connect(offers.postgres)
    try:
        return int(await connection.fetchval("select count(*) from offers.handled"))
    finally:
        await connection.close()


async def until_keys_are(offers: Offers, number: int) -> None:
    async with asyncio.timeout(30):
        while await keys(offers) != number:
            await asyncio.sleep(0.02)


async def test_a_key_is_free_again_once_its_answer_is_forgotten(offers: Offers) -> None:
    """The clock of the service counts, here a virtual one, and not that of the database."""
    first = await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "old"})
    assert first.status_code == 201
    offers.clock.move_to(NOW + KEPT - timedelta(hours=1))
    young = await offers.post("/v1/offers", offer(topic="061"), headers={"Idempotency-Key": "young"})
    again = await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "old"})
    assert (again.status_code, again.text) == (201, first.text)
    offers.clock.move_to(NOW + KEPT + timedelta(hours=1))
    await until_keys_are(offers, 1)
    other = await offers.post("/v1/offers", offer(topic="065"), headers={"Idempotency-Key": "old"})
    assert other.status_code == 201, other.text
    assert other.json()["id"] != first.json()["id"]
    again = await offers.post("/v1/offers", offer(topic="061"), headers={"Idempotency-Key": "young"})
    assert (again.status_code, again.text) == (201, young.text)


async def test_a_key_that_is_forgotten_while_its_command_is_repeated_is_free(
    offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The append has met the key, and the answer is gone when it is read: the command is carried out anew."""
    answered_before = CommandGate._answered_before

    async def forgotten(gate: CommandGate, key: IdempotencyKey) -> object:
        async with gate.database.acquire() as connection:
            await connection.execute("delete from handled")
        return await answered_before(gate, key)

    first = await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "k"})
    monkeypatch.setattr(CommandGate, "_answered_before", forgotten)
    again = await offers.post("/v1/offers", offer(topic="061"), headers={"Idempotency-Key": "k"})
    assert again.status_code == 201, again.text
    assert again.json()["id"] != first.json()["id"]


async def test_forgetting_goes_on_after_the_database_was_away(offers: Offers) -> None:
    await offers.post("/v1/offers", offer(), headers={"Idempotency-Key": "old"})
    offers.clock.move_to(NOW + KEPT - timedelta(hours=1))
    assert await cut_connections(offers.postgres, "aftale-offers/%") > 0
    offers.clock.move_to(NOW + KEPT + timedelta(hours=1))
    await until_keys_are(offers, 0)
