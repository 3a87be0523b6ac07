"""A restored service answers nothing before it has compared itself with Kafka, and repeats no command."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.state import State
from migrations.topics import create_topics
from services.control import service
from shared.http.tokens import LocalIssuer, Role
from shared.messaging import start_check
from shared.messaging.bus import Kafka
from shared.messaging.recovery_writes import RECOVERED
from shared.service import Settings
from tests.integration.services.control_running import Control


async def test_a_restored_service_waits_for_kafka_before_it_answers(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_check, "CONNECT_SECONDS", 1)
    database = await asyncpg.connect(postgres_dsn)
    await database.execute("insert into control.restores (backup_made_at) values (now())")
    server = LocalKafka(State(tmp_path), free_port(), free_port())
    app = service.app(Settings(postgres_dsn, Kafka(server.bootstrap), tmp_path, virtual_clock=False))
    identity = {"Authorization": f"Bearer {LocalIssuer(tmp_path).token(Role.INSPECTOR, 'anna')}"}
    operator = {"Authorization": f"Bearer {LocalIssuer(tmp_path).token(Role.OPERATOR, 'olga')}"}
    path = f"/v1/agreements/{uuid4()}"
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as client,
        ):
            for answer in (
                await client.get(path, headers=identity),
                await client.post(f"{path}/bookings", headers=identity, json={}),
            ):
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            parked = await client.get("/v1/operations/control/parked", headers=operator)
            assert parked.status_code == 200, "operators see what goes on"
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(server.wait_until_ready)
            await create_topics(server.bootstrap)
            async with asyncio.timeout(60):
                while (answer := await client.get(path, headers=identity)).status_code == 503:
                    await asyncio.sleep(0.1)
            assert answer.status_code == 404
            assert await database.fetchval("select checked_at is not null from control.restores")
    finally:
        await database.close()
        await asyncio.to_thread(server.stop)


async def test_a_command_that_came_back_without_its_answer_is_not_carried_out_again(control: Control) -> None:
    agreement_id = await control.accepted()
    path, key = f"/v1/agreements/{agreement_id}/documentation", str(uuid4())
    headers = {**control.asker(Role.COMPANY), "Idempotency-Key": key}
    body = {"complete": False, "text": "Told once."}
    assert (await control.client.post(path, json=body, headers=headers)).status_code == 200
    async with control.runtime.database.acquire() as connection:
        await connection.execute("update handled set fingerprint = $1, answer = null", RECOVERED)
    again = await control.client.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()["title"]) == (409, "Carried out before a restore")
    told = (await control.runtime.store.load(agreement_id)).events
    assert [type(one.event).__name__ for one in told].count("DocumentationReceived") == 1
