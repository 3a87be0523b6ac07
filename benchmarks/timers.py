"""Measures timers that fall due together or are overdue at a start: ./aftale bench timers [AGREEMENTS] [ARMED].

Guidance, with its own database and topics, has one timer per agreement that falls due at one instant, and later a
second one. If more timers are to be armed than these two of each agreement, SQL adds rows of other streams, due years
later: while they are not due, nothing but their rows counts. The virtual clock is moved to the first instant while
guidance runs. Then guidance is stopped, the clock is moved to a week after the second instant, and guidance is started
again. Prints how long each took, how late the timers had their effect in real time (p50, p99, most), and the largest
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import asyncpg
import psutil
import uvloop
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from benchmarks.own_process import own_process
from benchmarks.scale_out import BEFORE, Workers, find_errors, publish
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from migrations.topics import TOPICS
from shared.eventstore.clock import VirtualClock
from shared.messaging.bus import Kafka
from tests.own_topics import own_topics

A_WEEK = timedelta(days=7)
_LOOK_SECONDS = 0.1
_ARM = """
insert into guidance.timers (stream, name, due)
select gen_random_uuid(), 'guidance:overdue', $2::timestamptz + number * interval '1 second'
from generate_series(1, $1::int) number
"""
_YEARS_LATER = datetime(2040, 1, 1, tzinfo=UTC)


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
    late: Sequence[float]
    """Seconds of real time from the move of the clock, or from the start, until each was seen in the log."""
    megabytes: float

    def __str__(self) -> str:
        rate, cuts = self.timers / self.seconds, quantiles(self.late, n=100)
        late = f"late {cuts[49]:.1f}, {cuts[98]:.1f}, {max(self.late):.1f} s"
        return (
            f"{self.what:42} {self.timers:>7,} {self.seconds:>8.1f} s {rate:>8,.0f} per s  {late} "
            f"{self.megabytes:>7,.0f} MB"
        )


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
    of_agreements = "select due, count(*) as timers from guidance.timers where due < $1 group by due order by due"
    rows = await connection.fetch(of_agreements, _YEARS_LATER)
    if [row["timers"] for row in rows] != [timers, timers]:
        raise SystemExit(f"there should be two instants with {timers} timers each: {[*map(dict, rows)]}")
    return [row["due"] for row in rows]


async def _measure(dsn: str, agreements: int, armed: int) -> tuple[list[Fired], list[str]]:
    connection = await asyncpg.connect(dsn)
    async with own_topics(os.environ["AFTALE_KAFKA"], TOPICS) as kafka:
        with ExitStack() as stack:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftale-bench-")))
            clock = VirtualClock(state / "clock", start=BEFORE)
            with _guidance(dsn, kafka, state) as service:
                await publish(kafka, [uuid7() for _ in range(agreements)])
                await _until(connection, service, 2 * agreements)
                first, second = await _instants(connection, agreements)
                await connection.execute(_ARM, max(0, armed - 2 * agreements), _YEARS_LATER)
                await connection.execute("vacuum analyze guidance.timers")  # as it would have been long before
                await connection.execute("checkpoint")
                begun = time.perf_counter()
                clock.move_to(first)
                together = await _fired("due at one instant", connection, service, 2 * agreements, begun)
            clock.move_to(second + A_WEEK)
            begun = time.perf_counter()
            with _guidance(dsn, kafka, state) as service:
                what = "a week overdue at a start (with the start)"
                overdue = await _fired(what, connection, service, 3 * agreements, begun)
                await connection.execute("delete from guidance.timers where due >= $1", _YEARS_LATER)
                errors = await find_errors(Workers(kafka, connection, [service.process], clock), agreements)
    await connection.close()
    return [together, overdue], errors


async def _fired(
    what: str,
    connection: "asyncpg.Connection[asyncpg.Record]",
    service: Service,
    before: int,
    begun: float,
) -> Fired:
    """Waits until as many timers have fired as there are agreements; `before` is the number of events before that."""
    timers = await connection.fetchval("select count(distinct stream) from guidance.events")
    late: list[float] = []
    while len(late) < timers:
        await asyncio.sleep(_LOOK_SECONDS)
        service.measure_memory()
        seen = await connection.fetchval("select guidance.newest_position()") - before
        late += [time.perf_counter() - begun] * (seen - len(late))
    return Fired(what, timers, late[-1], late, service.largest_bytes / 1e6)


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    asked = [int(number) for number in sys.argv[1:]]
    agreements, armed = [*asked, *(10_000, 0)[len(asked) :]]
    with own_database("timers") as dsn:
        fired, errors = uvloop.run(_measure(dsn, agreements, armed))
    print(f"{max(armed, 2 * agreements):,} timers armed; late: p50, p99, most")
    print("\n".join(map(str, fired)))
    print("\n".join(errors) or "each timer had its effect once")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
