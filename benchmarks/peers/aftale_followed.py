"""Checks Aftale's own store as its peers are checked: aftale_followed.py lossless SECONDS. Reads DSN."""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import uvloop

from benchmarks.peers.following import EVENTS_OF_A_STREAM, findings
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata

CALLERS = 32
_SLOW_COMMITS = """
create function slow_commit() returns trigger language plpgsql as
$$ begin if random() < 0.001 then perform pg_sleep(0.03); end if; return null; end $$;
create constraint trigger slow_commit after insert on offers.events deferrable initially deferred
for each row execute function slow_commit();
"""
"""One in fifty of the commits (of about twenty events) takes 30 ms longer, as on a busy disk or network."""
_READ = "select position, stream, version from offers.events where position > $1 order by position limit 500"


class Stepped(Event):
    """An event as small as those of the peers."""

    cvr: str = "13748136"
    p_number: str = "1234567890"
    topic: str = "056"
    number: int


async def main(seconds: float) -> None:
    """Runs writers whose commits are sometimes slow, and a reader that follows the log as the relay does."""
    reading = await asyncpg.connect(os.environ["DSN"])
    await reading.execute(_SLOW_COMMITS)
    until = time.perf_counter() + seconds
    acknowledged: list[tuple[object, int]] = []
    given: list[tuple[int, object, int]] = []
    written = asyncio.Event()

    async def write(store: EventStore) -> None:
        while time.perf_counter() < until:
            stream = uuid4()
            for number in range(EVENTS_OF_A_STREAM):
                await store.append(_step(stream, number))
                acknowledged.append((stream, number + 1))

    async def read() -> None:
        position, quiet_since = 0, None
        while quiet_since is None or time.perf_counter() < quiet_since + 2:
            batch = [tuple(row) for row in await reading.fetch(_READ, position)]
            given.extend(batch)
            position = batch[-1][0] if batch else position
            if batch or not written.is_set():
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.perf_counter()

    async with (
        open_database(os.environ["DSN"], "offers") as database,
        EventStore(database, EventTypes([Stepped])) as store,
    ):
        reader = asyncio.create_task(read())
        await asyncio.gather(*(write(store) for _ in range(CALLERS)))
        written.set()
        await reader
    log = [tuple(row) for row in await reading.fetch("select position, stream, version from offers.events")]
    await reading.close()
    print(json.dumps({"peer": "aftale", "what": "lossless", "findings": findings(acknowledged, log, given)}))


def _step(stream: UUID, number: int) -> Change:
    occurred = Occurred(Stepped(number=number), datetime.now(UTC))
    return Change(Metadata(command_id=uuid4(), actor="writer"), (Write(stream, number, (occurred,)),))


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[2])))
