"""Commands per second through the whole write path, beside the bare append: ./aftale bench append [SECONDS].

Decide, encode, append as a group, with the relay attached. Each command names its expected version, carries an
idempotency key, and arms or cancels timers; 1, 32 and 128 callers, in turns of SECONDS. The bare append writes the same
rows, of texts that are ready, with as many connections and a reader that follows. A third side does by hand what a
command cannot do without: an event read and written by pydantic, appended as barely, and published. Prints rates, their
ratio, latencies, and the processor time of this process per command (the relay's included). `read first` is a command
that reads its stream, as those over HTTP do; reactions to facts go on from what their process knows. Uses a database
and topics of its own on the servers of `./aftale up`.
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
    """One small fact."""

    cvr: str
    p_number: str
    topic: str
    inspector: str
    months: int
    filler: str


@dataclass(frozen=True)
class Step:
    """The command."""

    fact: Stepped


@dataclass(frozen=True)
class Steps:
    """How many were taken."""

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
class Taken:
    """What one side was measured at."""

    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of this process."""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1e3


Keep = Callable[[UUID, int], Awaitable[object]]
"""One command for a stream at a version."""


def _ours(store: EventStore, *, read_first: bool = False) -> Keep:
    async def keep(stream: UUID, version: int) -> None:
        metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
        before = await read(store, STEPS, stream) if read_first else None
        intent = Intent(STEPS, stream, Step(FACT), expected=version, read=before)
        await execute(store, [intent], at=NOW, metadata=metadata, key=partial(_key, uuid4()))

    return keep


def _bare(bare: BareAppend) -> Keep:
    async def keep(stream: UUID, version: int) -> None:
        assert await bare.append(stream, version, DATA, METADATA, NOW if version % 3 == 1 else None)

    return keep


def _by_hand(bare: BareAppend) -> Keep:
    async def keep(stream: UUID, version: int) -> None:
        fact = Stepped.model_validate_json(DATA)
        said = {"command_id": str(uuid4()), "actor": "i-17", "policy": "2024-01-01", "concerns": {}}
        metadata, due = orjson.dumps(said).decode(), NOW if version % 3 == 1 else None
        assert await bare.append(stream, version, fact.model_dump_json(), metadata, due)

    return keep


def _key(used: UUID, decided: Sequence[Decision[Steps]]) -> IdempotencyKey:
    return IdempotencyKey(used, "fingerprint", f'{{"version": {decided[0].version}}}')


async def _caller(keep: Keep, latencies: list[float], until: float) -> None:
    stream, version = uuid7(), 0
    while time.perf_counter() < until:
        begun = time.perf_counter()
        await keep(stream, version)
        latencies.append(time.perf_counter() - begun)
        stream, version = (stream, version + 1) if version + 1 < EVENTS_PER_STREAM else (uuid7(), 0)


async def _turn(keep: Keep, callers: int, taken: Taken, seconds: float) -> None:
    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_caller(keep, taken.latencies, begun + seconds) for _ in range(callers)))
    taken.seconds += time.perf_counter() - begun
    taken.processor += time.process_time() - used


async def _until_relayed(database: Database) -> None:
    """What is left to publish must not be counted as the other side's."""
    async with database.acquire() as connection:
        while await connection.fetchval("select newest_position() > checkpoint from relay"):
            await asyncio.sleep(0.05)


async def _measure(dsn: str, seconds: float) -> None:
    print(f"{'callers':>7} {'':14} {'commands/s':>10} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7}")
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(own_topics(os.environ["AFTALE_KAFKA"]))
        database = await stack.enter_async_context(open_database(dsn, "offers"))
        store = await stack.enter_async_context(EventStore(database, EventTypes([Stepped])))
        bare = await stack.enter_async_context(bare_append(dsn))
        published = await stack.enter_async_context(bare_append(dsn, "published", kafka))
        relay = Relay(dsn=dsn, source="offers", topic=AGREEMENTS_TOPIC, kafka=kafka, store=store)
        keep_running(stack, "relay", relay.run)
        sides = {
            "bare append": _bare(bare),
            "by hand": _by_hand(published),
            "whole command": _ours(store),
            "read first": _ours(store, read_first=True),
        }
        for callers in (1, 32, 128):
            taken = {name: Taken() for name in sides}
            for turn in range(TURNS + 1):  # the first one finds connections and plans that are being made
                for name, keep in sides.items():
                    await _turn(keep, callers, taken[name] if turn else Taken(), seconds if turn else 0.5)
                    await asyncio.gather(_until_relayed(database), published.until_followed())
            for name, of_side in taken.items():
                print(
                    f"{callers:>7} {name:14} {of_side.rate:>10,.0f} {of_side.rate / taken['bare append'].rate:>6.2f}"
                    f" {of_side.percentile(0.5):>7.1f} {of_side.percentile(0.99):>7.1f}"
                    f" {of_side.processor / len(of_side.latencies) * 1e6:>7.0f}"
                )


def main() -> None:
    """See above."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    collect_rarely()
    with own_database("append") as dsn:
        uvloop.run(_measure(dsn, seconds))


if __name__ == "__main__":
    main()
