"""Measures commands per second through the whole write path: ./aftale bench append [SECONDS].

A command is decided, encoded and appended in a group, with the relay attached. It names its expected version, has an
idempotency key, and arms or cancels timers; 1, 32 and 128 callers take turns of SECONDS. It is compared with a *bare
append* of the same rows from finished texts, with as many connections and a reader that follows, and with a *minimum by
hand* in Python: parse and serialise one event with pydantic, append it without the event store, publish it. *Read
first* is a command that reads its stream, as over HTTP; reactions use the cached state instead. Prints rates, ratios,
latencies, and this process's processor time per command, including the relay's. Uses its own database and topics on the
servers of `./aftale up`.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import orjson
import uvloop
from uuid_utils.compat import uuid7

from benchmarks.bare_append import BareAppend, bare_append
from benchmarks.own_database import own_database
from shared.eventstore.change import IdempotencyKey
from shared.eventstore.commands import Decision, Intent, execute, read
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.garbage_collector import collect_rarely
from shared.messaging.relay import Relay
from shared.service import AGREEMENTS_TOPIC, keep_running
from tests.own_topics import own_topics

NOW = datetime(2026, 3, 5, tzinfo=UTC)
EVENTS_PER_STREAM = 8
TURNS = 3


class Stepped(Event):
    """A small fact."""

    cvr: str
    p_number: str
    topic: str
    inspector: str
    months: int
    filler: str


@dataclass(frozen=True)
class Step:
    """The command that records the fact."""

    fact: Stepped


@dataclass(frozen=True)
class Steps:
    """The state: how many facts were recorded."""

    taken: int = 0


def _decide(_: Steps, command: Step | TimerDue) -> Sequence[Event]:
    return (command.fact,) if isinstance(command, Step) else ()


STEPS: Decider[Steps, Step | TimerDue] = Decider(
    name="steps",
    initial=Steps(),
    decide=_decide,
    evolve=lambda state, _: replace(state, taken=state.taken + 1),
    timers=lambda state: {"next": NOW + timedelta(days=state.taken)} if state.taken % 3 == 1 else {},
)
FACT = Stepped(cvr="13748136", p_number="1003388394", topic="056", inspector="i-17", months=3, filler="x" * 120)


DATA = FACT.public_json()
METADATA = '{"actor": "i-17", "policy": "2024-01-01", "concerns": {}}'


@dataclass
class Measurement:
    """The rate and the latencies of one variant."""

    seconds: float = 0.0
    processor: float = 0.0
    """Processor seconds of this process."""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Returns a latency in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1e3


Append = Callable[[UUID, int], Awaitable[object]]
"""A function that appends one command to a stream at a version."""


def _ours(store: EventStore, *, read_first: bool = False) -> Append:
    async def append(stream: UUID, version: int) -> None:
        metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
        before = await read(store, STEPS, stream) if read_first else None
        intent = Intent(STEPS, stream, Step(FACT), expected=version, read=before)
        await execute(store, [intent], at=NOW, metadata=metadata, key=partial(_key, uuid4()))

    return append


def _bare(bare: BareAppend) -> Append:
    async def append(stream: UUID, version: int) -> None:
        assert await bare.append(stream, version, DATA, METADATA, NOW if version % 3 == 1 else None)

    return append


def _by_hand(bare: BareAppend) -> Append:
    async def append(stream: UUID, version: int) -> None:
        fact = Stepped.model_validate_json(DATA)
        values = {"command_id": str(uuid4()), "actor": "i-17", "policy": "2024-01-01", "concerns": {}}
        metadata, due = orjson.dumps(values).decode(), NOW if version % 3 == 1 else None
        assert await bare.append(stream, version, fact.model_dump_json(), metadata, due)

    return append


def _key(used: UUID, decided: Sequence[Decision[Steps]]) -> IdempotencyKey:
    return IdempotencyKey(used, "fingerprint", f'{{"version": {decided[0].version}}}')


async def _caller(append: Append, latencies: list[float], until: float) -> None:
    stream, version = uuid7(), 0
    while time.perf_counter() < until:
        begun = time.perf_counter()
        await append(stream, version)
        latencies.append(time.perf_counter() - begun)
        stream, version = (stream, version + 1) if version + 1 < EVENTS_PER_STREAM else (uuid7(), 0)


async def _turn(append: Append, callers: int, measured: Measurement, seconds: float) -> None:
    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_caller(append, measured.latencies, begun + seconds) for _ in range(callers)))
    measured.seconds += time.perf_counter() - begun
    measured.processor += time.process_time() - used


async def _until_relayed(database: Database) -> None:
    """Waits until everything is published, so that the rest is not counted in another variant's turn."""
    async with database.acquire() as connection:
        while await connection.fetchval("select newest_position() > checkpoint from relay"):
            await asyncio.sleep(0.05)


async def _measure(dsn: str, seconds: float) -> None:
    print(f"{'callers':>7} {'':15}  {'commands/s':>10} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7}")
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(own_topics(os.environ["AFTALE_KAFKA"]))
        database = await stack.enter_async_context(open_database(dsn, "offers"))
        store = await stack.enter_async_context(EventStore(database, EventTypes([Stepped])))
        bare = await stack.enter_async_context(bare_append(dsn))
        published = await stack.enter_async_context(bare_append(dsn, "published", kafka))
        relay = Relay(dsn=dsn, source="offers", topic=AGREEMENTS_TOPIC, kafka=kafka, store=store)
        keep_running(stack, "relay", relay.run)
        variants = {
            "bare append": _bare(bare),
            "minimum by hand": _by_hand(published),
            "whole command": _ours(store),
            "read first": _ours(store, read_first=True),
        }
        for callers in (1, 32, 128):
            measured = {name: Measurement() for name in variants}
            for turn in range(TURNS + 1):  # the first turn warms up connections and plans
                for name, append in variants.items():
                    await _turn(append, callers, measured[name] if turn else Measurement(), seconds if turn else 0.5)
                    await asyncio.gather(_until_relayed(database), published.until_followed())
            for name, measurement in measured.items():
                print(
                    f"{callers:>7} {name:15} {measurement.rate:>10,.0f}"
                    f" {measurement.rate / measured['bare append'].rate:>6.2f}"
                    f" {measurement.percentile(0.5):>7.1f} {measurement.percentile(0.99):>7.1f}"
                    f" {measurement.processor / len(measurement.latencies) * 1e6:>7.0f}"
                )


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    collect_rarely()
    with own_database("append") as dsn:
        uvloop.run(_measure(dsn, seconds))


if __name__ == "__main__":
    main()
