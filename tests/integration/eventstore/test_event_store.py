"""The event store on a real PostgreSQL: winners only, dense positions, private parts, timers and reservations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.eventstore import group_commit, private_keys
from shared.eventstore.change import Change, IdempotencyKey, Mark, Occurred, Write
from shared.eventstore.clock import VirtualClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import (
    AlreadyHandled,
    EventTooLarge,
    InboxMoved,
    KeyDestroyed,
    NameReserved,
    Refused,
    StaleVersion,
    VersionMismatch,
)
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, Counted, CountUnderPolicy, SetAlarm, Version

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "offers") as opened:
        yield opened


@pytest.fixture
async def store(database: Database) -> AsyncIterator[EventStore]:
    async with EventStore(database, EventTypes(FACTS)) as opened:
        yield opened


def metadata() -> Metadata:
    return Metadata(command_id=uuid4(), actor="tester")


def counted(stream: UUID, expected: int, **rest: object) -> Change:
    return Change(metadata(), (Write(stream, expected, (Occurred(Counted(by=1), NOW),)),), **rest)  # type: ignore[arg-type]


async def count(store: EventStore, stream: UUID, **values: object) -> None:
    await execute(store, [Intent(COUNTER, stream, Count(**values))], at=NOW, metadata=metadata())  # type: ignore[arg-type]


async def test_what_was_appended_is_loaded_in_order(store: EventStore) -> None:
    stream = uuid4()
    await count(store, stream, by=2)
    await count(store, stream, by=3)
    loaded = await store.load(stream)
    assert [recorded.version for recorded in loaded.events] == [1, 2]
    assert COUNTER.fold([recorded.event for recorded in loaded.events]).total == 5


async def test_of_many_on_one_version_exactly_one_wins_and_nothing_of_the_losers_is_kept(
    store: EventStore, database: Database
) -> None:
    stream, keys = uuid4(), [IdempotencyKey(uuid4(), "f") for _ in range(20)]
    results = await asyncio.gather(
        *(store.append(counted(stream, 0, key=key, arm=((stream, "t", NOW),))) for key in keys), return_exceptions=True
    )
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, StaleVersion) for result in results) == 19
    async with database.acquire() as connection:
        assert await connection.fetchval("select count(*) from handled") == 1
        assert await connection.fetchval("select count(*) from timers") == 1
        assert await connection.fetchval("select count(*) from events") == 1


async def test_positions_are_dense_also_with_losers_and_many_writers(store: EventStore, database: Database) -> None:
    async def write(stream: UUID) -> None:
        kept = 0
        while kept < 20:
            with suppress(StaleVersion):  # after several attempts, on a busy machine
                await count(store, stream)
                kept += 1

    await asyncio.gather(*(write(uuid4()) for _ in range(10)), *(write(UUID(int=7)) for _ in range(3)))
    async with database.acquire() as connection:
        positions = [row["position"] for row in await connection.fetch("select position from events order by position")]
    assert positions == list(range(1, 261))


async def test_a_key_is_used_once(store: EventStore) -> None:
    key = IdempotencyKey(uuid4(), "f", '{"answer": 1}')
    await store.append(counted(uuid4(), 0, key=key))
    with pytest.raises(AlreadyHandled):
        await store.append(counted(uuid4(), 0, key=key))


async def test_a_guarded_stream_that_moved_makes_the_command_lose(store: EventStore) -> None:
    watched, stream = uuid4(), uuid4()
    await count(store, watched)
    change = Change(metadata(), (Write(watched, 0), Write(stream, 0, (Occurred(Counted(by=1), NOW),))))
    with pytest.raises(StaleVersion):
        await store.append(change)
    assert (await store.load(stream)).version == 0


async def test_many_that_rely_on_one_stream_are_kept_in_one_group(store: EventStore) -> None:
    relied_on = uuid4()
    await store.append(counted(relied_on, 0))
    changes = [counted(uuid4(), 0) for _ in range(20)]
    relying = [replace(change, writes=(*change.writes, Write(relied_on, 1))) for change in changes]
    positions = await asyncio.gather(*(store.append(change) for change in relying))
    assert len(set(positions)) <= group_commit.COMMITTERS


async def test_two_that_move_a_timer_of_one_stream_are_no_trouble_to_others(
    store: EventStore, database: Database
) -> None:
    stream, (first, second) = uuid4(), (NOW, NOW + timedelta(days=1))
    others = [counted(uuid4(), 0) for _ in range(8)]
    guard = (Write(stream, 0),)
    moved = [Change(metadata(), guard, arm=((stream, "t", due),)) for due in (first, second)]
    _, _, *positions = await asyncio.gather(*(store.append(change) for change in (*moved, *others)))
    assert len(set(positions)) <= group_commit.COMMITTERS, "no group had to be taken apart"
    async with database.acquire() as connection:
        assert await connection.fetchval("select due from timers where stream = $1", stream) in (first, second)


async def test_of_two_that_rely_on_each_others_streams_one_loses(store: EventStore) -> None:
    pairs = [(uuid4(), uuid4()) for _ in range(20)]
    own_and_theirs = [order for one, other in pairs for order in ((one, other), (other, one))]
    changes = [
        replace(counted(own, 0), writes=(*counted(own, 0).writes, Write(theirs, 0))) for own, theirs in own_and_theirs
    ]
    outcomes = await asyncio.gather(*(store.append(change) for change in changes), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(StaleVersion) == len(pairs)


async def test_a_reserved_name_has_one_holder_until_it_is_released(store: EventStore) -> None:
    first, second = uuid4(), uuid4()
    await count(store, first, by=100)
    with pytest.raises(NameReserved):
        await count(store, second, by=100)
    await count(store, first, by=1)
    await count(store, second, by=100)


async def test_two_at_once_for_one_name_exactly_one_wins(store: EventStore) -> None:
    results = await asyncio.gather(*(count(store, uuid4(), by=100) for _ in range(8)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, NameReserved) for result in results) == 7


async def test_the_inbox_steps_only_from_where_its_reader_found_it(store: EventStore) -> None:
    stream = uuid4()
    step = Mark("other", stream, 0, 0, 1, 1, uuid4())
    await store.append(Change(metadata(), mark=step))
    with pytest.raises(InboxMoved):
        await store.append(counted(uuid4(), 0, mark=step))


async def test_moving_the_anchor_replaces_the_timer(store: EventStore, database: Database) -> None:
    stream = uuid4()
    for hours in (1, 2):
        alarm = SetAlarm(NOW + timedelta(hours=hours))
        await execute(store, [Intent(COUNTER, stream, alarm)], at=NOW, metadata=metadata())
    async with database.acquire() as connection:
        rows = await connection.fetch("select name, due from timers where stream = $1", stream)
    assert [(row["name"], row["due"]) for row in rows] == [("counter:ring", NOW + timedelta(hours=2))]


async def test_a_command_that_names_an_old_version_is_told_both(store: EventStore) -> None:
    stream = uuid4()
    await count(store, stream)
    with pytest.raises(VersionMismatch) as caught:
        await execute(store, [Intent(COUNTER, stream, Count(), expected=0)], at=NOW, metadata=metadata())
    assert (caught.value.expected, caught.value.actual) == (0, 1)


async def test_a_refused_command_records_nothing(store: EventStore) -> None:
    stream = uuid4()
    with pytest.raises(Refused, match="R0: more than 1000"):
        await count(store, stream, by=2000)
    assert (await store.load(stream)).version == 0


async def test_facts_carry_the_policy_of_their_command_else_that_of_who_asked(store: EventStore) -> None:
    stream, asked = uuid4(), replace(metadata(), policy="2020-01-01")
    for command in (Count(), CountUnderPolicy(), CountUnderPolicy(policy=Version("2026-01-01"))):
        await execute(store, [Intent(COUNTER, stream, command)], at=NOW, metadata=asked)
    recorded = (await store.load(stream)).events
    assert [one.metadata["policy"] for one in recorded] == ["2020-01-01", "2024-01-01", "2026-01-01"]


async def test_private_parts_are_sealed_and_read_only_by_who_asks(store: EventStore, database: Database) -> None:
    stream = uuid4()
    await count(store, stream, note="Klejnstrup planted this", person="p1", remark="about p1")
    async with database.acquire() as connection:
        stored = str([dict(row) for row in await connection.fetch("select * from events")])
    assert "Klejnstrup" not in stored
    assert "about p1" not in stored
    assert (await store.load(stream)).events[0].event == Counted(by=1, person="p1")
    read = (await store.load(stream, readable=True)).events[0].event
    assert read == Counted(by=1, note="Klejnstrup planted this", person="p1", remark="about p1")


async def test_a_destroyed_key_erases_one_person_and_leaves_the_history(store: EventStore, database: Database) -> None:
    stream = uuid4()
    await count(store, stream, note="stays", person="p1", remark="goes")
    assert await private_keys.destroy(database, [(stream, "p1")])
    read = (await store.load(stream, readable=True)).events[0].event
    assert read == Counted(by=1, note="stays", person="p1", remark=None)
    with pytest.raises(KeyDestroyed):
        await count(store, stream, person="p1", remark="new")


async def test_an_event_that_is_too_large_fails_alone(store: EventStore) -> None:
    large = count(store, uuid4(), note="x" * 300_000)
    results = await asyncio.gather(large, *(count(store, uuid4()) for _ in range(5)), return_exceptions=True)
    assert isinstance(results[0], EventTooLarge)
    assert results[1:] == [None] * 5


async def test_an_event_that_the_database_rejects_fails_alone(store: EventStore) -> None:
    rejected = count(store, uuid4(), person="\x00")
    results = await asyncio.gather(rejected, *(count(store, uuid4()) for _ in range(5)), return_exceptions=True)
    assert isinstance(results[0], Exception)
    assert results[1:] == [None] * 5


async def test_a_cancelled_caller_leaves_the_store_working(store: EventStore) -> None:
    task = asyncio.create_task(count(store, uuid4()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await count(store, uuid4())


async def test_partitions_are_made_ahead_while_the_log_grows(
    store: EventStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "LOOK_AT_PARTITIONS_EVERY", 0)
    stream = uuid4()
    await count(store, stream)
    async with database.acquire() as connection:
        await connection.execute(
            """insert into events select 9999998, $1, version, epoch, event_id, type, schema_version, data, private,
                                         metadata, occurred_at, recorded_at from events""",
            uuid4(),
        )
    for _ in range(3):
        await count(store, stream)
    async with database.acquire() as connection:
        partitions = [
            row[0] for row in await connection.fetch("select tableoid::regclass::text from events order by position")
        ]
        assert partitions == ["events_0", "events_0", "events_0", "events_1", "events_1"]
        async with asyncio.timeout(10):
            while await connection.fetchval("select to_regclass('events_2')") is None:
                await asyncio.sleep(0.02)
    assert [recorded.version for recorded in (await store.load(stream)).events] == [1, 2, 3, 4]


async def test_no_table_is_read_whole_however_small_it_was_when_a_session_first_planned(
    store: EventStore, database: Database
) -> None:
    for number in range(60):
        key = IdempotencyKey(uuid4(), "fingerprint")
        change = counted(uuid4(), 0, key=key, reserve=((f"name-{number}", uuid4()),), release=(("nobody's", uuid4()),))
        await store.append(replace(change, arm=((uuid4(), "t", NOW),), cancel=((uuid4(), "t"),), mark=_mark(number)))
    async with asyncio.timeout(10):
        while not (counted_rows := await _read_whole(database))["events_0"][0]:
            await asyncio.sleep(0.2)
    assert {table for table, (_, scans) in counted_rows.items() if scans > 20} <= {"log"}, "it has one row"


def _mark(number: int) -> Mark:
    return Mark("there", UUID(int=number), 0, 0, 1, 1, uuid4())


async def _read_whole(database: Database) -> dict[str, tuple[int, int]]:
    """By table: rows that were added, and how often the whole table was read. The server counts with a delay."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "select relname, n_tup_ins, seq_scan from pg_stat_user_tables where schemaname = current_schema()"
        )
    return {row["relname"]: (row["n_tup_ins"], row["seq_scan"]) for row in rows}


async def test_appending_leaves_no_old_rows_to_be_read_while_somebody_has_a_transaction_open(
    store: EventStore, database: Database
) -> None:
    async with database.acquire() as open_for_long, open_for_long.transaction():
        await open_for_long.execute("insert into republications (stream, from_version) values ($1, 1)", uuid4())
        for _ in range(20):
            await count(store, uuid4())
        async with database.acquire() as connection:
            assert await connection.fetchval("select ctid::text from log") == "(0,1)", "its first version is the newest"


@pytest.mark.rule("R26")
async def test_under_a_virtual_clock_facts_are_recorded_at_its_time_and_never_before_the_position_before(
    database: Database, tmp_path: Path
) -> None:
    """So that a demo can travel in time; under the real clock the database tells when a fact was recorded."""

    async def recorded_at(store: EventStore) -> datetime:
        stream = uuid4()
        await count(store, stream)
        (recorded,) = (await store.load(stream)).events
        return recorded.recorded_at

    clock = VirtualClock(tmp_path / "clock", start=NOW)
    async with (
        EventStore(database, EventTypes(FACTS), clock) as travelling,
        EventStore(database, EventTypes(FACTS)) as real,
    ):
        assert [await recorded_at(travelling) for _ in range(2)] == [NOW, NOW]
        clock.move_to(NOW + timedelta(days=90))
        assert await recorded_at(travelling) == NOW + timedelta(days=90)
        before = datetime.now(UTC)
        told = await recorded_at(real)
        assert abs(told - before) < timedelta(minutes=1)
        assert await recorded_at(travelling) == max(told, clock.now())
