"""The check at a start: a service consumes, fires timers and answers once it has all that it has ever published."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

import structlog
from aiokafka.errors import KafkaError

from shared.eventstore.database import DATABASE_AWAY, Database
from shared.eventstore.personal_data_erasure import Erasures
from shared.messaging.bus import CONNECT_AGAIN_SECONDS, CONNECT_SECONDS
from shared.messaging.recovery_from_kafka import Recovery
from shared.tasks import end_tasks
from shared.telemetry.loops import Heartbeat

KEEP_CHECKED_SECONDS = 60.0
"""Seconds between two notes of how far Kafka has come: a start has to read at most what was published in between."""
_log = structlog.get_logger()


class StartCheck:
    """Holds back what a service does until the facts that it published have been checked.

    If Kafka is unreachable, a service that was not just restored meanwhile answers and fires timers, because its
    commands need no Kafka; it publishes and consumes nothing before the check. A restored service waits with
    everything.
    """

    def __init__(self, recovery: Recovery, erasures: Erasures, database: Database) -> None:
        self._recovery = recovery
        self._erasures = erasures
        self._database = database
        self.checked = asyncio.Event()
        """Set once all that was published is recorded here, or known to be unrecoverable."""
        self.may_act = asyncio.Event()
        """Set once commands may be answered and timers may fire."""

    @asynccontextmanager
    async def under_way(self, *, keep_checked: bool) -> AsyncIterator[None]:
        """Checks in the background while the body runs, after carrying out erasures again.

        The body starts once commands may be answered, or after ten seconds. With `keep_checked`, records from time to
        time how far Kafka has come.
        """
        await self._erasures.carry_out_again(self._database)
        checking = asyncio.create_task(self._check(keep_checked=keep_checked))
        known = asyncio.create_task(self.may_act.wait())
        try:
            await asyncio.wait([checking, known], timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            yield
        finally:
            await end_tasks([checking, known])

    @asynccontextmanager
    async def once_checked(self, begin: Callable[[], AbstractAsyncContextManager[None]]) -> AsyncIterator[None]:
        """Enters a context once the service is checked: at once, or in the background while the body runs."""
        async with AsyncExitStack() as stack:
            if self.checked.is_set():
                await stack.enter_async_context(begin())
                yield
                return
            waiting = asyncio.create_task(self._begin_later(begin))
            try:
                yield
            finally:
                await end_tasks([waiting])

    async def _begin_later(self, begin: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        await self.checked.wait()
        async with begin():
            await asyncio.Event().wait()

    async def _check(self, *, keep_checked: bool) -> None:
        while not self.checked.is_set():
            try:
                await self._recovery.run()
            except (*DATABASE_AWAY, KafkaError) as error:
                _log.warning("own_facts_wait_to_be_checked", source=self._database.schema, error=repr(error))
                await self._act_unless_restored()
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
            except Exception as error:  # nobody foresaw it: nothing is consumed or published without the check
                _log.error("own_facts_not_checked", source=self._database.schema, error=repr(error), exc_info=True)
                await self._act_unless_restored()
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
            else:
                self.checked.set()
                self.may_act.set()
        while keep_checked:
            await asyncio.sleep(KEEP_CHECKED_SECONDS)
            try:
                await self._recovery.keep_checked()
            except (*DATABASE_AWAY, KafkaError) as error:  # only the next start has more to read
                _log.info("own_facts_not_kept_checked", source=self._database.schema, error=repr(error))
            except Exception as error:
                _log.error("own_facts_not_kept_checked", source=self._database.schema, error=repr(error), exc_info=True)

    async def _act_unless_restored(self) -> None:
        with suppress(*DATABASE_AWAY):
            if not await self._recovery.restored_unchecked():
                self.may_act.set()


def after(
    event: asyncio.Event, loop: Callable[[], Awaitable[None]], heartbeat: Heartbeat
) -> Callable[[], Awaitable[None]]:
    """Returns a loop that starts once the event is set, and reports until then that it waits for Kafka."""

    async def wait_and_run() -> None:
        while not event.is_set():
            heartbeat.waiting_for("kafka")
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_AGAIN_SECONDS):
                    await event.wait()
        await loop()

    return wait_and_run
