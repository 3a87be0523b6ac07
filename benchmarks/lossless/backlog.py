"""Watches how far relays and consumers are behind the logs, and makes callers wait while the lag is too large."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from shared.eventstore.database import DATABASE_AWAY

_LOOK_EVERY_SECONDS = 3.0
_TELL_EVERY_SECONDS = 60.0
_HOLD_ABOVE, _GO_ON_BELOW = 40_000, 20_000
"""Lags above which callers must wait and below which they continue: events to publish, or facts to process."""
_EVENTS_AND_TAKEN = """
select o + g,
       least((select coalesce(sum(facts), 0) from control.projected),
             (select coalesce(sum(version), 0) from guidance.inbox) + g)::bigint
from offers.newest_position() o, guidance.newest_position() g
"""


@dataclass
class Backlog:
    """Measures the lag until cancelled; if the database is unreachable, it tries again at the next look."""

    postgres: str
    hold: Callable[[bool], None]
    held_seconds: float = 0.0

    async def watch(self) -> None:
        """Measures the lag every 3 s, makes callers wait, and prints the progress every minute."""
        begun = told = asyncio.get_running_loop().time()
        held = False
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            self.held_seconds += _LOOK_EVERY_SECONDS if held else 0
            with suppress(asyncpg.PostgresError, *DATABASE_AWAY):
                events, taken = await self._look()
                held = events - taken > (_GO_ON_BELOW if held else _HOLD_ABOVE)
                self.hold(held)
                now = asyncio.get_running_loop().time()
                if now - told > _TELL_EVERY_SECONDS:
                    told = now
                    print(
                        f"  {now - begun:>6.0f} s: {events:,} events in the logs, {events - taken:,} behind", flush=True
                    )

    async def _look(self) -> tuple[int, int]:
        connection = await asyncpg.connect(self.postgres, timeout=10)
        try:
            events, taken = await connection.fetchrow(_EVENTS_AND_TAKEN) or (0, 0)
        finally:
            await connection.close(timeout=1)
        return events, taken
