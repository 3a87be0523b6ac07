"""Commands per second through the whole write path: decide, encode, append as a group, and what stands beside.

./aftale bench append [SECONDS]. Each command names its expected version, carries an idempotency key, and arms or
cancels timers; 1, 32 and 128 callers. Uses a database of its own on the servers of `./aftale up`, dropped afterwards.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import uvloop
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from shared.garbage_collector import collect_rarely
from shared.kernel.commands import Decision, Intent, execute
from shared.kernel.database import open_database
from shared.kernel.decider import Decider, TimerDue
from shared.kernel.event_store import EventStore, IdempotencyKey
from shared.kernel.events import Event, EventTypes, Metadata

NOW = datetime(2026, 3, 5, tzinfo=UTC)
EVENTS_PER_STREAM = 8


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


async def _caller(store: EventStore, latencies: list[float], until: float) -> None:
    stream, version = uuid7(), 0
    while time.perf_counter() < until:
        metadata = Metadata(command_id=uuid4(), actor="i-17", policy="2024-01-01")
        begun = time.perf_counter()
        await execute(
            store,
            [Intent(STEPS, stream, Step(FACT), expected=version)],
            at=NOW,
            metadata=metadata,
            key=partial(_key, uuid4()),
        )
        latencies.append(time.perf_counter() - begun)
        stream, version = (stream, version + 1) if version + 1 < EVENTS_PER_STREAM else (uuid7(), 0)


def _key(used: UUID, decided: Sequence[Decision[Steps]]) -> IdempotencyKey:
    return IdempotencyKey(used, "fingerprint", f'{{"version": {decided[0].version}}}')


async def _measure(dsn: str, seconds: float) -> None:
    print("callers  commands/s  p50 ms  p99 ms")
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes([Stepped])) as store:
        for callers in (1, 32, 128):
            latencies: list[float] = []
            begun = time.perf_counter()
            await asyncio.gather(*(_caller(store, latencies, begun + seconds) for _ in range(callers)))
            took = time.perf_counter() - begun
            latencies.sort()
            p50, p99 = (latencies[int(len(latencies) * share)] * 1e3 for share in (0.5, 0.99))
            print(f"{callers:>7}  {len(latencies) / took:>10,.0f}  {p50:>6.1f}  {p99:>6.1f}")


def main() -> None:
    """See above."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    collect_rarely()
    with own_database("append") as dsn:
        uvloop.run(_measure(dsn, seconds))


if __name__ == "__main__":
    main()
