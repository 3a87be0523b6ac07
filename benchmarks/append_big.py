"""Compares appends to ten million events with appends to one million: ./aftale bench append_big [TURNS].

Fills two databases by SQL with events, streams, idempotency keys and timers, as appends would leave them. Then 32
callers run whole commands (load, decide, append with key and timers) on each in turns of two seconds, on new streams
and on random old ones; prints the medians over the turns. The larger table has just under ten million events, so that
its appends fill one partition and continue in the next. Takes about twenty minutes and 9 GB on the servers of `./aftale
up`, dropped afterwards.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID, uuid4

import asyncpg
import uvloop
from uuid_utils.compat import uuid7

from benchmarks.append import EVENTS_PER_STREAM, FACT, NOW, STEPS, Step, Stepped
from benchmarks.own_database import own_database
from shared.eventstore.change import IdempotencyKey
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata

SMALL, BIG = 1_000_000, 9_950_000
FILLED_AT_ONCE = 250_000
CALLERS = 32
TURNS = 15
TURN_SECONDS = 2.0
OLD_STREAMS = 100_000
"""The number of old streams from which callers pick one at random."""
CONCURRENT_STREAMS = 1_000
"""The number of streams that grow concurrently, one event each in turn."""

_PREPARE = f"""
set search_path = offers;
set synchronous_commit = off;
select ensure_partitions();
create function pg_temp.stream_of(number bigint) returns uuid immutable language sql as $$
  -- In the order of time, as uuid7 is.
  select (lpad(to_hex(1700000000000 + number), 12, '0') || '7' || left(md5(number::text), 3)
          || '8' || right(md5(number::text), 15))::uuid
$$;
create temp table template as select
  '{FACT.public_json()}'::jsonb as data,
  '{{"command_id": "{uuid4()}", "actor": "i-17", "policy": "2024-01-01", "concerns": {{}}}}'::jsonb as metadata;
"""
_EVENTS = f"""
insert into events
select position, pg_temp.stream_of(stream), version, 1, gen_random_uuid(), 'Stepped', 1, data, null, metadata,
       now(), now()
from template, generate_series($1::bigint, $2::bigint) position, lateral (
  select (position - 1) / {CONCURRENT_STREAMS * EVENTS_PER_STREAM} * {CONCURRENT_STREAMS}
           + (position - 1) % {CONCURRENT_STREAMS} as stream,
         (position - 1) / {CONCURRENT_STREAMS} % {EVENTS_PER_STREAM} + 1 as version) which
"""
_KEYS = """
insert into handled (key, fingerprint, answer, position)
select gen_random_uuid(), 'fingerprint', '{"version": 1}', position
from generate_series($1::bigint, $2::bigint) position
"""
_STREAMS = "insert into streams select stream, max(version), min(position) from events group by stream"
_TIMERS = "insert into timers (stream, name, due) select id, 'steps:next', '2100-01-01' from streams"
_OLD = "select id from streams order by random() limit $1"


@dataclass
class Measurements:
    """The rates and latencies (ms) of one kind of command, turn by turn."""

    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class FilledStore:
    """The store of one of the two databases, with old streams and what was measured."""

    events: int
    store: EventStore
    old: list[UUID]
    measured: dict[str, Measurements] = field(
        default_factory=lambda: {"new streams": Measurements(), "old streams": Measurements()}
    )


async def _fill(dsn: str, events: int) -> list[UUID]:
    """Fills a database as if appends had written the events; returns the ids of old streams."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(_PREPARE)
    for first in range(1, events + 1, FILLED_AT_ONCE):
        span = first, min(first + FILLED_AT_ONCE - 1, events)
        await connection.execute(_EVENTS, *span)
        await connection.execute(_KEYS, *span)
    await connection.execute(_STREAMS)
    await connection.execute(_TIMERS)
    await connection.execute("vacuum (freeze, analyze) events, streams, handled, timers")
    old = [row["id"] for row in await connection.fetch(_OLD, OLD_STREAMS)]
    size = await connection.fetchval("select pg_database_size(current_database())")
    print(f"{events:,} events, {size / 2**30:.1f} GB", flush=True)
    await connection.close()
    return old


async def _command(store: EventStore, stream: UUID) -> None:
    key = IdempotencyKey(uuid4(), "fingerprint", '{"version": 1}')
    metadata = Metadata(command_id=key.key, actor="i-17", policy="2024-01-01")
    await execute(store, [Intent(STEPS, stream, Step(FACT))], at=NOW, metadata=metadata, key=lambda _: key)


async def _caller(store: EventStore, stream: Callable[[], UUID], latencies: list[float], until: float) -> None:
    while time.perf_counter() < until:
        begun = time.perf_counter()
        await _command(store, stream())
        latencies.append((time.perf_counter() - begun) * 1e3)


async def _turn(filled: FilledStore, what: str) -> None:
    streams: Callable[[], UUID] = uuid7 if what == "new streams" else lambda: random.choice(filled.old)
    latencies: list[float] = []
    until = time.perf_counter() + TURN_SECONDS
    await asyncio.gather(*(_caller(filled.store, streams, latencies, until) for _ in range(CALLERS)))
    latencies.sort()
    measured = filled.measured[what]
    measured.rates.append(len(latencies) / TURN_SECONDS)
    measured.p50.append(latencies[len(latencies) // 2])
    measured.p99.append(latencies[int(len(latencies) * 0.99)])


async def _measure(dsns: dict[int, str], turns: int) -> None:
    old = {events: await _fill(dsn, events) for events, dsn in dsns.items()}
    await _checkpoint(dsns[SMALL])
    async with AsyncExitStack() as stack:
        stores = []
        for events, dsn in dsns.items():
            database = await stack.enter_async_context(open_database(dsn, "offers"))
            store = await stack.enter_async_context(EventStore(database, EventTypes([Stepped])))
            stores.append(FilledStore(events, store, old[events]))
        for turn in range(turns):
            for what in ("new streams", "old streams"):
                for filled in stores if turn % 2 else reversed(stores):
                    await _turn(filled, what)
    _show(*stores)


async def _checkpoint(dsn: str) -> None:
    """Runs a checkpoint, so that what the filling left to write is not counted in a turn."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("checkpoint")
    await connection.close()


def _show(small: FilledStore, big: FilledStore) -> None:
    print(f"{'':12} {'events':>10} {'commands/s':>11} {'p50 ms':>8} {'p99 ms':>8}")
    for what in small.measured:
        figures = []
        for filled in (small, big):
            measured = filled.measured[what]
            figures.append([median(measured.rates), median(measured.p50), median(measured.p99)])
            rate, p50, p99 = figures[-1]
            print(f"{what:12} {filled.events:>10,} {rate:>11,.0f} {p50:>8.1f} {p99:>8.1f}")
        rate, p50, p99 = (large / little for little, large in zip(*figures, strict=True))
        print(f"{what:12} {'ratio':>10} {rate:>11.2f} {p50:>8.2f} {p99:>8.2f}", flush=True)


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    with own_database("append_small") as small, own_database("append_big") as big:
        uvloop.run(_measure({SMALL: small, BIG: big}, turns))


if __name__ == "__main__":
    main()
