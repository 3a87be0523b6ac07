"""Measures events per second from the log to Kafka, compared with a bare pipelined producer of the same messages.

./aftale bench relay [EVENTS] [--idle-minutes MINUTES]. Bare producer, relay, and relay with every trace kept take
turns; prints the medians. Then measures at up to 100 commands a second how long an event takes from its append to a
consumer: alone, and while unrelated write transactions stay open for MINUTES, in this database and in another. Uses its
own database and topics on the servers of `./aftale up`.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from uuid_utils.compat import uuid7

from benchmarks.append import FACT, STEPS, Step, Stepped
from benchmarks.own_database import own_database
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import read
from shared.messaging.relay import Relay
from shared.service import AGREEMENTS_TOPIC
from shared.telemetry import setup
from tests.own_topics import own_topics

SOURCE = "offers"
NOW = datetime(2026, 3, 5, tzinfo=UTC)
ROUNDS = 3
SECONDS_BETWEEN_PROBES = 0.01
WARM_UP_SECONDS = 1
"""Probes in the first second are not counted, because connections are still being opened."""
PROBING_SECONDS = 30
_FILL_AT_ONCE = 500
Records = Sequence[tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]]


@dataclass(frozen=True)
class Timings:
    """Seconds per event: of wall time, and of this process's processor time."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Bench:
    """A log full of events, and the Kafka to which they are published."""

    dsn: str
    store: EventStore
    kafka: Kafka
    events: int

    def relay(self) -> Relay:
        return Relay(dsn=self.dsn, source=SOURCE, topic=AGREEMENTS_TOPIC, kafka=self.kafka, store=self.store)


async def _fill(store: EventStore, events: int) -> None:
    for _ in range(0, events, _FILL_AT_ONCE):
        traceparent = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
        metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01", traceparent=traceparent)
        changes = [Change(metadata, (Write(uuid7(), 0, (Occurred(FACT, NOW),)),)) for _ in range(_FILL_AT_ONCE)]
        await asyncio.gather(*(store.append(change) for change in changes))


async def _relayed(bench: Bench) -> Timings:
    """Relays the whole log from its beginning; returns the timings."""
    connection = await asyncpg.connect(bench.dsn)
    await connection.execute("update offers.relay set checkpoint = 0")
    relay = asyncio.create_task(bench.relay().run())
    while not (first := int(await connection.fetchval("select checkpoint from offers.relay"))):
        await asyncio.sleep(0.005)
    begun, worked = time.perf_counter(), time.process_time()
    while (reached := int(await connection.fetchval("select checkpoint from offers.relay"))) < bench.events:
        await asyncio.sleep(0.01)
    timing = Timings(
        (time.perf_counter() - begun) / (reached - first), (time.process_time() - worked) / (reached - first)
    )
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    await connection.close()
    return timing


async def _relayed_with_every_trace_kept(bench: Bench) -> Timings:
    with tempfile.TemporaryDirectory() as folder:
        tracing = setup.start("bench", Path(folder))
        timing = await _relayed(bench)
        tracing.shutdown()
    return timing


async def _read_topic(bench: Bench) -> Records:
    consumer = AIOKafkaConsumer(
        bench.kafka.name(AGREEMENTS_TOPIC), bootstrap_servers=bench.kafka.servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    records: list[tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]] = []
    while len(records) < bench.events:
        for batch in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
            records.extend((record.key, record.value, record.headers) for record in batch)
    await consumer.stop()
    return records


async def _bare(kafka: Kafka, records: Records) -> Timings:
    """Sends the same records one by one with a bare idempotent producer, and waits after each thousand."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all", linger_ms=2)
    await producer.start()
    begun, worked = time.perf_counter(), time.process_time()
    for start in range(0, len(records), 1000):
        sent = [
            await producer.send(kafka.name(AGREEMENTS_TOPIC), value, key=key, headers=list(headers))
            for key, value, headers in records[start : start + 1000]
        ]
        await asyncio.gather(*sent)
    timing = Timings((time.perf_counter() - begun) / len(records), (time.process_time() - worked) / len(records))
    await producer.stop()
    return timing


async def _throughput(bench: Bench, beside: Kafka) -> None:
    """Runs all rounds, and prints their medians."""
    await _relayed(bench)
    records = await _read_topic(bench)
    measured: dict[str, list[Timings]] = {}
    turns: dict[str, Callable[[], Awaitable[Timings]]] = {
        "bare producer": lambda: _bare(beside, records),
        "relay": lambda: _relayed(bench),
        "relay, every trace kept": lambda: _relayed_with_every_trace_kept(bench),
    }
    for _ in range(ROUNDS):
        for name, turn in turns.items():
            measured.setdefault(name, []).append(await turn())
    for name, timings in measured.items():
        rate = 1 / median(timing.clock for timing in timings)
        ratio = median(
            bare.clock / timing.clock for bare, timing in zip(measured["bare producer"], timings, strict=True)
        )
        worked = median(timing.processor for timing in timings) * 1e6
        print(f"{name:<24} {rate:>8,.0f} events/s {ratio:>6.0%} of bare, Python {worked:.0f} µs per event")


async def _latencies(bench: Bench, seconds: float) -> list[float]:
    """Returns the ms from the call of append until a consumer has the event, sorted; probes for `seconds`."""
    consumer = AIOKafkaConsumer(
        bench.kafka.name(AGREEMENTS_TOPIC),
        bootstrap_servers=bench.kafka.servers,
        auto_offset_reset="latest",
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    await consumer.seek_to_end()
    relay = asyncio.create_task(bench.relay().run())
    begun: dict[UUID, float] = {}
    took: list[float] = []

    async def receive() -> None:
        async for record in consumer:
            stream = read(record.headers, record.value).stream
            if stream in begun:
                took.append((time.perf_counter() - begun.pop(stream)) * 1e3)

    receiving = asyncio.create_task(receive())
    warm, end = time.perf_counter() + WARM_UP_SECONDS, time.perf_counter() + WARM_UP_SECONDS + seconds
    while (now := time.perf_counter()) < end:
        stream = uuid7()
        if now >= warm:
            begun[stream] = now
        metadata = Metadata(command_id=uuid4(), actor="i-17")
        await execute(bench.store, [Intent(STEPS, stream, Step(FACT))], at=NOW, metadata=metadata)
        await asyncio.sleep(SECONDS_BETWEEN_PROBES)
    async with asyncio.timeout(20):
        while begun:
            await asyncio.sleep(0.01)
    for task in (relay, receiving):
        task.cancel()
    await asyncio.gather(relay, receiving, return_exceptions=True)
    await consumer.stop()
    return sorted(took)


@asynccontextmanager
async def _idle_writers(dsn: str) -> AsyncIterator[None]:
    """Keeps write transactions open, in this database and in another."""
    async with AsyncExitStack() as stack:
        for url in (dsn, f"{dsn.rpartition('/')[0]}/postgres"):
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            await connection.execute("create table if not exists unrelated (written timestamptz)")
            await stack.enter_async_context(connection.transaction())  # its commit fails if the connection was lost
            await connection.execute("insert into unrelated values (now())")
        yield


async def _measure(dsn: str, events: int, idle_minutes: float) -> None:
    async with (
        own_topics(os.environ["AFTALE_KAFKA"]) as kafka,
        own_topics(os.environ["AFTALE_KAFKA"]) as beside,
        open_database(dsn, SOURCE) as database,
        EventStore(database, EventTypes([Stepped])) as store,
    ):
        bench = Bench(dsn, store, kafka, events)
        await _fill(store, events)
        await _throughput(bench, beside)
        _show("append to consumed", await _latencies(bench, PROBING_SECONDS))
        async with _idle_writers(dsn):
            _show(f"with writers idle for {idle_minutes:g} minutes", await _latencies(bench, idle_minutes * 60))


def _show(what: str, took: list[float]) -> None:
    p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
    print(f"{what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {took[-1]:.1f} ms, {len(took)} events")


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    parser = argparse.ArgumentParser(prog="./aftale bench relay", description=__doc__)
    parser.add_argument("events", nargs="?", type=int, default=50_000)
    parser.add_argument("--idle-minutes", type=float, default=0.5)
    asked = parser.parse_args()
    with own_database("relay") as dsn:
        uvloop.run(_measure(dsn, asked.events, asked.idle_minutes))


if __name__ == "__main__":
    main()
