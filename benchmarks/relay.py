"""Events per second from the log to Kafka, beside a bare pipelined producer that sends the same messages.

./aftale bench relay [EVENTS]. Then, at a rate that leaves the machine room, how long an event takes from its append
until a consumer has it: alone, and while unrelated transactions stay open in this database and in another. Uses a
database and topics of its own on the servers of `./aftale up`.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from uuid_utils.compat import uuid7

from benchmarks.append import FACT, STEPS, Step, Stepped
from benchmarks.own_database import own_database
from migrations.topics import create_topics
from shared.kernel.bus import Kafka
from shared.kernel.cloudevents import read
from shared.kernel.commands import Intent, execute
from shared.kernel.database import open_database
from shared.kernel.event_store import Change, EventStore, Occurred, Write
from shared.kernel.events import EventTypes, Metadata
from shared.kernel.relay import Relay
from shared.service import AGREEMENTS_TOPIC

SOURCE = "offers"
NOW = datetime(2026, 3, 5, tzinfo=UTC)
PROBES = 300
SECONDS_BETWEEN_PROBES = 0.01
_FILL_AT_ONCE = 500
Records = Sequence[tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]]


async def _fill(store: EventStore, events: int) -> None:
    metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
    for _ in range(0, events, _FILL_AT_ONCE):
        changes = [Change(metadata, (Write(uuid7(), 0, (Occurred(FACT, NOW),)),)) for _ in range(_FILL_AT_ONCE)]
        await asyncio.gather(*(store.append(change) for change in changes))


async def _relayed(store: EventStore, dsn: str, kafka: Kafka, events: int) -> float:
    """Seconds until the relay has published all."""
    relay = asyncio.create_task(_relay(store, dsn, kafka).run())
    connection = await asyncpg.connect(dsn)
    while not await connection.fetchval("select checkpoint from offers.relay"):
        await asyncio.sleep(0.005)
    first = int(await connection.fetchval("select checkpoint from offers.relay"))
    begun = time.perf_counter()
    while await connection.fetchval("select checkpoint from offers.relay") < events:
        await asyncio.sleep(0.01)
    took = time.perf_counter() - begun
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    await connection.close()
    return took * events / (events - first)


async def _read_topic(kafka: Kafka, events: int) -> Records:
    consumer = AIOKafkaConsumer(
        kafka.name(AGREEMENTS_TOPIC), bootstrap_servers=kafka.servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    records: list[tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]] = []
    while len(records) < events:
        for batch in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
            records.extend((record.key, record.value, record.headers) for record in batch)
    await consumer.stop()
    return records


async def _bare(kafka: Kafka, records: Records) -> float:
    """Seconds in which a bare producer, set up as the relay's, sends the same records and has them acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all", linger_ms=2)
    await producer.start()
    begun = time.perf_counter()
    for start in range(0, len(records), 1000):
        sent = [
            await producer.send(kafka.name(AGREEMENTS_TOPIC), value, key=key, headers=list(headers))
            for key, value, headers in records[start : start + 1000]
        ]
        await asyncio.gather(*sent)
    took = time.perf_counter() - begun
    await producer.stop()
    return took


async def _latencies(store: EventStore, dsn: str, kafka: Kafka) -> list[float]:
    """From the call of append until a consumer has the event, in ms, sorted."""
    consumer = AIOKafkaConsumer(
        kafka.name(AGREEMENTS_TOPIC), bootstrap_servers=kafka.servers, auto_offset_reset="latest", fetch_max_wait_ms=50
    )
    await consumer.start()
    await consumer.seek_to_end()
    relay = asyncio.create_task(_relay(store, dsn, kafka).run())
    begun: dict[UUID, float] = {}
    took: list[float] = []

    async def hear() -> None:
        async for record in consumer:
            stream = read(record.headers, record.value).stream
            if stream in begun:
                took.append((time.perf_counter() - begun.pop(stream)) * 1e3)

    hearing = asyncio.create_task(hear())
    for number in range(PROBES + 50):
        stream = uuid7()
        if number >= 50:  # the first ones find connections that are being made
            begun[stream] = time.perf_counter()
        metadata = Metadata(command_id=uuid4(), actor="i-17")
        await execute(store, [Intent(STEPS, stream, Step(FACT))], at=NOW, metadata=metadata)
        await asyncio.sleep(SECONDS_BETWEEN_PROBES)
    async with asyncio.timeout(20):
        while begun:
            await asyncio.sleep(0.01)
    for task in (relay, hearing):
        task.cancel()
    await asyncio.gather(relay, hearing, return_exceptions=True)
    await consumer.stop()
    return sorted(took)


async def _measure(dsn: str, events: int) -> None:
    through_relay = Kafka(os.environ["AFTALE_KAFKA"], f"bench-relay-{uuid4().hex[:8]}-")
    bare = Kafka(through_relay.servers, f"bench-bare-{uuid4().hex[:8]}-")
    for kafka in (through_relay, bare):
        await create_topics(kafka.servers, prefix=kafka.prefix)
    async with open_database(dsn, SOURCE) as database, EventStore(database, EventTypes([Stepped])) as store:
        await _fill(store, events)
        relayed = await _relayed(store, dsn, through_relay, events)
        records = await _read_topic(through_relay, events)
        alone = await _bare(bare, records)
        print(f"relay          {events / relayed:>10,.0f} events/s")
        print(f"bare producer  {events / alone:>10,.0f} events/s")
        print(f"ratio          {alone / relayed:>10.0%}")
        _show("append to consumed", await _latencies(store, dsn, through_relay))
        async with AsyncExitStack() as stack:
            for database_name in ("", "postgres"):
                url = f"{dsn.rpartition('/')[0]}/{database_name}" if database_name else dsn
                connection = await asyncpg.connect(url)
                stack.push_async_callback(connection.close)
                await connection.execute("create table if not exists unrelated (written timestamptz)")
                await connection.transaction().start()
                await connection.execute("insert into unrelated values (now())")
            _show("with open transactions", await _latencies(store, dsn, through_relay))


def _relay(store: EventStore, dsn: str, kafka: Kafka) -> Relay:
    return Relay(dsn=dsn, source=SOURCE, topic=AGREEMENTS_TOPIC, kafka=kafka, store=store)


def _show(what: str, took: list[float]) -> None:
    p50, p99 = (took[int(len(took) * share)] for share in (0.5, 0.99))
    print(f"{what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(took)} events")


def main() -> None:
    """See above. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with own_database("relay") as dsn:
        uvloop.run(_measure(dsn, events))


if __name__ == "__main__":
    main()
