"""Measures timers that fall due together, and timers that are overdue at a start: ./aftale bench timers [AGREEMENTS].

Guidance, with its own database and topics, has one timer per agreement that falls due at one instant, and later a
second one. The virtual clock is moved to the first instant while guidance runs. Then guidance is stopped, the clock is
moved to a week after the second instant, and guidance is started again. Prints how long each took, and the largest
memory of the process. Checks that each timer had its effect once; exits with 1 if one had not. Uses the servers of
`./aftale up`.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import psutil
import uvloop
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from benchmarks.own_process import own_process
from benchmarks.scale_out import BEFORE, Workers, find_errors, publish
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from shared.eventstore.clock import VirtualClock
from shared.messaging.bus import Kafka
from tests.own_topics import own_topics

A_WEEK = timedelta(days=7)
_LOOK_SECONDS = 0.1


@dataclass
class Service:
    """A process of guidance, and its largest memory so far."""

    process: psutil.Popen
    largest_bytes: int = field(default=0)

    def measure_memory(self) -> None:
        self.largest_bytes = max(self.largest_bytes, self.process.memory_info().rss)


@dataclass(frozen=True)
class Fired:
    """How long it took until due timers had fired."""

    what: str
    timers: int
    seconds: float
    megabytes: float

    def __str__(self) -> str:
        rate = self.timers / self.seconds
        return f"{self.what:42} {self.timers:>7,} {self.seconds:>8.1f} s {rate:>8,.0f} per s {self.megabytes:>7,.0f} MB"


@contextmanager
def _guidance(dsn: str, kafka: Kafka, state: Path) -> Iterator[Service]:
    port = free_port()
    environment = {
        **login_urls(dsn),
        "AFTALE_STATE": str(state),
        "AFTALE_TOPIC_PREFIX": kafka.prefix,
        "AFTALE_CLOCK": "virtual",
        "AFTALE_PORT_GUIDANCE": str(port),
    }
    with own_process(port, ["services.serve", "guidance"], environment) as process:
        yield Service(process)


async def _until(connection: "asyncpg.Connection[asyncpg.Record]", service: Service, events: int) -> None:
    service.measure_memory()
    while await connection.fetchval("select guidance.newest_position()") < events:
        await asyncio.sleep(_LOOK_SECONDS)
        service.measure_memory()


async def _instants(connection: "asyncpg.Connection[asyncpg.Record]", timers: int) -> Sequence[datetime]:
    """Returns the two instants at which the timers of all agreements fall due."""
    rows = await connection.fetch("select due, count(*) as timers from guidance.timers group by due order by due")
    if [row["timers"] for row in rows] != [timers, timers]:
        raise SystemExit(f"there should be two instants with {timers} timers each: {[*map(dict, rows)]}")
    return [row["due"] for row in rows]


async def _measure(dsn: str, agreements: int) -> tuple[list[Fired], list[str]]:
    connection = await asyncpg.connect(dsn)
    async with own_topics(os.environ["AFTALE_KAFKA"]) as kafka:
        with ExitStack() as stack:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftale-bench-")))
            clock = VirtualClock(state / "clock", start=BEFORE)
            with _guidance(dsn, kafka, state) as service:
                await publish(kafka, [uuid7() for _ in range(agreements)])
                await _until(connection, service, 2 * agreements)
                first, second = await _instants(connection, agreements)
                begun = time.perf_counter()
                clock.move_to(first)
                await _until(connection, service, 3 * agreements)
                together = Fired(
                    "due at one instant",
                    agreements,
                    time.perf_counter() - begun,
                    service.largest_bytes / 1e6,
                )
            clock.move_to(second + A_WEEK)
            begun = time.perf_counter()
            with _guidance(dsn, kafka, state) as service:
                await _until(connection, service, 4 * agreements)
                overdue = Fired(
                    "a week overdue at a start (with the start)",
                    agreements,
                    time.perf_counter() - begun,
                    service.largest_bytes / 1e6,
                )
                errors = await find_errors(Workers(kafka, connection, [service.process], clock), agreements)
    await connection.close()
    return [together, overdue], errors


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    agreements = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with own_database("timers") as dsn:
        fired, errors = uvloop.run(_measure(dsn, agreements))
    print("\n".join(map(str, fired)))
    print("\n".join(errors) or "each timer had its effect once")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
