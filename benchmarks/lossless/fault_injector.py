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
from aiokafka.errors import KafkaError

from benchmarks.lossless import consumer_state, planted, topic
from benchmarks.lossless.consumer_state import CONSUMERS, Dump, NotDone
from benchmarks.lossless.faults import Fault, Kind, chosen
from benchmarks.lossless.full_disk import no_room
from benchmarks.lossless.hearer import PROJECTION
from benchmarks.lossless.troupe import Troupe
from benchmarks.lossless.writer import HOT, hot_stream
from deploy.local import processes
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from shared.eventstore.database import DATABASE_AWAY

_LOOK_EVERY_SECONDS = 0.1
_ATTEMPTS = 3
"""With a server that has much to recover, on a machine that has other work."""
_TRIES, _TRY_AGAIN_SECONDS = 20, 1.0
"""Of a fault that needs a server; one that finds none in all that time is left out, and not counted."""
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
class Chaos:
    """What befalls the processes, the servers and the log."""

    troupe: Troupe
    postgres: LocalPostgres
    kafka: LocalKafka
    folder: Path
    heads_are_compared: bool
    """Else nobody would notice what a topic that is made anew takes along, and the sources are asked here."""
    topic_generation: int = 0
    """How often the topic was made anew."""
    done: Counter[Kind] = field(default_factory=Counter)
    _postgres_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kafka_restarts: asyncio.Lock = field(default_factory=asyncio.Lock)
    _of_consumers: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time changes what a database and the topic say together: two at once could not be mended."""

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
                    happening.create_task(self.happens(coming.pop(0)))
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def happens(self, fault: Fault) -> None:
        """Until it has passed."""
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
            Kind.UNREADABLE: self._plant_a_batch,
            Kind.FULL_DISK: self._fill_the_disk,
            Kind.RIGHTS: self._take_rights_away,
            Kind.RESTORE: self._restore,
            Kind.POSITIONS_BACK: self._move_back,
            Kind.TOPIC_ANEW: self._make_the_topic_anew,
            Kind.POSITIONS_FORTH: self._move_forth,
            Kind.LAST_FACTS: self._forget_last_facts,
            Kind.EPOCH: self._plant_an_epoch,
        }
        for _ in range(_TRIES):
            begun = datetime.now(UTC)
            try:
                await faults[fault.kind](fault)
            except (asyncpg.PostgresError, KafkaError, NotDone, *DATABASE_AWAY):
                # Another fault has taken its server away, or cut it off: it happens again, once the server is back.
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            else:
                self.done[fault.kind] += 1
                with (self.folder / "faults.log").open("a") as diary:
                    print(f"{begun:%H:%M:%S.%f}", f"{datetime.now(UTC):%H:%M:%S.%f}", fault, file=diary)
                return

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

    async def _plant_a_batch(self, fault: Fault) -> None:
        async with self._connection() as connection:
            await planted.plant_batch(connection, self.kafka.bootstrap, fault)

    async def _plant_an_epoch(self, fault: Fault) -> None:
        stream = hot_stream(chosen(fault, range(HOT)))
        async with self._connection() as connection:
            await planted.plant_epoch(connection, self.kafka.bootstrap, fault, "offers", stream)

    async def _fill_the_disk(self, fault: Fault) -> None:
        """Servers that end for it are started once there is room again, as are processes."""
        async with self._postgres_restarts, self._kafka_restarts:
            servers = (self.postgres, self.kafka)
            running = [server.process.running() for server in servers]
            actors = [actor.process.pid for actor in self.troupe.actors if actor.process is not None]
            with no_room([*actors, *(process.pid for process in running if process is not None)]):
                await asyncio.sleep(fault.lasting)
            for server in servers:
                if server.process.running() is None:
                    await _until_it_runs(server)
                else:
                    await asyncio.to_thread(server.wait_until_ready)

    async def _take_rights_away(self, fault: Fault) -> None:
        schema = chosen(fault, list(CONSUMERS))
        async with self._of_consumers, consumer_state.without_rights(self.postgres.dsn, schema):
            await asyncio.sleep(fault.lasting)

    async def _restore(self, fault: Fault) -> None:
        """The projection's database goes back to what it was; one process that nobody knew of wakes up afterwards."""
        dump = Dump(self.postgres, self.folder / "dump")
        async with self._of_consumers:
            await dump.take(PROJECTION)
            await asyncio.sleep(fault.lasting)
            with self.troupe.hearers_down(but=chosen(fault, self.troupe.hearers)):
                await dump.put_back()

    async def _move_back(self, fault: Fault) -> None:
        async with self._connection() as connection:
            await consumer_state.move_back(connection, chosen(fault, list(CONSUMERS)))

    async def _move_forth(self, fault: Fault) -> None:
        async with self._connection() as connection:
            await consumer_state.move_forth(connection, self.kafka.bootstrap, chosen(fault, list(CONSUMERS)))

    async def _forget_last_facts(self, _: Fault) -> None:
        async with self._connection() as connection:
            await consumer_state.forget_last_facts(connection)

    async def _make_the_topic_anew(self, fault: Fault) -> None:
        """Nobody publishes meanwhile: what came after the last look at the topic would not be in the evidence.

        A hearer that does not publish goes on, if there is one, and loses the topic under its feet.
        """
        async with (
            self._of_consumers,
            self._postgres_restarts,
            self._kafka_restarts,
            self._connection() as connection,
        ):
            await self._silence(connection, fault)
            await topic.hear(self.kafka.bootstrap, connection, self.topic_generation)
            await topic.make_anew(self.kafka.bootstrap)
            self.topic_generation += 1
            await planted.forget_what_was_lost(connection, list(CONSUMERS))
            await planted.publish_again(connection, self.kafka.bootstrap, list(CONSUMERS))
            if not self.heads_are_compared:
                for source, consumer in consumer_state.FOLLOWED:
                    await connection.execute(_LACKING.format(source=source, consumer=consumer))

    async def _silence(self, connection: "asyncpg.Connection[asyncpg.Record]", fault: Fault) -> None:
        """No relay is active until the connection ends, which holds their locks."""
        for writer in self.troupe.writers:
            writer.end()
        first = chosen(fault, self.troupe.hearers)
        for hearer in sorted(self.troupe.hearers, key=lambda one: one is not first):
            hearer.end()
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
    await _until_it_runs(server)


async def _until_it_runs(server: LocalPostgres | LocalKafka) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await asyncio.to_thread(server.stop)  # what is left of it
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(server.wait_until_ready)
        except processes.UserError:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


async def _locked(connection: "asyncpg.Connection[asyncpg.Record]", lock: str) -> bool:
    """The server lets go of a lock a moment after the process that held it was killed."""
    for _ in range(_LOCK_ATTEMPTS):
        if await connection.fetchval(_RELAY_LOCK, lock):
            return True
        await asyncio.sleep(_LOCK_AGAIN_SECONDS)
    return False
