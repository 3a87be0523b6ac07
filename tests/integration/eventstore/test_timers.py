"""Timers on a real PostgreSQL: at least once, one effect, in order, also with several processes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.eventstore import timers
from shared.eventstore.clock import VirtualClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.errors import HoldBack
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.eventstore.timers import Lookup, TimerLoop
from tests.integration.eventstore.counter import (
    COUNTER,
    FACTS,
    AlarmSet,
    Count,
    Counted,
    Counter,
    DueUnderPolicy,
    Rang,
    SetAlarm,
)
from tests.integration.messaging.cable import plugged_in

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Bells:
    """Several timers on one stream, each named for its instant."""

    hanging: frozenset[datetime] = frozenset()
    sound: bool = False


def _ring(state: Bells, command: SetAlarm | Count | TimerDue) -> Sequence[Event]:
    match command:
        case SetAlarm(at):
            return (AlarmSet(at=at),)
        case Count(by):
            return (Counted(by=by),)
        case TimerDue():
            return (Rang(at=command.due),)


def _hang(state: Bells, event: Event) -> Bells:
    match event:
        case AlarmSet():
            return replace(state, hanging=state.hanging | {event.at})
        case Counted():
            return replace(state, sound=True)
        case Rang():
            return replace(state, hanging=state.hanging - {event.at})
        case _:
            return state


BELLS: Decider[Bells, SetAlarm | Count | TimerDue] = Decider(
    name="bells",
    initial=Bells(),
    decide=_ring,
    evolve=_hang,
    timers=lambda state: {instant.isoformat(): instant for instant in state.hanging},
)


@dataclass
class Bench:
    """A store, a clock that stands still, and loops that fire by hand."""

    database: Database
    store: EventStore
    clock: VirtualClock

    def loop(self, lookups: Mapping[str, Lookup] | None = None) -> TimerLoop:
        return TimerLoop(self.database, self.store, self.clock, [COUNTER, BELLS], actor="tester", lookups=lookups)

    async def hang_bells(self, stream: UUID, instants: Sequence[datetime]) -> None:
        for instant in instants:
            await self.tell(BELLS, stream, SetAlarm(instant))

    async def mark_sound(self, stream: UUID) -> None:
        await self.tell(BELLS, stream, Count())

    async def bells_rung(self, stream: UUID) -> list[datetime]:
        return [one.event.at for one in (await self.store.load(stream)).events if isinstance(one.event, Rang)]

    async def recorded_at(self, stream: UUID) -> list[tuple[datetime, datetime]]:
        """For each bell that rang, for when it hung and when it is recorded to have rung."""
        events = (await self.store.load(stream)).events
        return [(one.event.at, one.occurred_at) for one in events if isinstance(one.event, Rang)]

    async def end_leases(self, of: str = "true") -> None:
        """As if the time of leases and of pauses after a failure were over."""
        async with self.database.acquire() as connection:
            await connection.execute(f"update timers set leased_until = now() - interval '1 second' where {of}")

    async def tell(self, subject: Decider[Any, Any], stream: UUID, command: object) -> None:
        metadata = Metadata(command_id=uuid4(), actor="tester")
        await execute(self.store, [Intent(subject, stream, command)], at=self.clock.now(), metadata=metadata)

    async def set_alarm(self, stream: UUID, at: datetime) -> None:
        await self.tell(COUNTER, stream, SetAlarm(at))

    async def counter(self, stream: UUID) -> Counter:
        return COUNTER.fold([recorded.event for recorded in (await self.store.load(stream)).events])

    async def armed(self) -> int:
        async with self.database.acquire() as connection:
            return int(await connection.fetchval("select count(*) from timers"))


@asynccontextmanager
async def open_bench(dsn: str, folder: Path) -> AsyncIterator[Bench]:
    async with open_database(dsn, "offers") as database, EventStore(database, EventTypes(FACTS)) as store:
        yield Bench(database, store, VirtualClock(folder / "clock", NOW))


@pytest.fixture
async def bench(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn, tmp_path) as opened:
        yield opened


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


async def test_r28_timers_that_a_jump_of_the_clock_passes_ring_at_their_own_time_in_order(bench: Bench) -> None:
    towers = {uuid4(): [NOW + hours * HOUR for hours in (first, first + 4, first + 9)] for first in (1, 2, 3)}
    for tower, instants in towers.items():
        await bench.hang_bells(tower, list(reversed(instants)))
    bench.clock.jump_to(NOW + 24 * HOUR)
    while await bench.loop().fire_due():
        pass
    for tower, instants in towers.items():
        assert await bench.recorded_at(tower) == [(instant, instant) for instant in instants]


async def test_a_timer_never_rings_before_what_stands_in_its_stream(bench: Bench) -> None:
    """It may be armed after the jump, for a time that the clock had passed by then."""
    tower = uuid4()
    bench.clock.jump_to(NOW + 24 * HOUR)
    await bench.hang_bells(tower, [NOW + 5 * HOUR])
    assert await bench.loop().fire_due() == 1
    assert await bench.recorded_at(tower) == [(NOW + 5 * HOUR, NOW + 24 * HOUR)]


async def test_a_timer_that_is_moved_while_it_fires_does_not_fire(bench: Bench) -> None:
    stream = uuid4()
    await bench.set_alarm(stream, NOW)

    async def move(_: Counter, timer: TimerDue) -> TimerDue:
        await bench.set_alarm(stream, NOW + HOUR)
        return timer

    await bench.loop(lookups={"counter:ring": move}).fire_due()
    counter = await bench.counter(stream)
    assert (counter.rings, counter.alarm) == (0, NOW + HOUR)


async def test_a_slow_process_whose_lease_ran_out_has_no_second_effect(bench: Bench) -> None:
    stream, looking, go_on = uuid4(), asyncio.Event(), asyncio.Event()
    await bench.set_alarm(stream, NOW)

    async def slowly(_: Counter, timer: TimerDue) -> TimerDue:
        looking.set()
        await go_on.wait()
        return timer

    slow = asyncio.create_task(bench.loop(lookups={"counter:ring": slowly}).fire_due())
    await looking.wait()
    await bench.end_leases()
    assert await bench.loop().fire_due() == 1
    go_on.set()
    await slow
    assert (await bench.counter(stream)).rings == 1
    assert await bench.armed() == 0


async def test_a_lookup_that_outlasts_its_lease_keeps_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server may take minutes: another process that claims the timer meanwhile would send a second time."""
    monkeypatch.setattr(timers, "LEASE", timedelta(seconds=5))
    stream, looking, go_on = uuid4(), asyncio.Event(), asyncio.Event()
    await bench.set_alarm(stream, NOW)

    async def slowly(_: Counter, timer: TimerDue) -> TimerDue:
        looking.set()
        await go_on.wait()
        return timer

    slow = asyncio.create_task(bench.loop(lookups={"counter:ring": slowly}).fire_due())
    await looking.wait()
    async with bench.database.acquire() as connection:
        first: datetime = await connection.fetchval("select leased_until from timers")
        while not await connection.fetchval("select now() > $1", first):
            assert await bench.loop().fire_due() == 0
            await asyncio.sleep(0.1)
    assert await bench.loop().fire_due() == 0
    go_on.set()
    await slow
    assert (await bench.counter(stream)).rings == 1


async def test_timers_of_one_stream_ring_in_their_order_also_with_several_processes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "BATCH", 3)
    streams, instants = [uuid4() for _ in range(3)], [NOW + n * HOUR for n in range(8)]
    for stream in streams:
        await bench.hang_bells(stream, instants)
    bench.clock.move_to(NOW + 24 * HOUR)
    while any(await asyncio.gather(*(bench.loop().fire_due() for _ in range(4)))):
        pass
    assert [await bench.bells_rung(stream) for stream in streams] == [instants] * 3


async def test_a_timer_that_fails_holds_back_the_later_ones_of_its_own_stream_only(bench: Bench) -> None:
    guilty, sound = uuid4(), uuid4()
    instants = [NOW, NOW + HOUR, NOW + 2 * HOUR]
    await bench.hang_bells(guilty, instants)
    await bench.hang_bells(sound, instants)
    bench.clock.move_to(NOW + 24 * HOUR)

    async def broken_once(state: Bells, timer: TimerDue) -> TimerDue:
        if guilty_is_broken and not state.sound:
            raise RuntimeError("on purpose")
        return timer

    guilty_is_broken = True
    await bench.mark_sound(sound)
    loop = bench.loop(lookups={f"bells:{NOW.isoformat()}": broken_once})
    await loop.fire_due()
    await bench.end_leases(of="failures = 0")
    await loop.fire_due()
    assert await bench.bells_rung(sound) == instants
    assert await bench.bells_rung(guilty) == []
    guilty_is_broken = False
    await bench.end_leases()
    await loop.fire_due()
    assert await bench.bells_rung(guilty) == instants


async def test_timers_go_on_after_the_database_was_away(postgres_dsn: str, tmp_path: Path) -> None:
    stream = uuid4()
    async with plugged_in(postgres_dsn) as cable, open_bench(cable.dsn, tmp_path) as bench:
        running = asyncio.create_task(bench.loop().run())
        await bench.set_alarm(stream, NOW + HOUR)
        cable.pull_out()
        bench.clock.move_to(NOW + HOUR)
        await asyncio.sleep(0.3)
        await cable.plug_in()
        async with asyncio.timeout(10):
            while await bench.armed():
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert (await bench.counter(stream)).rings == 1


async def test_a_timer_that_is_held_back_waits_with_those_behind_it_and_is_no_failure(bench: Bench) -> None:
    stream, known = uuid4(), False
    await bench.hang_bells(stream, [NOW - HOUR, NOW])

    async def lookup(_: Bells, timer: TimerDue) -> TimerDue:
        if not known:
            raise HoldBack("it is not known yet")
        return timer

    loop = bench.loop({f"bells:{(NOW - HOUR).isoformat()}": lookup})
    await loop.fire_due()
    assert await bench.bells_rung(stream) == []
    assert await loop.fire_due() == 0, "put off, and what is behind it waits"
    async with bench.database.acquire() as connection:
        assert await connection.fetchval("select sum(failures) from timers") == 0
    known = True
    await bench.end_leases()
    await loop.fire_due()
    assert await bench.bells_rung(stream) == [NOW - HOUR, NOW]


async def test_what_a_timer_records_carries_the_policy_that_its_lookup_found(bench: Bench) -> None:
    stream = uuid4()
    await bench.set_alarm(stream, NOW)

    async def lookup(_: Counter, timer: TimerDue) -> TimerDue:
        return DueUnderPolicy(timer.name, timer.due, timer.at)

    await bench.loop({"counter:ring": lookup}).fire_due()
    *_, rang = (await bench.store.load(stream)).events
    assert (type(rang.event), rang.metadata["policy"]) == (Rang, "2024-01-01")


async def test_a_timer_armed_for_another_time_than_its_subject_wants_now_is_armed_anew(bench: Bench) -> None:
    stream, later = uuid4(), NOW + HOUR
    await bench.set_alarm(stream, later)
    async with bench.database.acquire() as connection:  # as a release that counted otherwise had armed it
        await connection.execute("update timers set due = $1", NOW - HOUR)
    await bench.loop().fire_due()
    assert (await bench.counter(stream)).rings == 0
    async with bench.database.acquire() as connection:
        assert await connection.fetchval("select due from timers") == later
    bench.clock.move_to(later)
    await bench.loop().fire_due()
    assert (await bench.counter(stream)).rings == 1
