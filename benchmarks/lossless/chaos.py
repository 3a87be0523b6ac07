"""What goes wrong, when and for how long: drawn from a seed, so that a run's choices can be repeated."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg

from benchmarks.lossless.troupe import Troupe
from benchmarks.lossless.writer import HOT_STREAMS
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres

_SERVER_DOWN_SECONDS = (0.2, 3.0)
_PAUSE_SECONDS = (0.5, 12.0)
"""Longer than leases of group members are: a paused relay or consumer wakes up to find another in its place."""
_LOCK_SECONDS = (0.1, 1.5)
_BETWEEN_SECONDS = (0.3, 2.0)


@dataclass
class Chaos:
    """Does one thing after the other until the time is up."""

    random: Random
    troupe: Troupe
    postgres: LocalPostgres
    kafka: LocalKafka
    done: Counter[str] = field(default_factory=Counter)
    _open: list[Any] = field(default_factory=list)

    async def reign(self, seconds: float) -> None:
        """For so long."""
        faults: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (6, self._kill_somebody),
            (4, self._pause_somebody),
            (1, self._crash_postgres),
            (1, self._restart_postgres),
            (1, self._crash_kafka),
            (5, self._roll_back_under_the_lock),
            (5, self._publish_again),
            (2, self._leave_a_transaction_open),
        ]
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            self.troupe.keep_running()
            await asyncio.sleep(self.random.uniform(*_BETWEEN_SECONDS))
            (fault,) = self.random.choices([one for _, one in faults], [weight for weight, _ in faults])
            self.done[fault.__name__.strip("_").replace("_", " ")] += 1
            await fault()
        for connection in self._open:
            with suppress(Exception):
                await connection.close(timeout=1)
        self.troupe.keep_running()

    async def _kill_somebody(self) -> None:
        self.troupe.anybody(self.random).signal(signal.SIGKILL)

    async def _pause_somebody(self) -> None:
        actor = self.troupe.anybody(self.random)
        actor.signal(signal.SIGSTOP)
        await asyncio.sleep(self.random.uniform(*_PAUSE_SECONDS))
        actor.signal(signal.SIGCONT)

    async def _crash_postgres(self) -> None:
        process = self.postgres.process.running()
        assert process is not None
        process.send_signal(signal.SIGQUIT)  # immediate: what was not committed is gone, recovery follows
        await self._back(self.postgres)

    async def _restart_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.stop)
        await self._back(self.postgres)

    async def _crash_kafka(self) -> None:
        process = self.kafka.process.running()
        assert process is not None
        process.send_signal(signal.SIGKILL)
        await self._back(self.kafka)

    async def _back(self, server: LocalPostgres | LocalKafka) -> None:
        await asyncio.sleep(self.random.uniform(*_SERVER_DOWN_SECONDS))
        await asyncio.to_thread(server.stop)  # what is left of it
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.wait_until_ready)

    async def _roll_back_under_the_lock(self) -> None:
        """A transaction that holds the ordering lock, writes, and gives it all up: nothing of it may show."""
        with suppress(asyncpg.PostgresError, OSError):
            connection = await asyncpg.connect(self.postgres.dsn)
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("select position from offers.log for update")
            await connection.execute("update offers.log set position = position + 1000")
            await asyncio.sleep(self.random.uniform(*_LOCK_SECONDS))
            await transaction.rollback()
            await connection.close()

    async def _publish_again(self) -> None:
        """Messages come twice: a stream is published again from somewhere."""
        with suppress(asyncpg.PostgresError, OSError):
            connection = await asyncpg.connect(self.postgres.dsn)
            await connection.execute(
                "insert into offers.republications (stream, from_version) values ($1, $2)",
                self.random.choice(HOT_STREAMS),
                self.random.randint(1, 50),
            )
            await connection.close()

    async def _leave_a_transaction_open(self) -> None:
        """An unrelated writer that does not end, in this database or in another: nobody may wait for it."""
        with suppress(asyncpg.PostgresError, OSError):
            database = self.random.choice([self.postgres.dsn, self.postgres.dsn.rpartition("/")[0] + "/postgres"])
            connection = await asyncpg.connect(database)
            await connection.execute("create table if not exists unrelated (written timestamptz)")
            await connection.transaction().start()
            await connection.execute("insert into unrelated values (now())")
            self._open.append(connection)
