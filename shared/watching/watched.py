"""Reports what is wrong with one service of this process, by code and with figures."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg
import structlog
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

from shared.eventstore.clock import Clock
from shared.eventstore.database import DATABASE_AWAY, Database
from shared.messaging.bus import Kafka
from shared.telemetry.loops import Loops
from shared.watching.figures import Figures, read_figures
from shared.watching.schema import Shipped, found_revisions, mismatch

AT_MOST_EVERY_SECONDS = 1.0
"""Shortest time between two checks; the last result serves in between, because anybody may ask without a token."""
ANSWER_SECONDS = 5.0
"""A database that has not answered by then counts as unreachable."""
KAFKA_ANSWER_SECONDS = 2.0
WAITS_SECONDS = 5.0
"""How long a loop must wait for a server before this is reported; it waits briefly for every acknowledgement."""
RELAY_LAG_SECONDS = 30.0
CONSUMER_LAG_RECORDS = 10_000
OVERDUE_SECONDS = 60.0
_log = structlog.get_logger()


class Code(StrEnum):
    """Why a service is not ready, or degraded."""

    DATABASE_AWAY = "database_away"
    WRONG_SCHEMA = "wrong_schema"
    KAFKA_AWAY = "kafka_away"
    RELAY_LAG = "relay_lag"
    CONSUMER_LAG = "consumer_lag"
    PARKED_STREAMS = "parked_streams"
    MISSING_FACTS = "missing_facts"
    TIMERS_OVERDUE = "timers_overdue"
    BATCH_TRIED_AGAIN = "batch_tried_again"
    LOOP_FAILS = "loop_fails"
    LOOP_STANDS_STILL = "loop_stands_still"


NOT_READY = frozenset({Code.DATABASE_AWAY, Code.WRONG_SCHEMA})
"""Reasons for which a service cannot answer; with any other reason it answers commands and queries as usual."""


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong: a sentence without personal data, and the figures in it."""

    code: Code
    service: str
    says: str
    figures: Mapping[str, int | float]


@dataclass(frozen=True)
class CheckResult:
    """The result of the last check of the servers."""

    database: bool
    kafka: bool
    schema_fault: str | None = None
    figures: Figures | None = None
    """None if the database is unreachable, or its schema is another one."""


class Watched:
    """Checks one service and its servers; changes nothing."""

    def __init__(
        self,
        service: str,
        *,
        database: Database,
        kafka: Kafka,
        loops: Loops,
        shipped: Shipped,
        clock: Clock | None = None,
        appends: Callable[[], bool] = lambda: True,
    ) -> None:
        """`clock` is that of a service with an event log of its own; `appends` returns whether its append loops run."""
        self.service = service
        self.loops = loops
        self._database = database
        self._kafka = kafka
        self._shipped = shipped
        self._clock = clock
        self._appends = appends
        self._checking: asyncio.Task[CheckResult] | None = None
        self._checked_at = float("-inf")

    @property
    def live(self) -> bool:
        """Returns whether no loop is stalled. A loop that waits for a server or is restarted on errors is alive."""
        return self._appends() and not any(heartbeat.is_stalled for heartbeat in self.loops)

    async def check(self) -> CheckResult:
        """Checks the servers, at most once a second; callers at the same time share one check."""
        outdated = time.monotonic() > self._checked_at + AT_MOST_EVERY_SECONDS
        if self._checking is None or (self._checking.done() and outdated):
            self._checked_at = time.monotonic()
            self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(self._checking)

    async def _check(self) -> CheckResult:
        kafka, (database, schema_fault, figures) = await asyncio.gather(
            kafka_answers(self._kafka), self._ask_database()
        )
        return CheckResult(database, kafka, schema_fault, figures)

    async def _ask_database(self) -> tuple[bool, str | None, Figures | None]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.acquire() as connection:
                fault = mismatch(self.service, self._shipped, await found_revisions(connection, self._shipped))
                now = self._clock.now() if self._clock else None
                return True, fault, None if fault else await read_figures(connection, now)
        except (*DATABASE_AWAY, TimeoutError) as error:
            _log.warning("health_finds_no_database", service=self.service, error=repr(error))
            return False, None, None
        except asyncpg.PostgresError as error:
            _log.error("health_cannot_read_figures", service=self.service, error=repr(error))
            kind = type(error).__name__
            return True, f"The tables of {self.service} do not match what this release expects ({kind}).", None

    def reasons(self, result: CheckResult) -> list[Reason]:
        """Returns everything that is wrong; empty if nothing is."""
        return [*self._servers(result), *self._loops(), *self._facts(result.figures)]

    def _reason(self, code: Code, says: str, **figures: int | float) -> Reason:
        return Reason(code, self.service, says, figures)

    def _servers(self, result: CheckResult) -> list[Reason]:
        found: list[Reason] = []
        if not result.database:
            found.append(self._reason(Code.DATABASE_AWAY, "PostgreSQL does not answer."))
        if result.schema_fault:
            found.append(self._reason(Code.WRONG_SCHEMA, result.schema_fault))
        waited = max((one.waited_seconds for one in self.loops if one.awaited_server == "kafka"), default=0.0)
        if not result.kafka or waited >= WAITS_SECONDS:
            says = "Kafka does not answer: commands go on, and facts are neither published nor received."
            found.append(self._reason(Code.KAFKA_AWAY, says, seconds=round(waited, 1)))
        return found

    def _loops(self) -> list[Reason]:
        found: list[Reason] = []
        if not self._appends():
            found.append(self._reason(Code.LOOP_STANDS_STILL, "The loop that appends has ended."))
        for one in self.loops:
            if one.is_stalled:
                says = f"The loop {one.name} has reported nothing for {one.silent_seconds:.0f} s."
                found.append(self._reason(Code.LOOP_STANDS_STILL, says, seconds=round(one.silent_seconds, 1)))
            if one.retrying:
                says = f"The consumer {one.name} retries a batch after {one.failing}."
                found.append(self._reason(Code.BATCH_TRIED_AGAIN, says, attempts=one.retries))
            elif one.failing:
                says = f"The loop {one.name} fails with {one.failing} and is restarted."
                found.append(self._reason(Code.LOOP_FAILS, says, failures=one.failures))
            for topic, followed in one.topics.items():
                if followed.lag > CONSUMER_LAG_RECORDS:
                    says = f"The consumer {one.name} is {followed.lag:,} records behind on {topic}."
                    found.append(self._reason(Code.CONSUMER_LAG, says, records=followed.lag))
        return found

    def _facts(self, figures: Figures | None) -> list[Reason]:
        found: list[Reason] = []
        for source, facts in self.loops.missing.items():
            if facts:
                says = f"{source} has published {facts:,} facts that this service has not received."
                found.append(self._reason(Code.MISSING_FACTS, says, facts=facts))
        if figures is None:
            return found
        for reason, streams in figures.parked.items():
            says = f"{streams:,} streams are parked for the reason {reason}."
            found.append(self._reason(Code.PARKED_STREAMS, says, streams=streams))
        if (lag := figures.relay) and lag.seconds > RELAY_LAG_SECONDS:
            says = f"{lag.events:,} events wait to be published, the oldest for {lag.seconds:.0f} s."
            found.append(self._reason(Code.RELAY_LAG, says, events=lag.events, seconds=round(lag.seconds, 1)))
        if (late := figures.timers) and late.seconds > OVERDUE_SECONDS and late.timers:
            says = f"{late.timers:,} timers are overdue, the latest by {late.seconds:.0f} s; {late.failing:,} fail."
            values = {"timers": late.timers, "seconds": round(late.seconds, 1), "failing": late.failing}
            found.append(self._reason(Code.TIMERS_OVERDUE, says, **values))
        return found


async def kafka_answers(kafka: Kafka) -> bool:
    """Returns whether a broker accepts a new connection: an idle client does not notice that a server has ended."""
    identity = kafka.login.client() if kafka.login else {}
    for server in kafka.servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            async with asyncio.timeout(KAFKA_ANSWER_SECONDS):
                connection = await create_conn(host, int(port), client_id="aftale-health", **identity)
            connection.close()
        except (KafkaError, OSError, ValueError, TimeoutError):
            continue
        return True
    return False


async def check_all(services: Sequence[Watched]) -> list[tuple[Watched, CheckResult]]:
    """Checks all services of the process concurrently."""
    return list(zip(services, await asyncio.gather(*(one.check() for one in services)), strict=True))
