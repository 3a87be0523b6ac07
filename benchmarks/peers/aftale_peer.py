"""Measures Aftale as its peers are measured: python -m benchmarks.peers.aftale_peer append|project SECONDS.

Reads DSN. What is compared with the peers is called `aftale`. `append` writes an event at an expected version; also
measured are a whole command, which decides, records an idempotency key and arms a timer, and the bare append that is
the limit of both. `project` rebuilds the view from the facts of agreements; also measured are the same facts, processed
as they arrive.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID, uuid4

import uvloop
from uuid_utils.compat import uuid7

from benchmarks.append import DATA, FACT, METADATA, NOW, STEPS, Step, Stepped, Steps
from benchmarks.bare_append import BareAppend, bare_append
from benchmarks.project import BATCH, messages
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection.rebuild import rebuild
from services.reporting.service import NAME, Projection
from shared.eventstore.change import Change, IdempotencyKey, Occurred, Write
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.eventstore.state_cache import VersionedState

CALLERS = 32
AGREEMENTS = 1_000
Append = Callable[[EventStore], Awaitable[object]]


async def _event(store: EventStore) -> None:
    metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
    await store.append(Change(metadata, (Write(uuid7(), 0, (Occurred(FACT, NOW),)),)))


async def _command(store: EventStore) -> None:
    metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
    new = Intent(STEPS, uuid7(), Step(FACT), expected=0, read=VersionedState(0, Steps()))
    key = IdempotencyKey(uuid4(), "fingerprint", '{"version": 1}')
    await execute(store, [new], at=NOW, metadata=metadata, key=lambda _: key)


async def _append(dsn: str, seconds: float) -> None:
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes([Stepped])) as store:
        for peer, append in (("aftale", _event), ("aftale, whole command", _command)):
            for callers in (1, CALLERS):
                until = time.perf_counter() + seconds
                appended = await asyncio.gather(*(_until(until, partial(append, store)) for _ in range(callers)))
                _tell(peer, what="append", callers=callers, events_per_s=round(sum(appended) / seconds))


async def _bare_append(dsn: str, seconds: float) -> None:
    """Measures the limit, as bench append does."""
    async with bare_append(dsn) as bare:
        for callers in (1, CALLERS):
            until = time.perf_counter() + seconds
            append = partial(_append_barely, bare)
            appended = await asyncio.gather(*(_until(until, append) for _ in range(callers)))
            _tell("bare append", what="append", callers=callers, events_per_s=round(sum(appended) / seconds))


async def _append_barely(bare: BareAppend) -> None:
    assert await bare.append(uuid7(), 0, DATA, METADATA, None)


async def _until(until: float, append: Callable[[], Awaitable[None]]) -> int:
    appended = 0
    while time.perf_counter() < until:
        await append()
        appended += 1
    return appended


async def _project(dsn: str) -> None:
    waiting = list(messages(AGREEMENTS))
    async with open_database(dsn, NAME, connections=4) as database:
        projection = Projection(database, KNOWN_FACTS, own_source=NAME, ask_again=_never_ask)
        begun = time.perf_counter()
        for first in range(0, len(waiting), BATCH):
            await projection.take_messages(waiting[first : first + BATCH])
        _tell("aftale, facts as they come", what="project", events_per_s=_rate(len(waiting), begun))
        async with database.acquire() as connection:
            begun = time.perf_counter()
            facts = await rebuild(connection)
        _tell("aftale", what="project", events_per_s=_rate(facts, begun))


def _rate(events: int, begun: float) -> int:
    return round(events / (time.perf_counter() - begun))


async def _never_ask(source: str, stream: UUID, version: int) -> None:
    raise AssertionError("nothing is missing")


def _tell(peer: str, **figures: object) -> None:
    print(json.dumps({"peer": peer, **figures}), flush=True)


def main() -> None:
    """Measures what the first argument names."""
    what, seconds, dsn = sys.argv[1], float(sys.argv[2]), os.environ["DSN"]
    if what == "append":
        uvloop.run(_append(dsn, seconds))
        uvloop.run(_bare_append(dsn, seconds))
    else:
        uvloop.run(_project(dsn))


if __name__ == "__main__":
    main()
