"""What a service says of itself on /health/live, /health/ready and /metrics, with its servers there and away."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.state import State
from migrations.marks import shipped
from migrations.topics import create_topics
from services.offers import service
from services.reporting import service as reporting
from shared.http.path_router import PathRouter
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from shared.telemetry.http import instrument
from tests.integration.messaging.cable import plugged_in

CVR = "13748136"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Watched:
    """A process of one service, asked as a probe and as Prometheus ask it."""

    app: FastAPI
    client: httpx.AsyncClient
    state: Path
    database: "asyncpg.Connection[asyncpg.Record]"

    def identity(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {LocalIssuer(self.state).token(Role.INSPECTOR, 'anna')}"}

    async def offer(self, p_number: str) -> httpx.Response:
        body = {"cvr": CVR, "p_number": p_number, "topic": "056", "inspection_id": "I-1", "period_months": 3}
        headers = {**self.identity(), "Idempotency-Key": str(uuid4())}
        return await self.client.post("/v1/offers", json={**body, "observations": "Heavy lifts."}, headers=headers)

    async def ready(self) -> tuple[int, str, dict[str, Any]]:
        """Status code, what it says, and the figures by the code of their reason."""
        answer = await self.client.get("/health/ready")
        reasons = {one["code"]: one["figures"] for one in answer.json()["reasons"]}
        assert len(reasons) == len(answer.json()["reasons"]), "told twice"
        return answer.status_code, answer.json()["status"], reasons

    async def live(self) -> int:
        return (await self.client.get("/health/live")).status_code

    async def until_ready_says(self, status: str, *codes: str) -> dict[str, Any]:
        """Until the status and the codes are these; the figures."""
        async with asyncio.timeout(60):
            while True:
                _, said, reasons = await self.ready()
                if said == status and set(codes) == set(reasons):
                    return reasons
                await asyncio.sleep(0.1)

    async def metrics(self) -> Samples:
        answer = await self.client.get("/metrics")
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
            for sample in family.samples
        }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


@asynccontextmanager
async def watched(dsn: str, service_dsn: str, kafka: Kafka, state: Path) -> AsyncIterator[Watched]:
    database = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
    await database.execute(
        """insert into units (p_number, effective_from, cvr, industry)
           select '100000000' || n, '2020-01-01', $1, 'day-care' from generate_series(0, 9) n""",
        CVR,
    )
    ships = {"offers": shipped("offers")}
    app = service.app(Settings(service_dsn, kafka, state, virtual_clock=False, shipped=ships))
    instrument(app, service="offers")
    one = PathRouter({"offers": (service.PREFIXES, app)})
    transport = httpx.ASGITransport(one)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://offers") as client,
    ):
        yield Watched(app, client, state, database)
    await database.close()


async def test_a_service_with_its_servers_is_live_and_ready_and_its_metrics_move(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        assert await offers.live() == 200
        await offers.until_ready_says("ready")
        before = await offers.metrics()
        assert (await offers.offer("1000000001")).status_code == 201
        assert (await offers.client.get(f"/v1/offers/{uuid4()}/{CVR}", headers=offers.identity())).status_code == 404
        after = await offers.metrics()
        accepted = {"service": "offers", "method": "POST", "route": "/v1/offers", "status": "201"}
        assert of(after, "aftale_http_request_seconds_count", **accepted) == 1 + before.get(
            ("aftale_http_request_seconds_count", frozenset(accepted.items())), 0
        )
        assert of(after, "aftale_canary_late_seconds", service="offers") < 60
        for name in ("aftale_append_seconds_count", "aftale_append_group_commands_sum"):
            assert of(after, name, service="offers") == of(before, name, service="offers") + 1
        assert of(after, "aftale_database_up", service="offers") == of(after, "aftale_kafka_up", service="offers") == 1
        assert of(after, "aftale_timers_overdue", service="offers") == 0
        assert {dict(labels).get("loop") for name, labels in after if name == "aftale_loop_silent_seconds"} >= {
            "timers",
            "relay",
        }
        assert not [labels for _, labels in after if re.search(CVR, str(labels))], "a path became a label"


async def test_nothing_of_health_needs_a_token(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        for path in ("/health", "/health/live", "/health/ready", "/metrics"):
            assert (await offers.client.get(path)).status_code == 200
        assert (await offers.client.get("/health/nothing")).status_code == 401, "of what is not there nobody is told"


async def test_postgres_is_away_and_the_service_lives_but_is_not_ready(
    postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    async with plugged_in(postgres_dsn) as cable, watched(postgres_dsn, cable.dsn, topics, tmp_path) as offers:
        await offers.until_ready_says("ready")
        cable.pull_out()
        await offers.until_ready_says("not_ready", "database_away")
        assert (await offers.ready())[0] == 503
        assert await offers.live() == 200
        samples = await offers.metrics()
        assert of(samples, "aftale_database_up", service="offers") == 0
        assert ("aftale_relay_lag_events", frozenset({("service", "offers")})) not in samples
        await cable.plug_in()
        await offers.until_ready_says("ready")
        assert (await offers.ready())[0] == 200


async def test_kafka_is_away_and_the_service_lives_and_is_ready_and_says_that_it_is_degraded(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.watching.watched.RELAY_LAG_SECONDS", 1.0)
    server = LocalKafka(State(tmp_path), free_port(), free_port())

    async def back() -> None:
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.wait_until_ready)

    try:
        await back()
        await create_topics(server.bootstrap)
        async with watched(postgres_dsn, postgres_dsn, Kafka(server.bootstrap), tmp_path) as offers:
            await offers.until_ready_says("ready")
            await asyncio.to_thread(server.stop)
            await offers.until_ready_says("degraded", "kafka_away")
            offered = await offers.offer("1000000001")
            assert offered.status_code == 201, offered.text
            figures = await offers.until_ready_says("degraded", "kafka_away", "relay_lag")
            assert figures["relay_lag"]["events"] == 1
            assert (await offers.ready())[0] == 200
            assert await offers.live() == 200
            samples = await offers.metrics()
            assert of(samples, "aftale_kafka_up", service="offers") == 0
            assert of(samples, "aftale_relay_lag_events", service="offers") == 1
            assert of(samples, "aftale_relay_lag_seconds", service="offers") >= 1
            await back()
            await offers.until_ready_says("ready")
            assert of(await offers.metrics(), "aftale_relay_lag_events", service="offers") == 0
    finally:
        await asyncio.to_thread(server.stop)


async def park(offers: Watched) -> None:
    await offers.database.execute(
        """insert into parked (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions)
           select 'control', stream, 1, version, gen_random_uuid(), case version when 2 then 'hole' else 'waiting' end,
                  '', '{}', '', '{}'
           from unnest(array[gen_random_uuid(), gen_random_uuid()]) stream, generate_series(2, 4) version"""
    )


async def leave_timers_overdue(offers: Watched) -> None:
    await offers.database.execute(
        """insert into timers (stream, name, due, leased_until, failures)
           select gen_random_uuid(), 'offer:lapse', now() - interval '1 hour', now() + interval '1 hour', failures
           from generate_series(0, 2) failures"""
    )


async def miss(offers: Watched) -> None:
    offers.app.state.runtime.loops.report_missing("control", 7)


async def fall_behind(offers: Watched) -> None:
    offers.app.state.runtime.loops.heartbeat("told").batch_processed("agreements", records=500, lag=20_000)


async def try_again(offers: Watched) -> None:
    offers.app.state.runtime.loops.heartbeat("told").batch_retried(OSError("Anna Jensen"))


@pytest.mark.parametrize(
    ("happens", "code", "figures", "metric"),
    [
        (park, "parked_streams", {"streams": 2}, ("aftale_parked_streams", {"reason": "hole"}, 2)),
        (leave_timers_overdue, "timers_overdue", {"timers": 3, "failing": 2}, ("aftale_timers_failing", {}, 2)),
        (miss, "missing_facts", {"facts": 7}, ("aftale_missing_facts", {"source": "control"}, 7)),
        (
            fall_behind,
            "consumer_lag",
            {"records": 20_000},
            ("aftale_consumer_lag_records", {"consumer": "told", "topic": "agreements"}, 20_000),
        ),
        (
            try_again,
            "batch_tried_again",
            {"attempts": 1},
            ("aftale_consumer_batches_tried_again_total", {"consumer": "told"}, 1),
        ),
    ],
)
async def test_what_is_wrong_is_told_by_code_with_figures_and_measured(
    happens: Callable[[Watched], Awaitable[None]],
    code: str,
    figures: dict[str, int],
    metric: tuple[str, dict[str, str], int],
    postgres_dsn: str,
    topics: Kafka,
    tmp_path: Path,
) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        await offers.until_ready_says("ready")
        await happens(offers)
        told = await offers.until_ready_says("degraded", code)
        assert {name: told[code][name] for name in figures} == figures
        assert "Anna" not in (await offers.client.get("/health/ready")).text
        name, labels, value = metric
        assert of(await offers.metrics(), name, service="offers", **labels) == value


async def test_a_loop_that_hangs_makes_the_process_not_live(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        assert await offers.live() == 200
        offers.app.state.runtime.loops.heartbeat("hangs", stalled_after=0.0)
        assert await offers.live() == 503
        told = await offers.until_ready_says("degraded", "loop_stands_still")
        assert told["loop_stands_still"]["seconds"] >= 0


async def test_a_service_that_can_append_no_more_is_not_live(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        offers.app.state.runtime.store._group_commit._tasks[0].cancel()
        async with asyncio.timeout(20):
            while await offers.live() == 200:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("revision", ["9999", "0001"])
async def test_a_schema_that_was_changed_under_a_running_service_makes_it_not_ready(
    revision: str, postgres_dsn: str, topics: Kafka, tmp_path: Path
) -> None:
    async with watched(postgres_dsn, postgres_dsn, topics, tmp_path) as offers:
        await offers.until_ready_says("ready")
        await offers.database.execute("update migrated_event_store set version_num = $1", revision)
        await offers.until_ready_says("not_ready", "wrong_schema")
        assert of(await offers.metrics(), "aftale_schema_right", service="offers") == 0


async def test_services_that_share_a_process_answer_together(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> None:
    settings = Settings(postgres_dsn, topics, tmp_path, virtual_clock=False)
    apps = {"offers": service.app(settings), "reporting": reporting.app(settings)}
    one = PathRouter({name: ((), app) for name, app in apps.items()})
    async with (
        apps["offers"].router.lifespan_context(apps["offers"]),
        apps["reporting"].router.lifespan_context(apps["reporting"]),
        httpx.AsyncClient(transport=httpx.ASGITransport(one), base_url="http://both") as client,
    ):
        samples = (await client.get("/metrics")).text
        for name in apps:
            assert f'aftale_database_up{{service="{name}"}} 1.0' in samples
        assert set((await client.get("/health/live")).json()["seconds_since_turned"]) == set(apps)
        assert 'aftale_relay_lag_events{service="reporting"}' not in samples
