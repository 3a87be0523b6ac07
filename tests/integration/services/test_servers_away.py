"""Kafka or PostgreSQL is away from a service that runs: what its callers are told, and that all goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.state import State
from migrations.topics import TOPICS, create_topics
from services.offers import service
from shared.http.tokens import LocalIssuer, Role
from shared.messaging import bus
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message, read
from shared.service import AGREEMENTS_TOPIC, Settings
from tests.integration.messaging.cable import plugged_in

CVR = "13748136"
UNITS = 20
AT_ONCE_SECONDS = 5
"""Far more than an answer takes that waits for nothing, far less than any timeout on the way to a database."""
ASKED_SECONDS = 20
"""Far more than a source is waited for, and half of what a Kafka client waits for by itself."""


@dataclass
class Offers:
    """The service, its callers, and what really stands in its database and on its topic."""

    client: httpx.AsyncClient
    state: Path
    kafka: Kafka
    database: "asyncpg.Connection[asyncpg.Record]"
    units: "count[int]" = field(default_factory=count)

    async def offer(self, key: str | None = None, unit: int | None = None) -> httpx.Response:
        body = {"cvr": CVR, "p_number": _unit(next(self.units) if unit is None else unit), "topic": "056"}
        body |= {"inspection_id": "I-1", "observations": "Heavy lifts."}
        headers = {**self._asker(Role.INSPECTOR), "Idempotency-Key": key or str(uuid4())}
        return await self.client.post("/v1/offers", json={**body, "period_months": 3}, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self._asker(Role.INSPECTOR))

    async def replay(self, source: str, stream: UUID) -> httpx.Response:
        return await self.client.post(
            f"/v1/operations/offers/parked/{source}/{stream}/replay", headers=self._asker(Role.OPERATOR)
        )

    async def publish(self, *facts: Message) -> None:
        """As another service would."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka.servers) as producer:
            for fact in facts:
                key = str(fact.stream).encode()
                topic = self.kafka.name(AGREEMENTS_TOPIC)
                await producer.send_and_wait(topic, fact.body.encode(), key=key, headers=fact.headers())

    async def until(self, statement: str, *values: Any) -> None:
        """Until it is true in the database, which the test reaches on a way of its own."""
        async with asyncio.timeout(30):
            while not await self.database.fetchval(statement, *values):
                await asyncio.sleep(0.02)

    async def until_heard(self, fact: Message) -> None:
        await self.until("select exists (select from inbox where stream = $1)", fact.stream)

    async def until_relayed(self) -> None:
        await self.until("select newest_position() = checkpoint from relay")

    async def published(self) -> list[UUID]:
        """Streams on the topic, in order, with repeats."""
        consumer = AIOKafkaConsumer(
            self.kafka.name(AGREEMENTS_TOPIC), bootstrap_servers=self.kafka.servers, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            streams: list[UUID] = []
            for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
                while await consumer.position(partition) < end:
                    batches = await consumer.getmany(partition, timeout_ms=500)
                    streams += [read(one.headers, one.value).stream for batch in batches.values() for one in batch]
            return streams
        finally:
            await consumer.stop()

    async def partitions(self) -> int:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka.servers) as producer:
            return len(await producer.partitions_for(self.kafka.name(AGREEMENTS_TOPIC)))

    def _asker(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {LocalIssuer(self.state).token(role, 'anna')}"}


def _unit(number: int) -> str:
    return f"1{number:09d}"


def fact(version: int = 1) -> Message:
    """Of guidance, and of no kind that offers knows."""
    now = datetime.now(UTC)
    return Message("guidance", uuid4(), 1, version, uuid4(), "Unheard", 1, now, now, "{}")


@asynccontextmanager
async def running(dsn: str, service_dsn: str, kafka: Kafka, state: Path) -> AsyncIterator[Offers]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
    await connection.executemany(
        "insert into units (p_number, effective_from, cvr, industry) values ($1, '2020-01-01', $2, 'day-care')",
        [(_unit(number), CVR) for number in range(UNITS)],
    )
    app = service.app(Settings(service_dsn, kafka, state, virtual_clock=False))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://offers") as client,
    ):
        yield Offers(client, state, kafka, connection)
    await connection.close()


async def test_kafka_is_away_and_commands_go_on_and_nothing_is_lost(postgres_dsn: str, tmp_path: Path) -> None:
    server = LocalKafka(State(tmp_path), free_port(), free_port())

    async def back() -> None:
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.wait_until_ready)

    try:
        await back()
        await create_topics(server.bootstrap)
        kafka = Kafka(server.bootstrap)
        async with running(postgres_dsn, postgres_dsn, kafka, tmp_path) as offers:
            before, gapped = fact(), fact(version=2)
            answers = [await offers.offer()]
            await offers.publish(before, gapped)
            await offers.until_heard(before)
            await offers.until("select exists (select from parked where stream = $1)", gapped.stream)
            await offers.until_relayed()
            await asyncio.to_thread(server.stop)
            answers += [await offers.offer() for _ in range(8)]
            assert await offers.database.fetchval("select newest_position() - checkpoint from relay") > 0
            async with asyncio.timeout(ASKED_SECONDS):
                asked = await offers.replay(gapped.source, gapped.stream)
            assert (asked.status_code, asked.headers["Retry-After"]) == (503, "1")
            await back()
            await offers.until_relayed()
            after = fact()
            await offers.publish(after)
            await offers.until_heard(after)
            assert {answer.status_code for answer in answers} == {201}
            published = await offers.published()
            assert {UUID(answer.json()["id"]) for answer in answers} <= set(published)
    finally:
        await asyncio.to_thread(server.stop)


async def test_a_service_that_starts_while_kafka_is_away_answers_and_takes_facts_once_it_is_back(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "CONNECT_SECONDS", 2)
    server = LocalKafka(State(tmp_path), free_port(), free_port())
    try:
        async with running(postgres_dsn, postgres_dsn, Kafka(server.bootstrap), tmp_path) as offers:
            answer = await offers.offer()
            assert answer.status_code == 201
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(server.wait_until_ready)
            await asyncio.sleep(2)  # it tries to take facts before there are topics
            await create_topics(server.bootstrap)
            heard = fact()
            await offers.publish(heard)
            await offers.until_heard(heard)
            await offers.until_relayed()
            assert UUID(answer.json()["id"]) in await offers.published()
            assert await offers.partitions() == TOPICS[AGREEMENTS_TOPIC]
    finally:
        await asyncio.to_thread(server.stop)


async def test_postgres_is_away_and_commands_fail_at_once_and_all_resumes_by_itself(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    async with plugged_in(postgres_dsn) as cable, running(postgres_dsn, cable.dsn, topics, tmp_path) as offers:
        first = await offers.offer()
        cable.pull_out()
        key, while_away = str(uuid4()), fact()
        calls: list[Callable[[], Awaitable[httpx.Response]]] = [
            lambda: offers.offer(key, UNITS - 1),
            lambda: offers.get(f"/v1/offers/{first.json()['id']}"),
            lambda: offers.replay("guidance", uuid4()),
        ]
        for call in calls:
            async with asyncio.timeout(AT_ONCE_SECONDS):
                answer = await call()
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        await offers.publish(while_away)
        await asyncio.sleep(1)
        assert not await offers.database.fetchval("select exists (select from inbox)")
        await cable.plug_in()
        async with asyncio.timeout(20):
            while (again := await offers.offer(key, UNITS - 1)).status_code == 503:
                await asyncio.sleep(0.1)
        assert again.status_code == 201
        await offers.until_heard(while_away)
        await offers.until_relayed()
        assert {UUID(first.json()["id"]), UUID(again.json()["id"])} <= set(await offers.published())
        assert not await offers.database.fetchval("select exists (select from parked)")
