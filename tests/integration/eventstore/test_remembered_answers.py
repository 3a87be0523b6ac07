"""Idempotency keys are forgotten in small batches, found by an index, and no append waits for that."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.eventstore.change import IdempotencyKey
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import AlreadyHandled
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from shared.eventstore.remembered_answers import BATCH, FORGET, forget_some
from tests.integration.eventstore.counter import FACTS
from tests.integration.eventstore.test_event_store import counted

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=100)


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "offers") as opened:
        yield opened


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    return VirtualClock(tmp_path / "clock", NOW)


@pytest.fixture
async def store(database: Database, clock: VirtualClock) -> AsyncIterator[EventStore]:
    async with EventStore(database, EventTypes(FACTS), clock) as opened:
        yield opened


async def use(store: EventStore, key: UUID) -> None:
    await store.append(counted(uuid4(), 0, key=IdempotencyKey(key, "f")))


async def fill(database: Database, number: int) -> None:
    async with database.acquire() as connection:
        await connection.execute(
            """insert into handled (key, fingerprint, position, handled_at)
               select gen_random_uuid(), 'f', 1, $2::timestamptz + n * interval '1 second'
               from generate_series(1, $1::int) n""",
            number,
            NOW,
        )
        await connection.execute("set role none; analyze offers.handled; set role aftale_offers")


async def test_what_was_used_earlier_is_forgotten_and_the_young_stays(
    store: EventStore, database: Database, clock: VirtualClock
) -> None:
    old, young = uuid4(), uuid4()
    await use(store, old)
    clock.move_to(LATER)
    await use(store, young)
    assert await forget_some(database, NOW) == 0
    assert await forget_some(database, LATER) == 1
    await use(store, old)
    with pytest.raises(AlreadyHandled):
        await use(store, young)


async def test_a_batch_is_small_and_the_oldest_go_first(database: Database) -> None:
    await fill(database, BATCH + 5)
    assert await forget_some(database, LATER) == BATCH
    async with database.acquire() as connection:
        assert await connection.fetchval("select min(handled_at) from handled") == NOW + timedelta(seconds=BATCH + 1)
    assert await forget_some(database, LATER) == 5


async def test_an_append_does_not_wait_while_keys_are_forgotten(store: EventStore, database: Database) -> None:
    """Neither one with a key of its own, nor one with a key that is being forgotten, nor another that forgets."""
    old = uuid4()
    await use(store, old)
    async with database.acquire() as forgetting, forgetting.transaction():
        assert await forgetting.fetchval(FORGET, LATER, BATCH) == 1
        async with asyncio.timeout(10):
            await use(store, uuid4())
            with pytest.raises(AlreadyHandled):
                await use(store, old)
            assert await forget_some(database, LATER) == 1, "the one that came meanwhile"
    await use(store, old)


async def test_old_keys_are_found_by_an_index(database: Database) -> None:
    await fill(database, 20_000)
    async with database.acquire() as connection:
        plan = await connection.fetch(f"explain {FORGET.replace('$1', 'now()').replace('$2', '10')}")
    told = "\n".join(row[0] for row in plan)
    assert "handled_handled_at_idx" in told, told
    assert "Seq Scan" not in told, told
