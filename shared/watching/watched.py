"""One service of this process as operators watch it: what is wrong, by code and with figures."""

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
"""Who asks more often gets what was read last: nobody needs a token to ask, and asking must not become a load."""
ANSWER_SECONDS = 5.0
"""A database that has not answered by then is away."""
KAFKA_ANSWER_SECONDS = 2.0
WAITS_SECONDS = 5.0
"""How long a loop must have waited for a server before that is told: each acknowledgement is waited for a little."""
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
"""With any other reason commands and questions are answered as ever."""


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong: a sentence without a name or a text of anybody, and the figures in it."""

    code: Code
    service: str
    says: str
    figures: Mapping[str, int | float]


@dataclass(frozen=True)
class Look:
    """What was found when the servers were last asked."""

    database: bool
    kafka: bool
    schema_fault: str | None = None
    figures: Figures | None = None
    """None where the database is away, or its schema is another one."""


class Watched:
    """Reads what others report; changes nothing."""

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
        """`clock` is that of a service with a log of its own; `appends` says whether its committers live."""
        self.service = service
        self.loops = loops
        self._database = database
        self._kafka = kafka
        self._shipped = shipped
        self._clock = clock
        self._appends = appends
        self._asking: asyncio.Task[Look] | None = None
        self._asked_at = float("-inf")

    @property
    def live(self) -> bool:
        """Whether every loop turns. One that waits for a server, or fails and starts again, turns."""
        return self._appends() and not any(pulse.still for pulse in self.loops)

    async def look(self) -> Look:
        """Ask the servers; together with all who ask at the same time, and once a second at most."""
        if self._asking is None or (self._asking.done() and time.monotonic() > self._asked_at + AT_MOST_EVERY_SECONDS):
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._look())
        return await asyncio.shield(self._asking)

    async def _look(self) -> Look:
        kafka, (database, schema_fault, figures) = await asyncio.gather(
            kafka_answers(self._kafka), self._ask_database()
        )
        return Look(database, kafka, schema_fault, figures)

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
            return True, f"The tables of {self.service} do not read as this release expects ({kind}).", None

    def reasons(self, look: Look) -> list[Reason]:
        """Everything that is wrong; empty where nothing is."""
        return [*self._servers(look), *self._loops(), *self._facts(look.figures)]

    def _reason(self, code: Code, says: str, **figures: int | float) -> Reason:
        return Reason(code, self.service, says, figures)

    def _servers(self, look: Look) -> list[Reason]:
        found: list[Reason] = []
        if not look.database:
            found.append(self._reason(Code.DATABASE_AWAY, "PostgreSQL does not answer."))
        if look.schema_fault:
            found.append(self._reason(Code.WRONG_SCHEMA, look.schema_fault))
        waited = max((one.waited_seconds for one in self.loops if one.waiting_for == "kafka"), default=0.0)
        if not look.kafka or waited >= WAITS_SECONDS:
            says = "Kafka does not answer: commands go on, and facts are neither published nor taken."
            found.append(self._reason(Code.KAFKA_AWAY, says, seconds=round(waited, 1)))
        return found

    def _loops(self) -> list[Reason]:
        found: list[Reason] = []
        if not self._appends():
            found.append(self._reason(Code.LOOP_STANDS_STILL, "The loop that appends has ended."))
        for one in self.loops:
            if one.still:
                says = f"The loop {one.name} has not turned for {one.silent_seconds:.0f} s."
                found.append(self._reason(Code.LOOP_STANDS_STILL, says, seconds=round(one.silent_seconds, 1)))
            if one.trying_again:
                says = f"The consumer {one.name} tries a batch again after {one.failing}."
                found.append(self._reason(Code.BATCH_TRIED_AGAIN, says, attempts=one.tried_again))
            elif one.failing:
                says = f"The loop {one.name} fails with {one.failing} and starts again."
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
                says = f"{facts:,} facts that {source} tells of have not come."
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
    """Whether one of the brokers greets. By a connection of its own: an idle client does not notice a server's end."""
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


async def look_at_all(services: Sequence[Watched]) -> list[tuple[Watched, Look]]:
    """All services of the process, at the same time."""
    return list(zip(services, await asyncio.gather(*(one.look() for one in services)), strict=True))
