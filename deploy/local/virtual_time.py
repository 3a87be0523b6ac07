"""Moves the virtual clock, to the next due timer or over the timers of a day, once all facts have been processed."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic

import asyncpg

from deploy.local.progress_wait import ProgressWait
from deploy.local.settings import EVENT_SOURCED as SOURCES
from deploy.local.settings import SERVICES as CONSUMERS
from shared.contracts import people
from shared.deadlines.copenhagen import end_of, local_day
from shared.eventstore.clock import VirtualClock

_LAST_OF_A_DAY = timedelta(seconds=1)
"""From where a jump ends to the midnight after it, at which the next day's timers fall due."""
_PAUSE_SECONDS = 0.01
_LOOKS_PER_SIGN = 100
"""Number of cheap lag checks per progress check. The progress check reads every inbox and is therefore done less
often."""

_NAMED = {source: f"'{source}'" for source in SOURCES} | {"control": f"'control', '{people.SOURCE}'"}
"""The sources under which each service publishes its log, as a list in SQL."""
_BEHIND = " + ".join(
    f"""(select count(*) from {source}.streams s
         where not exists (select from {consumer}.inbox i
                           where i.source in ({named}) and i.stream = s.id and i.version >= s.version))"""
    for source, named in _NAMED.items()
    for consumer in CONSUMERS
    if source not in (consumer, "notices")  # nobody hears what notices told
)
_DUE = " + ".join(f"(select count(*) from {source}.timers where due <= $1)" for source in SOURCES)
_LEFT = f"select {_BEHIND}, {_DUE}"
_NEXT = "select least({})".format(", ".join(f"(select min(due) from {source}.timers)" for source in SOURCES))
_TAKEN = "select array[{}, {}]".format(
    ", ".join(f"(select coalesce(sum(version), 0) from {consumer}.inbox)" for consumer in CONSUMERS),
    ", ".join(f"(select coalesce(sum(version), 0) from {source}.streams)" for source in SOURCES),
)
"""Grows with every fact that is processed or recorded; it does not change while something only fails and is retried."""
_PARKED = " union all ".join(
    f"select '{consumer}' as at, source, stream, reason, detail from {consumer}.parked" for consumer in CONSUMERS
)


class NotTaken(Exception):
    """Something was not processed in time; the text says what waits and where."""


class VirtualTime:
    """Moves the clock of a state folder, and waits on the databases of its services."""

    def __init__(self, clock: VirtualClock, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.clock = clock
        self._connection = connection

    async def advance_to(self, instant: datetime) -> None:
        """Moves the clock to an instant, and stops at every timer on the way. An instant in the past only settles."""
        while True:
            await self.settle()
            due = await self._connection.fetchval(_NEXT)
            if due is None or due > instant:
                break
            self.clock.move_to(max(due, self.clock.now()))
        if instant > self.clock.now():
            self.clock.move_to(instant)
            await self.settle()

    async def advance_by_days(self, instant: datetime) -> None:
        """Moves the clock to an instant, with one stop at the end of each day of Copenhagen that has a timer.

        Each timer on the way is judged by its own due time, and those of one agreement fire in the order of due times.
        Facts that follow in other services carry the end of that day. A stop at every timer costs about 0.1 s, too
        much for a year of thousands of agreements.
        """
        while True:
            await self.settle()
            self.clock.move_to(self.clock.now())
            due = await self._connection.fetchval(_NEXT)
            if due is None or due > instant:
                break
            end_of_day = end_of(local_day(max(due, self.clock.now()))) - _LAST_OF_A_DAY
            self.clock.jump_to(min(max(end_of_day, due), instant))  # a timer can fall due in the last second
        if instant > self.clock.now():
            self.clock.move_to(instant)
            await self.settle()

    async def settle(self) -> None:
        """Waits until all facts are processed and no timer is due. Raises NotTaken if there is no progress."""
        wait = ProgressWait("Taking everything that was published")
        looks, taken = 0, None
        while True:
            begun = monotonic()
            due, behind = await self._connection.fetchval(f"select {_DUE}", self.clock.now()), None
            if not due:  # asked in one statement: what is processed between two can arm a timer that is due
                behind, due = await self._connection.fetchrow(_LEFT, self.clock.now()) or (1, 1)
            if not behind and not due:
                return
            if looks % _LOOKS_PER_SIGN == _LOOKS_PER_SIGN - 1:
                taken = await self._connection.fetchval(_TAKEN)
            looks += 1
            if not wait.keep_waiting((behind, due, taken)):
                parked = [dict(row) for row in await self._connection.fetch(_PARKED)]
                still = f"no progress for {wait.still_seconds:.0f} s"
                waits = f"{due} timers are due" if due else f"{behind} streams are not processed"
                raise NotTaken(f"{waits}, {still}; parked: {parked}")
            await asyncio.sleep(max(_PAUSE_SECONDS, monotonic() - begun))  # with many cases a look takes a while
