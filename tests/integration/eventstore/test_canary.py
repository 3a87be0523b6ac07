"""The canary on a real PostgreSQL: it shows that due timers fire, or how long none has, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.eventstore import canary
from shared.eventstore.clock import Clock, VirtualClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.eventstore.timer_and_reservation_drift import streams_after
from shared.eventstore.timers import TimerLoop
from shared.telemetry.measured import REGISTRY
from shared.watching.figures import Overdue, read_overdue
from tests.integration.eventstore.counter import FACTS, Rang, SetAlarm
from tests.integration.eventstore.test_timers import BELLS

NOW = datetime(2026, 3, 5, 12, 0, 20, tzinfo=UTC)
NEXT = datetime(2026, 3, 5, 12, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_ROWS = """
select (select count(*) from events), (select count(*) from streams), (select count(*) from handled),
       (select count(*) from inbox), (select count(*) from timers), (select count(*) from reservations)
"""


@dataclass
class Hand:
    """A real clock whose hand the test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def fires_at(self, due: datetime) -> datetime:
        return self.at


@dataclass
class Service:
    """What runs timers in one process of a service, and what operators ask its database."""

    database: Database
    store: EventStore
    clock: Clock

    def loop(self) -> TimerLoop:
        return TimerLoop(self.database, self.store, self.clock, [BELLS], actor="tester")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.loop().run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def overdue(self) -> Overdue:
        async with self.database.acquire() as connection:
            return await read_overdue(connection, self.clock.now())

    async def due(self) -> datetime | None:
        async with self.database.acquire() as connection:
            due: datetime | None = await connection.fetchval("select due from timers where name = $1", canary.NAME)
            return due

    async def until_due(self, instant: datetime | None) -> None:
        async with asyncio.timeout(20):
            while await self.due() != instant:
                await asyncio.sleep(0.02)

    async def rows(self) -> tuple[int, ...]:
        async with self.database.acquire() as connection:
            return tuple(await connection.fetchrow(_ROWS) or ())

    async def hang_bell(self, stream: UUID, at: datetime) -> None:
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.store, [Intent(BELLS, stream, SetAlarm(at))], at=self.clock.now(), metadata=metadata)


@asynccontextmanager
async def service(dsn: str, clock: Clock) -> AsyncIterator[Service]:
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes(FACTS)) as store:
        yield Service(database, store, clock)


def observed(timer: str, name: str = "count") -> float:
    labels = {"service": "offers", "loop": "timers", "timer": timer}
    return REGISTRY.get_sample_value(f"aftale_timer_late_seconds_{name}", labels) or 0.0


async def test_it_fires_each_minute_and_leaves_one_row(postgres_dsn: str) -> None:
    hand = Hand()
    async with service(postgres_dsn, hand) as offers, offers.running():
        await offers.until_due(NEXT)
        fired = observed("canary")
        for minute in range(5):
            hand.at = NEXT + minute * MINUTE
            await offers.until_due(hand.at + MINUTE)
        assert await offers.rows() == (0, 0, 0, 0, 1, 0)
        assert observed("canary") == fired + 5
        assert await streams_after(offers.database, None, 10) == [], "a walk over the streams does not meet it"


async def test_while_nothing_fires_it_grows_late_and_recovers_by_itself(postgres_dsn: str) -> None:
    hand = Hand()
    async with service(postgres_dsn, hand) as offers:
        async with offers.running():
            await offers.until_due(NEXT)
        assert await offers.overdue() == Overdue(timers=0, seconds=0, failing=0, canary=0)
        for late in (30, 90, 3600):
            hand.at = NEXT + timedelta(seconds=late)
            assert await offers.overdue() == Overdue(timers=1, seconds=late, failing=0, canary=late)
        before = observed("canary", "sum")
        async with offers.running():
            await offers.until_due(hand.at + MINUTE)
        assert await offers.overdue() == Overdue(timers=0, seconds=0, failing=0, canary=0)
        assert observed("canary", "sum") == before + 3600, "the minutes in between are not made up for"


async def test_r28_a_service_that_was_away_over_several_due_times_fires_them_in_order(postgres_dsn: str) -> None:
    hand, tower = Hand(), uuid4()
    instants = [NOW + hours * timedelta(hours=1) for hours in (1, 5, 9)]
    async with service(postgres_dsn, hand) as offers:
        for instant in (instants[2], instants[0], instants[1]):
            await offers.hang_bell(tower, instant)
        hand.at = NOW + timedelta(hours=10)
        assert (await offers.overdue()).timers == 3
        fired, late = observed("case"), observed("case", "sum")
        async with offers.running(), asyncio.timeout(20):
            while (await offers.overdue()).timers:
                await asyncio.sleep(0.02)
        rung = [one.event.at for one in (await offers.store.load(tower)).events if isinstance(one.event, Rang)]
        assert rung == instants
        assert (observed("case"), observed("case", "sum")) == (fired + 3, late + (9 + 5 + 1) * 3600)


async def test_several_processes_have_one_canary_and_fire_it_once(postgres_dsn: str) -> None:
    hand = Hand()
    async with service(postgres_dsn, hand) as offers, offers.running(), offers.running(), offers.running():
        await offers.until_due(NEXT)
        fired = observed("canary")
        hand.at = NEXT
        await offers.until_due(NEXT + MINUTE)
        await asyncio.sleep(0.3)
        assert (observed("canary"), await offers.rows()) == (fired + 1, (0, 0, 0, 0, 1, 0))


@pytest.mark.parametrize("left_behind", [False, True])
async def test_on_a_virtual_clock_there_is_none_also_where_a_real_one_went_before(
    left_behind: bool, postgres_dsn: str, tmp_path: Path
) -> None:
    clock = VirtualClock(tmp_path / "clock", NOW)
    async with service(postgres_dsn, Hand()) as offers:
        if left_behind:
            async with offers.running():
                await offers.until_due(NEXT)
        offers.clock = clock
        async with offers.running():
            await offers.until_due(None)
            clock.jump_to(NOW + timedelta(days=30))
            await asyncio.sleep(0.3)
            assert await offers.rows() == (0, 0, 0, 0, 0, 0)
        assert (await offers.overdue()).canary is None
