"""Measures how one, two and four processes share partitions and timers: ./aftale bench scale_out [AGREEMENTS].

Each time guidance, with its own database and topics, processes a backlog of facts: an offer and a compliance deadline
per agreement, of two services. Each fact makes it record an event, the second with two timers. Then the clock is moved
so that all timers fall due at once, and each timer makes it record an event. Prints the rate, how the partitions were
shared, processor time of each process and of PostgreSQL on this machine (in cores, and in ms for each fact or timer),
and transactions, including reads. Checks that nothing was lost or done twice, and exits with 1 if something was. Uses
the servers of `./aftale up`.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from benchmarks.own_process import own_process
from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from migrations.topics import TOPICS
from shared.eventstore.clock import VirtualClock
from shared.messaging.bus import Kafka
from shared.service import AGREEMENTS_TOPIC
from tests.own_topics import own_topics
from tests.reporting_facts import Feed, deadline_set, sent

PROCESSES = (1, 2, 4)
PARTITIONS = TOPICS[AGREEMENTS_TOPIC]
BEFORE, AFTER = datetime(2026, 3, 21, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
"""Instants at which nothing is due yet, and at which everything is due."""
RECORDED = ("GuidanceOpened", "GuidanceScheduled", "GuidanceFellDue", "GuidanceBecameOverdue")
"""The events that guidance records for each agreement: two by reactions, two by timers."""
PATIENCE_SECONDS = 300
_STATISTICS_SECONDS = 1.5
"""The time after which PostgreSQL's sessions have reported their commits."""


@dataclass(frozen=True)
class Usage:
    """Processor seconds and transactions until now."""

    services: tuple[float, ...]
    postgres: float
    transactions: int


@dataclass(frozen=True)
class Phase:
    """The duration and the resources of a part of the work."""

    what: str
    done: int
    seconds: float
    services: tuple[float, ...]
    """Cores used by each process."""
    postgres: float
    """Cores used by PostgreSQL."""
    transactions: float
    """Transactions per second."""

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    @property
    def processor_time(self) -> float:
        """Milliseconds for each fact or timer, of the services and PostgreSQL together."""
        return (sum(self.services) + self.postgres) / self.rate * 1e3


@dataclass
class Workers:
    """The processes that share the work, with their Kafka, clock and database."""

    kafka: Kafka
    connection: "asyncpg.Connection[asyncpg.Record]"
    services: Sequence[psutil.Popen]
    clock: VirtualClock

    async def usage(self) -> Usage:
        """Returns the processor seconds and transactions until now. The services' sessions must be open."""
        await asyncio.sleep(_STATISTICS_SECONDS)
        row = await self.connection.fetchrow(_SESSIONS)
        assert row is not None
        sessions = (psutil.Process(pid) for pid in row["pids"])
        return Usage(
            tuple(map(_processor_seconds, self.services)), sum(map(_processor_seconds, sessions)), row["transactions"]
        )

    async def until(self, done: str) -> None:
        """Waits until a query returns true, for 300 s at most; the checks find what is missing then."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self.connection.fetchval(done):
                    await asyncio.sleep(0.02)


_SESSIONS = """
select array(select pid from pg_stat_activity where datname = current_database()) as pids,
       (select xact_commit from pg_stat_database where datname = current_database()) as transactions
"""


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _shares(kafka: Kafka, members: int) -> list[int]:
    """Returns how many partitions each process reads, once all have joined."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                (answer,) = await admin.describe_consumer_groups([kafka.name("aftale-guidance-reactions")])
                shares = [_partitions(assignment) for *_, assignment in answer.groups[0][5]]
                if len(shares) == members and sum(shares) == PARTITIONS:
                    return shares
                await asyncio.sleep(0.2)
    finally:
        await admin.close()


def _partitions(assignment: bytes) -> int:
    if not assignment:
        return 0
    topics = ConsumerProtocolMemberAssignment.decode(assignment).assignment
    return sum(len(partitions) for _, partitions in topics)


async def publish(kafka: Kafka, agreements: Sequence[UUID]) -> None:
    """Publishes an offer and a compliance deadline for each agreement."""
    feed = Feed()
    facts = [received for one in agreements for received in feed.receive(sent(one), deadline_set(one))]
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all", linger_ms=2)
    await producer.start()
    for message in (received.message for received in facts):
        await producer.send(
            kafka.name(AGREEMENTS_TOPIC),
            message.body.encode(),
            key=str(message.stream).encode(),
            headers=message.headers(),
        )
    await producer.stop()


async def _phase(workers: Workers, what: str, agreements: Sequence[UUID]) -> Phase:
    """Waits for two events of each agreement, by reactions or by timers; returns what it took."""
    before = await workers.usage()
    begun = time.perf_counter()
    if what == "facts":
        await publish(workers.kafka, agreements)
        await workers.until(f"select guidance.newest_position() >= {2 * len(agreements)}")
    else:
        workers.clock.move_to(AFTER)
        await workers.until(f"select guidance.newest_position() >= {4 * len(agreements)}")
    seconds = time.perf_counter() - begun
    after = await workers.usage()
    return Phase(
        what,
        done=2 * len(agreements),
        seconds=seconds,
        services=tuple((a - b) / seconds for a, b in zip(after.services, before.services, strict=True)),
        postgres=(after.postgres - before.postgres) / seconds,
        transactions=(after.transactions - before.transactions) / seconds,
    )


async def find_errors(workers: Workers, agreements: int) -> list[str]:
    """Returns what was lost or done twice; an empty list if nothing was."""
    await workers.until("select checkpoint >= guidance.newest_position() from guidance.relay")
    fetch, per_agreement = workers.connection.fetch, len(RECORDED)
    events = {row["type"]: (row["count"], row["streams"]) for row in await fetch(_EVENTS)}
    marks = {(row["source"], row["version"]): row["count"] for row in await fetch(_MARKS)}
    lengths = {row["version"]: row["count"] for row in await fetch(_LENGTHS)}
    (rest,) = await fetch(_REST)
    found = {
        "events of each type, and their streams": events,
        "streams by their length": lengths,
        "inbox marks by source and version": marks,
        "timers left": rest["timers"],
        "messages parked": rest["parked"],
        "active relays": rest["relays"],
        "events not published": rest["unpublished"],
        "messages on the topic": await _messages(workers.kafka),
    }
    wanted = {
        "events of each type, and their streams": dict.fromkeys(RECORDED, (agreements, agreements)),
        "streams by their length": {per_agreement: agreements},
        "inbox marks by source and version": {("offers", 1): agreements, ("control", 1): agreements},
        "timers left": 0,
        "messages parked": 0,
        "active relays": 1,
        "events not published": 0,
        "messages on the topic": (2 + per_agreement) * agreements,
    }
    return [f"{what}: {found[what]} instead of {wanted[what]}" for what in wanted if found[what] != wanted[what]]


_EVENTS = "select type, count(*), count(distinct stream) as streams from guidance.events group by type"
_LENGTHS = "select version, count(*) from guidance.streams group by version"
_MARKS = "select source, version, count(*) from guidance.inbox group by source, version"
_REST = """
select (select count(*) from guidance.timers) as timers, (select count(*) from guidance.parked) as parked,
       (select count(*) from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and granted and application_name like 'aftale-guidance-relay/%'
          and datname = current_database()) as relays,
       guidance.newest_position() - (select checkpoint from guidance.relay) as unpublished
"""


async def _messages(kafka: Kafka) -> int:
    """Returns the number of messages on the topic, of all producers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers)
    await consumer.start()
    partitions = [TopicPartition(kafka.name(AGREEMENTS_TOPIC), number) for number in range(PARTITIONS)]
    offsets = await consumer.end_offsets(partitions)
    await consumer.stop()
    return sum(offsets.values())


async def _share(dsn: str, processes: int, agreements: int) -> tuple[list[int], list[Phase], list[str]]:
    """Runs the work on n processes; returns their partitions, how fast they were, and errors."""
    connection = await asyncpg.connect(dsn)
    async with own_topics(os.environ["AFTALE_KAFKA"], TOPICS) as kafka:
        with ExitStack() as stack:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftale-bench-")))
            clock = VirtualClock(state / "clock", start=BEFORE)
            environment = {
                **login_urls(dsn),
                "AFTALE_STATE": str(state),
                "AFTALE_TOPIC_PREFIX": kafka.prefix,
                "AFTALE_CLOCK": "virtual",
            }
            services = []
            for _ in range(processes):
                port = free_port()
                own = {**environment, "AFTALE_PORT_GUIDANCE": str(port)}
                services.append(stack.enter_context(own_process(port, ["services.serve", "guidance"], own)))
            workers = Workers(kafka, connection, services, clock)
            shares = await _shares(kafka, processes)
            ids = [uuid7() for _ in range(agreements)]
            phases = [await _phase(workers, what, ids) for what in ("facts", "timers")]
            errors = await find_errors(workers, agreements)
    await connection.close()
    return shares, phases, errors


def _line(processes: int, shares: Sequence[int], phase: Phase, ratio: float) -> str:
    partitions = " ".join(map(str, shares))
    cores = " ".join(f"{one:.2f}" for one in phase.services)
    return (
        f"{processes:>9}  {partitions:11}  {phase.what:6} {phase.rate:>7,.0f} {ratio:>6.2f}"
        f"  {cores:19} {phase.postgres:>13.2f} {phase.processor_time:>9.2f} {phase.transactions:>15,.0f}"
    )


def main() -> None:
    """Runs the benchmark. Reads AFTALE_POSTGRES and AFTALE_KAFKA."""
    agreements = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    lines = [
        "processes  partitions   what     per s  ratio  cores by process    of PostgreSQL  ms each  transactions/s"
    ]
    alone: dict[str, float] = {}
    errors: list[str] = []
    for processes in PROCESSES:
        with own_database("scale_out") as dsn:
            shares, phases, found = uvloop.run(_share(dsn, processes, agreements))
        for phase in phases:
            ratio = phase.rate / alone.setdefault(phase.what, phase.rate)
            lines.append(_line(processes, shares, phase, ratio))
        errors += [f"{processes} processes: {error}" for error in found]
    print(f"{agreements:,} agreements, {2 * agreements:,} facts and timers each, {os.cpu_count()} processors")
    print("\n".join(lines))
    print("\n".join(errors) or "nothing was lost, nothing was done twice")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
