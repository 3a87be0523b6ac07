"""That a log has grown: told to the relay of the service at once, in whichever of its processes that runs."""

import asyncio
from contextlib import suppress

import structlog

from shared.eventstore.database import Database

PASSED_ON_EVERY = 0.005
"""Seconds, at least, from one word to other processes to the next."""
_log = structlog.get_logger()
_TELL = "select pg_notify($1, '')"


class News:
    """Told to this process directly, and to others through PostgreSQL.

    Not by the append itself: PostgreSQL lets transactions that tell commit one after the other. What is not heard,
    because a server was away, the relay finds when it looks by itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.channel = f"{database.schema}.appended"
        self.relay_is_here = False
        self._here = asyncio.Event()
        self._to_pass_on = asyncio.Event()

    def tell(self) -> None:
        """After an append."""
        self._here.set()
        if not self.relay_is_here:
            self._to_pass_on.set()

    def hear(self, *_: object) -> None:
        """From another process."""
        self._here.set()

    def forget(self) -> None:
        """Before looking: what is told from now on ends the next wait."""
        self._here.clear()

    async def wait(self, seconds: float) -> None:
        """Until something is told since `forget`, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._here.wait()

    async def pass_on(self) -> None:
        """Tell other processes what is told here, until cancelled."""
        while True:
            await self._to_pass_on.wait()
            self._to_pass_on.clear()
            try:
                async with self._database.acquire() as connection:
                    await connection.execute(_TELL, self.channel)
            except Exception as error:  # the relay looks by itself too; the next word is tried again
                _log.warning("news_not_passed_on", channel=self.channel, error=repr(error))
            await asyncio.sleep(PASSED_ON_EVERY)
