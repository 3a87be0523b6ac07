"""How far what follows the logs is behind them, and callers held back while it is too far."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

LOOK_EVERY_SECONDS = 2.0
TELL_EVERY_SECONDS = 60.0
_HOLD_ABOVE, _GO_ON_BELOW = 60_000, 30_000
"""Events that are not published, or messages that a group of consumers has not taken."""
_GROUPS = ("aftale-guidance-reactions", "aftale-control-projection")
_LOGS = """
select offers.newest_position() + guidance.newest_position(),
       (select checkpoint from offers.relay) + (select checkpoint from guidance.relay)
"""


@dataclass
class Backlog:
    """Looks until it is cancelled; a server that is away is looked at next time."""

    postgres: str
    kafka: str
    hold: Callable[[bool], None]
    held_seconds: float = 0.0

    async def watch(self) -> None:
        """And tell now and then how far it has come."""
        begun = told = asyncio.get_running_loop().time()
        held = False
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, KafkaError):
                events, published = await asyncio.wait_for(self._logs(), 5)
                behind = max(events - published, await asyncio.wait_for(self._consumers(), 5))
                held = behind > (_GO_ON_BELOW if held else _HOLD_ABOVE)
                self.hold(held)
                now = asyncio.get_running_loop().time()
                if now - told > TELL_EVERY_SECONDS:
                    told = now
                    print(f"  {now - begun:>6.0f} s: {events:,} events in the logs, {behind:,} behind", flush=True)
            self.held_seconds += LOOK_EVERY_SECONDS if held else 0

    async def _logs(self) -> tuple[int, int]:
        connection = await asyncpg.connect(self.postgres)
        try:
            events, published = await connection.fetchrow(_LOGS) or (0, 0)
        finally:
            await connection.close(timeout=1)
        return events, published

    async def _consumers(self) -> int:
        """Messages that the slower group has not taken."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        try:
            await admin.start()
            await consumer.start()
            behind: list[int] = []
            for group in _GROUPS:
                taken = await admin.list_consumer_group_offsets(group)
                ends = await consumer.end_offsets(list(taken))
                behind.append(sum(ends[one] - max(at.offset, 0) for one, at in taken.items()))
            return max(behind)
        finally:
            await consumer.stop()
            await admin.close()
