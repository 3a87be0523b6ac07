"""A damaged fact of one service is taken from that service again by another, over Kafka."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from services.control import service as control
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.parking import Reason
from shared.service import AGREEMENTS_TOPIC, Settings
from tests.integration.services.test_offers_service import CVR, NOW, UNIT, Offers, _register, offer, running


async def published_damaged(offers: Offers, kafka: Kafka, stream: UUID) -> None:
    """The first fact of a stream, as it might lie on Kafka; the relay has it behind it and does not publish it."""
    async with offers.runtime.database.acquire() as connection:
        event_id = await connection.fetchval("select event_id from events where stream = $1 and version = 1", stream)
        await connection.execute("update relay set checkpoint = newest_position()")
    message = Message(
        source="offers",
        stream=stream,
        epoch=1,
        version=1,
        event_id=event_id,
        type="OfferSent",
        schema_version=1,
        occurred_at=NOW,
        recorded_at=NOW,
        body="{not json",
        concerns={"cvr": CVR, "pnumber": UNIT},
    )
    async with AIOKafkaProducer(bootstrap_servers=kafka.servers) as producer:
        topic, key = kafka.name(AGREEMENTS_TOPIC), str(stream).encode()
        await producer.send_and_wait(topic, message.body.encode(), key=key, headers=message.headers())


@pytest.mark.rule("R30")
async def test_a_damaged_fact_is_taken_from_its_source_again_by_one_command(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    await _register(postgres_dsn)
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)
    async with running(replace(settings, background=False)) as answering:
        stream = UUID((await answering.post("/v1/offers", offer())).json()["id"])
        await published_damaged(answering, topics, stream)
    app = control.app(settings)
    async with app.router.lifespan_context(app), running(settings):
        await app.state.start_check.may_act.wait()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as client:
            client.headers["Authorization"] = f"Bearer {LocalIssuer(tmp_path).token(Role.OPERATOR, 'olga')}"
            parked = "/v1/operations/control/parked"
            waiting = await _once_parked(client, parked)
            assert (waiting["stream"], waiting["reason"]) == (str(stream), Reason.POISON)
            done = (await client.post(f"{parked}/offers/{stream}/retake", timeout=30)).json()
            assert done == {"waiting": 0, "from_version": 1, "came": True, "why": None}
            assert (await client.get(parked)).json() == []
        async with app.state.database.acquire() as connection:
            assert await connection.fetchval("select body from replaced") == "{not json"
            assert await connection.fetchval("select version from inbox where stream = $1", stream) == 1


async def _once_parked(client: httpx.AsyncClient, parked: str) -> Any:
    async with asyncio.timeout(60):
        while not (found := (await client.get(parked)).json()):
            await asyncio.sleep(0.05)
    return found[0]
