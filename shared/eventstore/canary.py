"""The canary of a service: a timer of no case that falls due each minute, so that a loop that fires nothing is seen.

It goes through the same table, claim and append as every other timer, and leaves nothing behind but its one row, which
is armed anew each time it fires: no event, no stream, nothing to publish.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from shared.eventstore.change import Change
from shared.eventstore.clock import Clock, VirtualClock
from shared.eventstore.database import Database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Metadata

STREAM = UUID(int=0)
"""The stream of no case: it has no events, so that no walk over the streams of a service finds it."""
NAME = "canary:minute"
EVERY = timedelta(minutes=1)

_ARM = "insert into timers (stream, name, due) values ($1, $2, $3) on conflict (stream, name) do nothing"
_REMOVE = "delete from timers where stream = $1 and name = $2"


class Canary:
    """Keeps the canary of a service armed, on a real clock.

    On a virtual one it is removed: the clock moves from timer to timer, and would stop at each of its minutes.
    """

    def __init__(self, database: Database, store: EventStore, clock: Clock, *, actor: str) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._actor = actor
        self._look_again = float("-inf")

    async def keep_armed(self) -> None:
        """Arms the canary where there is none; looks once in a minute. One that is late stays as it is, to be seen."""
        if time.monotonic() < self._look_again:
            return
        async with self._database.acquire() as connection:
            if isinstance(self._clock, VirtualClock):
                await connection.execute(_REMOVE, STREAM, NAME)
            else:
                await connection.execute(_ARM, STREAM, NAME, self._next())
        self._look_again = time.monotonic() + EVERY.total_seconds()

    async def fire(self) -> None:
        """Arms the next minute. Minutes that passed while nothing fired are not made up for: one late look tells it."""
        metadata = Metadata(command_id=uuid4(), actor=self._actor)
        if isinstance(self._clock, VirtualClock):
            await self._store.append(Change(metadata, cancel=((STREAM, NAME),)))
        else:
            await self._store.append(Change(metadata, arm=((STREAM, NAME, self._next()),)))

    def _next(self) -> datetime:
        return self._clock.now().replace(second=0, microsecond=0) + EVERY
