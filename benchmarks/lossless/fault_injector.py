"""Injects the planned faults, also concurrently: a process is killed while another is paused and Kafka is down."""

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
from aiokafka.errors import KafkaError

from benchmarks.lossless import consumer_state, planted, topic
from benchmarks.lossless.consumer import PROJECTION
from benchmarks.lossless.consumer_state import CONSUMERS, Dump, DumpFailed
from benchmarks.lossless.faults import InjectedFault, Kind, pick
from benchmarks.lossless.full_disk import no_room
from benchmarks.lossless.process_group import ProcessGroup
from benchmarks.lossless.writer import HOT, hot_stream
from deploy.local import processes
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from shared.eventstore.database import DATABASE_AWAY

_LOOK_EVERY_SECONDS = 0.1
_ATTEMPTS = 3
"""Attempts to start a server that may have much to recover, on a busy machine."""
_TRIES, _TRY_AGAIN_SECONDS = 20, 1.0
"""Attempts to inject a fault that needs a server. If all fail, the fault is left out and not counted."""
_SOURCES = ("offers", "guidance")
_LACKING = """
insert into {source}.republications (stream, from_version)
select s.id, coalesce(i.version, 0) + 1
from {source}.streams s left join {consumer}.inbox i on i.source = '{source}' and i.stream = s.id
where coalesce(i.version, 0) < s.version
"""
_RELAY_LOCK = "select pg_try_advisory_lock(hashtext($1))"
_LOCK_AGAIN_SECONDS = 0.05
_LOCK_ATTEMPTS = 20
_NEVER_THERE = """
insert into {source}.events select {source}.newest_position() + 1, gen_random_uuid(), 1, 1, gen_random_uuid(),
                                   'NeverThere', 1, '{{}}', null, '{{}}', now(), now()
"""


@dataclass
class FaultInjector:
    """Injects faults into the processes, the servers and the log."""

    group: ProcessGroup
    postgres: LocalPostgres
    kafka: LocalKafka
    folder: Path
    heads_are_compared: bool
    """If false, nobody would notice what a deleted topic loses, so the sources are asked to publish it."""
    topic_generation: int = 0
    """How often the topic was created again."""
    done: Counter[Kind] = field(default_factory=Counter)
    _postgres_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kafka_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)
    _consumer_state_changes: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Serialises faults that make a database and the topic disagree: two at once could not be corrected."""

    async def run(self, faults: list[InjectedFault], seconds: float) -> None:
        """Injects the faults for `seconds`, restarts processes that ended, and waits for the last fault to end."""
        begun = asyncio.get_running_loop().time()
        coming = list(faults)
        async with asyncio.TaskGroup() as happening:
            while (now := asyncio.get_running_loop().time() - begun) < seconds:
                if not (
                    self._postgres_restarts.locked() or self._kafka_restarts.locked()
                ):  # without a server a process would only end again
                    self.group.keep_running()
                while coming and coming[0].at <= now:
                    happening.create_task(self.inject(coming.pop(0)))
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def inject(self, fault: InjectedFault) -> None:
        """Injects a fault and waits until it has ended; retries it if its server is down."""
        faults: dict[Kind, Callable[[InjectedFault], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.PAUSE: self._pause,
            Kind.POSTGRES_CRASH: self._stop_postgres,
            Kind.POSTGRES_RESTART: self._stop_postgres,
            Kind.KAFKA_CRASH: self._stop_kafka,
            Kind.KAFKA_RESTART: self._stop_kafka,
            Kind.DELAY: self._block_appends,
            Kind.ROLL_BACK: self._block_appends,
            Kind.PUBLISH_AGAIN: self._publish_again,
            Kind.OPEN_TRANSACTION: self._leave_a_transaction_open,
            Kind.UNREADABLE: self._plant_a_batch,
            Kind.FULL_DISK: self._fill_the_disk,
            Kind.PERMISSIONS: self._revoke_permissions,
            Kind.RESTORE: self._restore,
            Kind.POSITIONS_BACK: self._move_back,
            Kind.TOPIC_RECREATED: self._recreate_the_topic,
            Kind.POSITIONS_FORWARD: self._move_forward,
            Kind.LAST_FACTS: self._forget_last_facts,
            Kind.EPOCH: self._plant_an_epoch,
        }
        for _ in range(_TRIES):
            begun = datetime.now(UTC)
            try:
                await faults[fault.kind](fault)
            except (asyncpg.PostgresError, KafkaError, DumpFailed, *DATABASE_AWAY):
                # Another fault has stopped its server or cut the connection: it is retried.
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            else:
                self.done[fault.kind] += 1
                with (self.folder / "faults.log").open("a") as log:
                    print(f"{begun:%H:%M:%S.%f}", f"{datetime.now(UTC):%H:%M:%S.%f}", fault, file=log)
                return

    async def _kill(self, fault: InjectedFault) -> None:
        pick(fault, self.group.processes).signal(signal.SIGKILL)

    async def _pause(self, fault: InjectedFault) -> None:
        paused = pick(fault, self.group.processes).popen
        assert paused is not None
        paused.send_signal(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        paused.send_signal(signal.SIGCONT)

    async def _stop_postgres(self, fault: InjectedFault) -> None:
        # Immediate shutdown: uncommitted work is lost, and PostgreSQL recovers at its start.
        async with self._postgres_restarts:
            await _stop_for(self.postgres, signal.SIGQUIT if fault.kind is Kind.POSTGRES_CRASH else None, fault.seconds)

    async def _stop_kafka(self, fault: InjectedFault) -> None:
        async with self._kafka_restarts:
            await _stop_for(self.kafka, signal.SIGKILL if fault.kind is Kind.KAFKA_CRASH else None, fault.seconds)

    async def _block_appends(self, fault: InjectedFault) -> None:
        """Blocks all appends for a while by locking the log row.

        For ROLL_BACK it also inserts an event and rolls back: that event must never become visible.
        """
        source = pick(fault, _SOURCES)
        async with self._connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"select epoch from {source}.log for update")
            if fault.kind is Kind.ROLL_BACK:
                await connection.execute(_NEVER_THERE.format(source=source))
            await asyncio.sleep(fault.seconds)
            await transaction.rollback()

    async def _publish_again(self, fault: InjectedFault) -> None:
        """Publishes a hot stream again from its beginning, which causes duplicates."""
        async with self._connection() as connection:
            await connection.execute(
                "insert into offers.republications (stream, from_version) values ($1, 1)",
                hot_stream(pick(fault, range(HOT))),
            )

    async def _leave_a_transaction_open(self, fault: InjectedFault) -> None:
        """Keeps an unrelated write transaction open, in this database or another: nobody may wait for it."""
        database = pick(fault, [self.postgres.dsn, self.postgres.dsn.rpartition("/")[0] + "/postgres"])
        async with self._connection(database) as connection, connection.transaction():
            await connection.execute("create table if not exists unrelated (written timestamptz)")
            await connection.execute("insert into unrelated values (now())")
            await asyncio.sleep(fault.seconds)

    async def _plant_a_batch(self, fault: InjectedFault) -> None:
        async with self._connection() as connection:
            await planted.plant_batch(connection, self.kafka.bootstrap, fault)

    async def _plant_an_epoch(self, fault: InjectedFault) -> None:
        stream = hot_stream(pick(fault, range(HOT)))
        async with self._connection() as connection:
            await planted.plant_epoch(connection, self.kafka.bootstrap, fault, "offers", stream)

    async def _fill_the_disk(self, fault: InjectedFault) -> None:
        """Simulates a full disk, then starts servers that ended because of it; ended processes are restarted, too."""
        async with self._postgres_restarts, self._kafka_restarts:
            servers = (self.postgres, self.kafka)
            running = [server.process.running() for server in servers]
            pids = [process.popen.pid for process in self.group.processes if process.popen is not None]
            with no_room([*pids, *(process.pid for process in running if process is not None)]):
                await asyncio.sleep(fault.seconds)
            for server in servers:
                if server.process.running() is None:
                    await _until_it_runs(server)
                else:
                    await asyncio.to_thread(server.wait_until_ready)

    async def _revoke_permissions(self, fault: InjectedFault) -> None:
        schema = pick(fault, list(CONSUMERS))
        async with self._consumer_state_changes, consumer_state.without_permissions(self.postgres.dsn, schema):
            await asyncio.sleep(fault.seconds)

    async def _restore(self, fault: InjectedFault) -> None:
        """Restores the projection's database while its processes are stopped, except one that is paused and resumes."""
        dump = Dump(self.postgres, self.folder / "dump")
        async with self._consumer_state_changes:
            await dump.take(PROJECTION)
            await asyncio.sleep(fault.seconds)
            with self.group.consumers_stopped(paused=pick(fault, self.group.consumers)):
                await dump.put_back()

    async def _move_back(self, fault: InjectedFault) -> None:
        async with self._connection() as connection:
            await consumer_state.move_back(connection, pick(fault, list(CONSUMERS)))

    async def _move_forward(self, fault: InjectedFault) -> None:
        async with self._connection() as connection:
            await consumer_state.move_forward(connection, self.kafka.bootstrap, pick(fault, list(CONSUMERS)))

    async def _forget_last_facts(self, _: InjectedFault) -> None:
        async with self._connection() as connection:
            await consumer_state.forget_last_facts(connection)

    async def _recreate_the_topic(self, fault: InjectedFault) -> None:
        """Deletes and creates the topic, while nobody publishes: later records would be missing in the evidence.

        A consumer that does not publish keeps running, if there is one, and loses the topic while it reads.
        """
        async with (
            self._consumer_state_changes,
            self._postgres_restarts,
            self._kafka_restarts,
            self._connection() as connection,
        ):
            await self._stop_publishing(connection, fault)
            await topic.record_messages(self.kafka.bootstrap, connection, self.topic_generation)
            await topic.recreate(self.kafka.bootstrap)
            self.topic_generation += 1
            await planted.forget_what_was_lost(connection, list(CONSUMERS))
            await planted.publish_again(connection, self.kafka.bootstrap, list(CONSUMERS))
            if not self.heads_are_compared:
                for source, consumer in consumer_state.FOLLOWED:
                    await connection.execute(_LACKING.format(source=source, consumer=consumer))

    async def _stop_publishing(self, connection: "asyncpg.Connection[asyncpg.Record]", fault: InjectedFault) -> None:
        """Ends publishing processes and takes the relays' locks, so that none publishes until the connection ends."""
        for writer in self.group.writers:
            writer.end()
        first = pick(fault, self.group.consumers)
        for consumer in sorted(self.group.consumers, key=lambda one: one is not first):
            consumer.end()
            if await _locked(connection, "relay.guidance"):
                break
        while not await _locked(connection, "relay.offers"):
            pass

    @asynccontextmanager
    async def _connection(self, dsn: str | None = None) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(dsn or self.postgres.dsn)
        try:
            yield connection
        finally:
            with suppress(Exception):  # a broken connection cannot be closed properly
                await connection.close(timeout=1)


async def _stop_for(server: LocalPostgres | LocalKafka, crash: signal.Signals | None, seconds: float) -> None:
    process = server.process.running()
    if crash is not None and process is not None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(crash)
    else:
        await asyncio.to_thread(server.stop)
    await asyncio.sleep(seconds)
    await _until_it_runs(server)


async def _until_it_runs(server: LocalPostgres | LocalKafka) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await asyncio.to_thread(server.stop)  # ends what is left of a crashed server
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(server.wait_until_ready)
        except processes.UserError:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


async def _locked(connection: "asyncpg.Connection[asyncpg.Record]", lock: str) -> bool:
    """Tries to take a lock; the server releases it a moment after the process that held it was killed."""
    for _ in range(_LOCK_ATTEMPTS):
        if await connection.fetchval(_RELAY_LOCK, lock):
            return True
        await asyncio.sleep(_LOCK_AGAIN_SECONDS)
    return False
