"""Measures how long it takes to load a stream from a table of n partitions: ./aftale bench partitions [LOADS].

Partitions of a thousand events represent those of ten million: the time grows not with their content, but because a
query locks and checks each. Loads a stream of eight events from the oldest partition and one from the newest, in turns,
on one connection; prints the fastest and the median of LOADS. Uses its own database on the servers of `./aftale up`.
"""

import sys
import time
from statistics import median
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.append import EVENTS_PER_STREAM, FACT, Stepped
from benchmarks.own_database import own_database
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes

PARTITIONS = (2, 10, 20, 50, 100, 170)
EVENTS_PER_PARTITION = 1_000

_MAKE_PARTITION = f"select ensure_partitions({EVENTS_PER_PARTITION})"
_FILL = f"""
with event as (
  select position, md5((position / {EVENTS_PER_STREAM})::text)::uuid as stream,
         position % {EVENTS_PER_STREAM} + 1 as version
  from generate_series($1::bigint * {EVENTS_PER_PARTITION}, ($1 + 1) * {EVENTS_PER_PARTITION} - 1) position
), stream as (
  insert into streams select stream, max(version), min(position) from event group by stream
)
insert into events
select position, stream, version, 1, gen_random_uuid(), 'Stepped', 1, $2::text::jsonb, null, '{{}}', now(), now()
from event
"""
_OLDEST = "select id from streams order by first_position limit 1"
_NEWEST = "select id from streams order by first_position desc limit 1"


async def _timed(store: EventStore, stream: UUID) -> float:
    begun = time.perf_counter()
    loaded = await store.load(stream)
    took = time.perf_counter() - begun
    if loaded.version != EVENTS_PER_STREAM:
        raise SystemExit(f"{loaded.version} of {EVENTS_PER_STREAM} events were loaded")
    return took * 1e3


async def _measure(dsn: str, loads: int) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
    print(f"{'partitions':>10}  {'oldest: fastest':>15} {'median':>7}  {'newest: fastest':>15} {'median':>7}  ms")
    made = 0
    async with open_database(dsn, "offers", connections=2) as database:
        for partitions in PARTITIONS:
            for number in range(made, partitions):
                await connection.execute(_MAKE_PARTITION)
                await connection.execute(_FILL, number, FACT.public_json())
            made = partitions
            await connection.execute("vacuum analyze streams")
            oldest, newest = await connection.fetchval(_OLDEST), await connection.fetchval(_NEWEST)
            store = EventStore(database, EventTypes([Stepped]))
            pairs = [(await _timed(store, oldest), await _timed(store, newest)) for _ in range(loads)]
            old, new = zip(*pairs, strict=True)
            print(
                f"{partitions:>10}  {min(old):>15.2f} {median(old):>7.2f}  {min(new):>15.2f} {median(new):>7.2f}",
                flush=True,
            )
    await connection.close()


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES."""
    with own_database("partitions") as dsn:
        uvloop.run(_measure(dsn, int(sys.argv[1]) if len(sys.argv) > 1 else 500))


if __name__ == "__main__":
    main()
