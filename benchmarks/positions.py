"""Measures the cost of keeping a consumer's offsets in the database: ./aftale bench positions [TURNS].

A consumer answers each fact on 48 partitions with a command. Its facts are read in turns by the service's own reader,
which advances rows of the database, and by a bare loop that commits the offsets to Kafka after each batch. Prints facts
per second of wall time and of Python's processor time; the limit is 3 %. Uses its own database and topics on the
servers of `./aftale up`.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from statistics import median

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.lossless.subject import ECHOES, Stepped
from benchmarks.own_database import own_database
from benchmarks.parked import echo, never_ask, steps
from shared.eventstore.clock import RealClock
from shared.eventstore.database import Database, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.messaging.bus import PROMPT, Bus, Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.kafka_record import Record
from shared.messaging.reactor import Reactions, Reactor
from shared.service import AGREEMENTS_TOPIC, SOURCES
from tests.own_topics import own_topics

FACTS = 12_000
_READERS = count(1)


@dataclass(frozen=True)
class Timings:
    """Seconds per fact: of wall time, and of Python's processor time."""

    wall: float
    python: float


class CountingReactor(Reactor):
    """Counts the facts that it has processed."""

    def __init__(self, database: Database, store: EventStore) -> None:
        reactions: Reactions = {Stepped: echo}
        types = EventTypes([Stepped])
        super().__init__(database, store, RealClock(), types, reactions, own_source="guidance", ask_again=never_ask)
        self.taken = 0

    async def take_messages(self, messages: Sequence[Message]) -> None:
        await super().take_messages(messages)
        self.taken += len(messages)


async def _by_rows(kafka: Kafka, consumer: CountingReactor) -> None:
    bus = Bus(kafka, "guidance")
    bus.consume(AGREEMENTS_TOPIC, consumer, purpose=f"bench-{next(_READERS)}", sources=SOURCES[AGREEMENTS_TOPIC])
    async with bus.connected():
        await _all_taken(consumer)


async def _by_commits(kafka: Kafka, consumer: CountingReactor) -> None:
    client = AIOKafkaConsumer(
        kafka.name(AGREEMENTS_TOPIC),
        bootstrap_servers=kafka.servers,
        group_id=kafka.name(f"bench-{next(_READERS)}"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=PROMPT.wait_ms,
    )
    await client.start()
    try:
        while consumer.taken < FACTS:
            answer = await client.getmany(timeout_ms=200, max_records=PROMPT.records)
            records = [Record.of(raw) for found in answer.values() for raw in found]
            if records:
                await consumer.take_records(records, SOURCES[AGREEMENTS_TOPIC])
                await client.commit()
    finally:
        await client.stop()


async def _all_taken(consumer: CountingReactor) -> None:
    while consumer.taken < FACTS:
        await asyncio.sleep(0.01)


async def _turn(
    dsn: str, read: Callable[[Kafka, CountingReactor], Awaitable[None]], facts: Sequence[Message]
) -> Timings:
    """Measures from the first processed fact on, because joining a consumer group takes an arbitrary time."""
    async with (
        own_topics(os.environ["AFTALE_KAFKA"]) as kafka,
        open_database(dsn, "guidance") as database,
        EventStore(database, EventTypes(ECHOES)) as store,
    ):
        await _publish(kafka, facts)
        consumer = CountingReactor(database, store)
        reading = asyncio.ensure_future(read(kafka, consumer))
        while not (first := consumer.taken):
            await asyncio.sleep(0.001)
        wall, python = time.perf_counter(), time.process_time()
        await _all_taken(consumer)
        taken = FACTS - first
        timing = Timings((time.perf_counter() - wall) / taken, (time.process_time() - python) / taken)
        await reading
        return timing


async def _publish(kafka: Kafka, facts: Sequence[Message]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all", linger_ms=2)
    await producer.start()
    for one in facts:
        key = str(one.stream).encode()
        await producer.send(kafka.name(AGREEMENTS_TOPIC), one.body.encode(), key=key, headers=one.headers())
    await producer.stop()


async def _measure(dsn: str, turns: int) -> None:
    variants: dict[str, Callable[[Kafka, CountingReactor], Awaitable[None]]] = {
        "committed to Kafka": _by_commits,
        "rows of the database": _by_rows,
    }
    timings: dict[str, list[Timings]] = {name: [] for name in variants}
    facts = steps()
    for number in range(turns + 1):
        pair = list(variants.items())
        for name, variant in pair if number % 2 else reversed(pair):
            timing = await _turn(dsn, variant, list(islice(facts, FACTS)))
            if number:  # the first turn warms up
                timings[name].append(timing)
    print(f"{turns} turns of {FACTS:,} facts each, medians")
    for name, found in timings.items():
        wall, python = median(one.wall for one in found), median(one.python for one in found)
        print(f"  {name:22} {1 / wall:8,.0f} facts/s  {python * 1e6:6.0f} µs of Python per fact")
    rows, commits = timings["rows of the database"], timings["committed to Kafka"]
    lost = median(1 - b.wall / a.wall for a, b in zip(rows, commits, strict=True))
    more = median(a.python / b.python - 1 for a, b in zip(rows, commits, strict=True))
    print(f"  {'rows cost':22} {lost:8.1%} of the pace  {more:6.1%} more of Python (medians of the turns)")


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it warns that new topics have no leader yet
    with own_database("positions") as dsn:
        uvloop.run(_measure(dsn, turns))


if __name__ == "__main__":
    main()
