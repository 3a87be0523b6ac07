"""Measures commands while Kafka is unreachable: ./aftale bench kafka_away [SECONDS].

Inspectors send offers at a steady rate to one process of offers: before its Kafka is stopped, for SECONDS (60) while
Kafka is stopped, and after its return. Meanwhile as many facts as two such processes would record are appended to the
same log, so that a backlog grows. Prints commands per second and errors (must be 0) of each phase, the memory of the
process, how fast the backlog was published, how fast the same relay publishes the same events again with Kafka up, and
how soon the consumer was back. Uses its own Kafka, and its own database on the servers of `./aftale up`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaProducer
from uuid_utils.compat import uuid7

from benchmarks.append import FACT
from benchmarks.own_database import own_database
from deploy.local.kafka import LocalKafka
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from deploy.local.state import State
from migrations.topics import create_topics
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.cloudevents import Message
from shared.service import AGREEMENTS_TOPIC

RATE = 10
"""Commands per second that are sent. A service can process more, so the machine has reserves."""
FACTS = 20
"""Further facts per second in the same log."""
UP_SECONDS = 10.0
CVR = "13748136"
Connection = Any
"""A connection of asyncpg to the schema of offers."""


@dataclass
class RunPhase:
    """One phase of the run: before, without Kafka, drained, after."""

    name: str
    begun: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def show(self) -> None:
        """Prints the phase. A command counts in the phase in which it was sent."""
        rate = len(self.latencies) / self.seconds
        p99 = sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1e3
        memory = f"{self.megabytes[0]:.0f} to {max(self.megabytes):.0f} MB"
        errors = f"{len(self.errors)} errors"
        print(f"{self.name:9}  {self.seconds:5.0f} s {rate:7.1f} commands/s, p99 {p99:6.0f} ms, {memory}, {errors}")
        for error in dict.fromkeys(self.errors):
            print(f"         {error}")


class Inspectors:
    """Sends offers to one unit after the other, each at its time, whether or not earlier ones are answered."""

    def __init__(self, client: httpx.AsyncClient, token: str, process: psutil.Process) -> None:
        self._client = client
        self._token = token
        self._process = process
        self._units = count()

    async def work(self, phase: RunPhase, until: "asyncio.Task[Any]") -> RunPhase:
        """Sends offers at a steady rate until a task is done; returns the phase."""
        under_way = []
        for number in count():
            if until.done():
                break
            under_way.append(asyncio.create_task(self.offer(phase)))
            if number % RATE == 0:
                phase.megabytes.append(self._process.memory_info().rss / 2**20)
            await asyncio.sleep(max(0.0, phase.begun + number / RATE - time.monotonic()))
        await asyncio.gather(*under_way)
        until.result()
        phase.seconds = time.monotonic() - phase.begun
        return phase

    async def offer(self, phase: RunPhase) -> None:
        """Sends one offer, and notes its latency or its error."""
        body = {"cvr": CVR, "p_number": _unit(next(self._units)), "topic": "056", "inspection_id": "I-1"}
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": str(uuid4())}
        begun = time.monotonic()
        try:
            answer = await self._client.post(
                "/v1/offers", json={**body, "period_months": 3, "observations": "Tunge løft."}, headers=headers
            )
        except httpx.TransportError as error:
            phase.errors.append(repr(error))
            return
        phase.latencies.append(time.monotonic() - begun)
        if answer.status_code != 201:
            phase.errors.append(f"{answer.status_code} {answer.text[:200]}")


def _unit(number: int) -> str:
    return f"1{number:09d}"


async def _measure(seconds: float, database: Connection, kafka: LocalKafka, inspectors: Inspectors) -> None:
    phases = [await inspectors.work(RunPhase("before"), asyncio.create_task(asyncio.sleep(UP_SECONDS)))]
    await asyncio.to_thread(kafka.stop)
    phases.append(await inspectors.work(RunPhase("without"), asyncio.create_task(asyncio.sleep(seconds))))
    await asyncio.to_thread(kafka.start)
    await asyncio.to_thread(kafka.wait_until_ready)
    back, behind = time.monotonic(), await _recorded(database) - await _published(database)
    draining = asyncio.create_task(_drain(database, await _recorded(database)))
    phases.append(await inspectors.work(RunPhase("drained"), draining))
    drained = time.monotonic() - back
    await _until_received(database, kafka)
    received = time.monotonic() - back
    phases.append(await inspectors.work(RunPhase("after"), asyncio.create_task(asyncio.sleep(UP_SECONDS))))
    for phase in phases:
        phase.show()
    await database.execute("update relay set checkpoint = 0")
    again = asyncio.create_task(_drain(database, await _recorded(database)))
    await inspectors.work(RunPhase("once more"), again)
    print(f"{behind:,} events waited when Kafka was back, and were published within {drained:.1f} s")
    print(f"{await draining:,.0f} events/s then; all again with Kafka up: {await again:,.0f} events/s")
    print(f"the consumer was back {received:.1f} s after Kafka")


async def _recorded(database: Connection) -> int:
    position: int = await database.fetchval("select newest_position()")
    return position


async def _published(database: Connection) -> int:
    checkpoint: int = await database.fetchval("select checkpoint from relay")
    return checkpoint


async def _drain(database: Connection, end: int) -> float:
    """Waits until everything up to a position is published; returns events per second since the first one."""
    stood = first = await _published(database)
    while first == stood:
        await asyncio.sleep(0.005)
        first = await _published(database)
    begun = time.monotonic()
    while (last := await _published(database)) < end:
        await asyncio.sleep(0.01)
    return (last - first) / (time.monotonic() - begun)


async def _record_facts(dsn: str) -> None:
    """Records facts at a steady rate until cancelled."""
    metadata = Metadata(command_id=uuid4(), actor="i-17")
    async with open_database(dsn, "offers", connections=2) as database, EventStore(database, EventTypes([])) as store:
        for second in count(time.monotonic()):
            writes = [Write(uuid7(), 0, (Occurred(FACT, datetime.now(UTC)),)) for _ in range(FACTS)]
            await asyncio.gather(*(store.append(Change(metadata, (write,))) for write in writes))
            await asyncio.sleep(max(0.0, second + 1 - time.monotonic()))


async def _until_received(database: Connection, kafka: LocalKafka) -> None:
    """Publishes a fact of another service, and waits until it is in the inbox."""
    now = datetime.now(UTC)
    fact = Message(
        source="guidance",
        stream=uuid7(),
        epoch=1,
        version=1,
        event_id=uuid7(),
        type="Unknown",
        schema_version=1,
        occurred_at=now,
        recorded_at=now,
        body="{}",
    )
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.send_and_wait(AGREEMENTS_TOPIC, b"{}", key=str(fact.stream).encode(), headers=fact.headers())
    while not await database.fetchval("select true from inbox where stream = $1", fact.stream):
        await asyncio.sleep(0.05)


async def _run(seconds: float, dsn: str, state: State, kafka: LocalKafka) -> None:
    port = free_port()
    environment = {
        **login_urls(dsn),
        "AFTALE_KAFKA": kafka.bootstrap,
        "AFTALE_STATE": str(state.folder),
        "AFTALE_PORT_OFFERS": str(port),
    }
    await create_topics(kafka.bootstrap)
    await _register(dsn, round(RATE * (seconds + 120)))
    token = LocalIssuer(state.folder).token(Role.INSPECTOR, "anna")
    with _service(environment, state.logs / "offers.log") as process:
        fresh = httpx.Limits(keepalive_expiry=1)  # shorter than the service's: it must not close a connection in use
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=fresh) as client:
            await _until_healthy(client)
            recording = asyncio.create_task(_record_facts(dsn))
            database = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
            await _measure(seconds, database, kafka, Inspectors(client, token, process))
            await database.close()
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)


async def _register(dsn: str, units: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        """insert into offers.units (p_number, effective_from, cvr, industry)
           values ($1, '2020-01-01', $2, 'day-care')""",
        [(_unit(number), CVR) for number in range(units)],
    )
    await connection.close()


@contextmanager
def _service(environment: dict[str, str], log: Path) -> Iterator[psutil.Process]:
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.serve", "offers"],
            env={**os.environ, **environment},
            stdout=told,
            stderr=told,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)
        print(f"the service wrote {log.stat().st_size / 2**20:.1f} MB of log")


async def _until_healthy(client: httpx.AsyncClient) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if (await client.get("/health")).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > until:
            raise SystemExit("offers does not start")
        await asyncio.sleep(0.1)


def main() -> None:
    """Runs the benchmark, ends what it started, and drops what it created. Reads AFTALE_POSTGRES."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with own_database("kafka_away") as dsn, tempfile.TemporaryDirectory(prefix="aftale kafka away ") as folder:
        state = State(Path(folder))
        kafka = LocalKafka(state, free_port(), free_port())
        try:
            kafka.start()
            kafka.wait_until_ready()
            asyncio.run(_run(seconds, dsn, state, kafka))
        finally:
            kafka.stop()


if __name__ == "__main__":
    main()
