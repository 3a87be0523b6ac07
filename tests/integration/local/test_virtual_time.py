"""The clock moves by days: each timer on the way is judged by its own due time, whenever in the day it falls due."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.virtual_time import VirtualTime
from shared.eventstore.clock import VirtualClock

pytestmark = pytest.mark.rule("R28")
BEGINS = datetime(2026, 11, 5, 9, tzinfo=UTC)
NOON, MIDNIGHT = datetime(2026, 11, 6, 11, tzinfo=UTC), datetime(2026, 11, 6, 23, tzinfo=UTC)
IN_THE_LAST_SECOND = MIDNIGHT - timedelta(seconds=1) + timedelta(microseconds=1)
"""As what is due right after something that fell due in the last second of a day."""


async def test_a_timer_in_the_last_second_of_a_day_is_passed(postgres_dsn: str, tmp_path: Path) -> None:
    clock, connection = VirtualClock(tmp_path / "clock", BEGINS), await asyncpg.connect(postgres_dsn)
    services = await asyncpg.connect(postgres_dsn)
    fired: list[datetime] = []

    async def fire() -> None:
        while True:
            due = await services.fetch("delete from notices.timers where due <= $1 returning due", clock.now())
            fired.extend(clock.fires_at(row["due"]) for row in due)
            await asyncio.sleep(0.01)

    firing = asyncio.create_task(fire())
    try:
        for due in (NOON, IN_THE_LAST_SECOND, MIDNIGHT):
            await connection.execute(
                "insert into notices.timers (stream, name, due) values ($1, 'notices:tell', $2)", uuid4(), due
            )
        arrives = MIDNIGHT + timedelta(hours=9)
        async with asyncio.timeout(60):
            await VirtualTime(clock, connection).advance_by_days(arrives)
        assert (fired, clock.now()) == ([NOON, IN_THE_LAST_SECOND, MIDNIGHT], arrives)
    finally:
        firing.cancel()
        with suppress(asyncio.CancelledError):
            await firing
        await services.close()
        await connection.close()
