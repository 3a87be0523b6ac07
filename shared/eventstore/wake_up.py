"""Wakes the relay after an append: in this process, or, by NOTIFY, in another one of the service."""

import asyncio
from contextlib import suppress

import structlog

from shared.eventstore.database import Database

NOTIFY_EVERY = 0.005
"""Seconds, at least, from one notification to the next."""
_log = structlog.get_logger()
_NOTIFY = "select pg_notify($1, '')"


class WakeUp:
    """Wakes the relay directly if it runs in this process, and through PostgreSQL if it runs in another one.

    The append itself does not notify: PostgreSQL lets transactions that notify commit one after the other. A wake-up
    that is lost because a server was unreachable costs only a delay: the relay polls, too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.channel = f"{database.schema}.appended"
        self.relay_is_here = False
        self._signalled = asyncio.Event()
        self._to_notify = asyncio.Event()

    def signal(self) -> None:
        """Wakes the relay after an append, in this process or in another one."""
        self._signalled.set()
        if not self.relay_is_here:
            self._to_notify.set()

    def on_notify(self, *_: object) -> None:
        """Wakes the relay in this process when another process has notified this one."""
        self._signalled.set()

    def clear(self) -> None:
        """Resets the signal, before the log is read: a signal that comes meanwhile still ends the next wait."""
        self._signalled.clear()

    async def wait(self, seconds: float) -> None:
        """Waits until there was a signal since `clear`, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._signalled.wait()

    async def notify_others(self) -> None:
        """Notifies other processes after signals in this one, until cancelled."""
        while True:
            await self._to_notify.wait()
            self._to_notify.clear()
            try:
                async with self._database.acquire() as connection:
                    await connection.execute(_NOTIFY, self.channel)
            except Exception as error:  # the relay polls, too; the next notification is tried again
                _log.warning("wake_up_not_sent", channel=self.channel, error=repr(error))
            await asyncio.sleep(NOTIFY_EVERY)
