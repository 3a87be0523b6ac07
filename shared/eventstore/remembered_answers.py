"""Forgets the answers of commands, with their idempotency keys, once nobody is expected to repeat them."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from shared.eventstore.database import Database
from shared.telemetry.loops import Heartbeat

BATCH = 500
"""Keys that one transaction deletes, at most."""
EVERY_SECONDS = 60.0
"""Seconds of real time between two runs; the clock of the service says which answers are old."""
_PAUSE_SECONDS = 0.05
"""Between two batches, so that a large backlog leaves the disk to appends."""
FORGET = """
with forgotten as (
  delete from handled where ctid = any(array(
    select ctid from handled where handled_at < $1 order by handled_at limit $2 for update skip locked))
  returning 1
)
select count(*)::int from forgotten
"""
"""Skips what another process of the service is deleting. No append waits for it: one that uses such a key sees the key
until the deletion is committed."""


async def forget_some(database: Database, before: datetime) -> int:
    """Deletes up to BATCH keys that were used before an instant, the oldest first; returns how many."""
    async with database.acquire() as connection:
        forgotten: int = await connection.fetchval(FORGET, before, BATCH)
    return forgotten


async def keep_forgetting(database: Database, before: Callable[[], datetime], heartbeat: Heartbeat) -> None:
    """Deletes keys again and again, until cancelled: those that were used before what `before` returns."""
    while True:
        while await forget_some(database, before()) == BATCH:
            heartbeat.succeeded()
            await asyncio.sleep(_PAUSE_SECONDS)
        heartbeat.succeeded()
        await asyncio.sleep(EVERY_SECONDS)
