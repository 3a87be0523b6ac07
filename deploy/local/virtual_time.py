"""Move the virtual clock: no further than to the next due timer, and only when everything has been taken."""

import asyncio
import time
from datetime import datetime

import asyncpg

from shared.eventstore.clock import VirtualClock

SOURCES = ("offers", "guidance", "control")
CONSUMERS = ("offers", "guidance", "control", "reporting")
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01

_BEHIND = " + ".join(
    f"""(select count(*) from {source}.streams s
         left join {consumer}.inbox i on i.source = '{source}' and i.stream = s.id
         where coalesce(i.version, 0) < s.version)"""
    for source in SOURCES
    for consumer in CONSUMERS
    if source != consumer
)
_DUE = " + ".join(f"(select count(*) from {source}.timers where due <= $1)" for source in SOURCES)
_NEXT = "select least({})".format(", ".join(f"(select min(due) from {source}.timers)" for source in SOURCES))
_PARKED = " union all ".join(
    f"select '{consumer}' as at, source, stream, reason, detail from {consumer}.parked" for consumer in CONSUMERS
)


class NotTaken(Exception):
    """Something was not taken in time; says what waits where."""


class VirtualTime:
    """Drives the clock of a state folder against the databases of its services."""

    def __init__(self, clock: VirtualClock, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.clock = clock
        self._connection = connection

    async def advance_to(self, instant: datetime) -> None:
        """Let time pass up to an instant, stopping at every timer on the way. An instant in the past only settles."""
        while True:
            await self.settle()
            due = await self._connection.fetchval(_NEXT)
            if due is None or due > instant:
                break
            self.clock.move_to(max(due, self.clock.now()))
        if instant > self.clock.now():
            self.clock.move_to(instant)
            await self.settle()

    async def settle(self) -> None:
        """Wait until every fact has been taken by everyone and no timer is due. Raises NotTaken."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            behind, due = await self._connection.fetchrow(f"select {_BEHIND}, {_DUE}", self.clock.now()) or (1, 1)
            if not behind and not due:
                return
            if time.monotonic() > until:
                parked = [dict(row) for row in await self._connection.fetch(_PARKED)]
                raise NotTaken(f"{behind} streams are not taken and {due} timers due; parked: {parked}")
            await asyncio.sleep(_PAUSE_SECONDS)
