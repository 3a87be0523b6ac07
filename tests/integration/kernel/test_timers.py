"""Timers on a real PostgreSQL: at least once, one effect, in order, also with several processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.kernel.clock import VirtualClock
from shared.kernel.commands import Intent, execute
from shared.kernel.database import Database, open_database
from shared.kernel.event_store import EventStore
from shared.kernel.events import EventTypes, Metadata
from shared.kernel.timers import TimerLoop
from tests.integration.kernel.counter import COUNTER, FACTS, Counter, SetAlarm

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Bench:
    """A store, a clock that stands still, and loops that fire by hand."""

    database: Database
    store: EventStore
    clock: VirtualClock

    def loop(self) -> TimerLoop:
        return TimerLoop(self.database, self.store, self.clock, [COUNTER], actor="tester")

    async def set_alarm(self, stream: UUID, at: datetime) -> None:
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.store, [Intent(COUNTER, stream, SetAlarm(at))], at=self.clock.now(), metadata=metadata)

    async def counter(self, stream: UUID) -> Counter:
        return COUNTER.fold([recorded.event for recorded in (await self.store.load(stream)).events])

    async def armed(self) -> int:
        async with self.database.acquire() as connection:
            return int(await connection.fetchval("select count(*) from timers"))


@pytest.fixture
async def bench(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with (
        open_database(postgres_dsn, "offers") as database,
        EventStore(database, EventTypes(FACTS)) as store,
    ):
        yield Bench(database, store, VirtualClock(tmp_path / "clock", NOW))


async def test_a_timer_fires_when_it_is_due_and_once(bench: Bench) -> None:
    stream = uuid4()
    await bench.set_alarm(stream, NOW + HOUR)
    assert await bench.loop().fire_due() == 0
    bench.clock.move_to(NOW + HOUR)
    assert await bench.loop().fire_due() == 1
    assert await bench.loop().fire_due() == 0
    assert (await bench.counter(stream)).rings == 1
    assert await bench.armed() == 0


async def test_several_processes_fire_each_timer_once(bench: Bench) -> None:
    streams = [uuid4() for _ in range(40)]
    for stream in streams:
        await bench.set_alarm(stream, NOW)
    await asyncio.gather(*(bench.loop().fire_due() for _ in range(4)))
    assert [(await bench.counter(stream)).rings for stream in streams] == [1] * 40


async def test_a_moved_timer_fires_at_its_new_time_only(bench: Bench) -> None:
    stream = uuid4()
    await bench.set_alarm(stream, NOW + HOUR)
    await bench.set_alarm(stream, NOW + 2 * HOUR)
    bench.clock.move_to(NOW + HOUR)
    assert await bench.loop().fire_due() == 0
    bench.clock.move_to(NOW + 2 * HOUR)
    assert await bench.loop().fire_due() == 1
    assert (await bench.counter(stream)).rings == 1


async def test_a_timer_whose_process_died_fires_once_its_lease_has_run_out(bench: Bench) -> None:
    stream = uuid4()
    await bench.set_alarm(stream, NOW)
    async with bench.database.acquire() as connection:
        await connection.execute("update timers set leased_until = now() + interval '1 hour'")
        assert await bench.loop().fire_due() == 0
        await connection.execute("update timers set leased_until = now() - interval '1 second'")
    assert await bench.loop().fire_due() == 1
    assert (await bench.counter(stream)).rings == 1


async def test_a_timer_that_fails_is_put_off_and_holds_no_other_up(bench: Bench) -> None:
    broken, sound = uuid4(), uuid4()
    await bench.set_alarm(sound, NOW)
    async with bench.database.acquire() as connection:
        await connection.execute("insert into timers (stream, name, due) values ($1, 'nobody:x', $2)", broken, NOW)
    await bench.loop().fire_due()
    assert (await bench.counter(sound)).rings == 1
    async with bench.database.acquire() as connection:
        row = await connection.fetchrow("select failures, last_failure, leased_until > now() as put_off from timers")
    assert row is not None
    assert (row["failures"], row["put_off"]) == (1, True)
    assert "nobody" in row["last_failure"]


async def test_a_timer_that_nothing_waits_for_any_more_is_removed(bench: Bench) -> None:
    stream = uuid4()
    async with bench.database.acquire() as connection:
        await connection.execute("insert into timers (stream, name, due) values ($1, 'counter:ring', $2)", stream, NOW)
    await bench.loop().fire_due()
    assert await bench.armed() == 0
    assert (await bench.counter(stream)).rings == 0


async def test_after_downtime_what_was_missed_happens(bench: Bench) -> None:
    streams = [uuid4() for _ in range(5)]
    for number, stream in enumerate(streams):
        await bench.set_alarm(stream, NOW + number * HOUR)
    bench.clock.move_to(NOW + 24 * HOUR)
    assert await bench.loop().fire_due() == 5
    assert [(await bench.counter(stream)).rings for stream in streams] == [1] * 5


def test_the_virtual_clock_is_one_for_all_and_never_goes_back(tmp_path: Path) -> None:
    one, other = VirtualClock(tmp_path / "clock", NOW), VirtualClock(tmp_path / "clock", NOW + HOUR)
    assert one.now() == other.now() == NOW
    one.move_to(NOW + HOUR)
    assert other.now() == NOW + HOUR
    with pytest.raises(ValueError, match="cannot move back"):
        other.move_to(NOW)
