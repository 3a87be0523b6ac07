"""Lets the planned faults happen, beside each other: a process is killed while another is stopped and Kafka is away."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil

from benchmarks.lossless.faults import Fault, Kind, chosen
from benchmarks.lossless.troupe import Troupe
from benchmarks.lossless.writer import HOT, hot_stream
from deploy.local import processes
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from shared.eventstore.database import DATABASE_AWAY

_LOOK_EVERY_SECONDS = 0.1
_ATTEMPTS = 3
"""With a server that has much to recover, on a machine that has other work."""
_SOURCES = ("offers", "guidance")
_NEVER_THERE = """
insert into {source}.events select {source}.newest_position() + 1, gen_random_uuid(), 1, 1, gen_random_uuid(),
                                   'NeverThere', 1, '{{}}', null, '{{}}', now(), now()
"""


@dataclass
class Chaos:
    """What befalls the processes, the servers and the log."""

    troupe: Troupe
    postgres: LocalPostgres
    kafka: LocalKafka
    diary: Path
    """What happened from when to when (UTC)."""
    done: Counter[Kind] = field(default_factory=Counter)
    _postgres_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kafka_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def reign(self, faults: list[Fault], seconds: float) -> None:
        """For so long, and until the last fault has passed."""
        begun = asyncio.get_running_loop().time()
        coming = list(faults)
        async with asyncio.TaskGroup() as happening:
            while (now := asyncio.get_running_loop().time() - begun) < seconds:
                if not (
                    self._postgres_restarts.locked() or self._kafka_restarts.locked()
                ):  # a process that finds no server only ends again
                    self.troupe.keep_running()
                while coming and coming[0].at <= now:
                    happening.create_task(self._happens(coming.pop(0)))
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _happens(self, fault: Fault) -> None:
        faults: dict[Kind, Callable[[Fault], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.PAUSE: self._pause,
            Kind.POSTGRES_CRASH: self._postgres_away,
            Kind.POSTGRES_RESTART: self._postgres_away,
            Kind.KAFKA_CRASH: self._kafka_away,
            Kind.KAFKA_RESTART: self._kafka_away,
            Kind.DELAY: self._hold_the_log,
            Kind.ROLL_BACK: self._hold_the_log,
            Kind.PUBLISH_AGAIN: self._publish_again,
            Kind.OPEN_TRANSACTION: self._leave_a_transaction_open,
        }
        with suppress(asyncpg.PostgresError, *DATABASE_AWAY):  # it found PostgreSQL away: not counted
            begun = datetime.now(UTC)
            await faults[fault.kind](fault)
            self.done[fault.kind] += 1
            with self.diary.open("a") as diary:
                print(f"{begun:%H:%M:%S.%f}", f"{datetime.now(UTC):%H:%M:%S.%f}", fault, file=diary)

    async def _kill(self, fault: Fault) -> None:
        chosen(fault, self.troupe.actors).signal(signal.SIGKILL)

    async def _pause(self, fault: Fault) -> None:
        paused = chosen(fault, self.troupe.actors).process
        assert paused is not None
        paused.send_signal(signal.SIGSTOP)
        await asyncio.sleep(fault.lasting)
        paused.send_signal(signal.SIGCONT)

    async def _postgres_away(self, fault: Fault) -> None:
        # Immediate shutdown: what was not committed is gone, and recovery follows.
        async with self._postgres_restarts:
            await _away(self.postgres, signal.SIGQUIT if fault.kind is Kind.POSTGRES_CRASH else None, fault.lasting)

    async def _kafka_away(self, fault: Fault) -> None:
        async with self._kafka_restarts:
            await _away(self.kafka, signal.SIGKILL if fault.kind is Kind.KAFKA_CRASH else None, fault.lasting)

    async def _hold_the_log(self, fault: Fault) -> None:
        """All appends wait for a while; what a transaction wrote that gives it all up may not show."""
        source = chosen(fault, _SOURCES)
        async with self._connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"select epoch from {source}.log for update")
            if fault.kind is Kind.ROLL_BACK:
                await connection.execute(_NEVER_THERE.format(source=source))
            await asyncio.sleep(fault.lasting)
            await transaction.rollback()

    async def _publish_again(self, fault: Fault) -> None:
        """Messages come twice: a stream that was just written to is published again from its beginning."""
        async with self._connection() as connection:
            await connection.execute(
                "insert into offers.republications (stream, from_version) values ($1, 1)",
                hot_stream(chosen(fault, range(HOT))),
            )

    async def _leave_a_transaction_open(self, fault: Fault) -> None:
        """An unrelated writer that does not end, in this database or in another: nobody may wait for it."""
        database = chosen(fault, [self.postgres.dsn, self.postgres.dsn.rpartition("/")[0] + "/postgres"])
        async with self._connection(database) as connection, connection.transaction():
            await connection.execute("create table if not exists unrelated (written timestamptz)")
            await connection.execute("insert into unrelated values (now())")
            await asyncio.sleep(fault.lasting)

    @asynccontextmanager
    async def _connection(self, dsn: str | None = None) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(dsn or self.postgres.dsn)
        try:
            yield connection
        finally:
            with suppress(Exception):  # a connection that was cut cannot be closed politely
                await connection.close(timeout=1)


async def _away(server: LocalPostgres | LocalKafka, crash: signal.Signals | None, seconds: float) -> None:
    process = server.process.running()
    if crash is not None and process is not None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(crash)
    else:
        await asyncio.to_thread(server.stop)
    await asyncio.sleep(seconds)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await asyncio.to_thread(server.stop)  # what is left of it
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(server.wait_until_ready)
        except processes.Fault:
            if attempt == _ATTEMPTS:
                raise
        else:
            return
