"""While processes are replaced, those of the release before append beside those of this one, on one database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from migrations.schemas import upgrade
from shared.eventstore.change import Change, IdempotencyKey, Mark, Occurred, Write
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import AlreadyHandled, InboxMoved, NameReserved, StaleVersion
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.integration.eventstore.append_of_the_release_before import store_of_the_release_before
from tests.integration.eventstore.counter import FACTS, Counted
from tests.upgrade.kept_release import KeptRelease, kept_releases

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(params=[None, *kept_releases()], ids=lambda release: release.folder.name if release else "new")
async def database(request: pytest.FixtureRequest, empty_database: str) -> AsyncIterator[Database]:
    """A new one, and one that a kept release has written."""
    release: KeptRelease | None = request.param
    if release is not None:
        await release.restore(empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    async with open_database(empty_database, "offers") as opened:
        yield opened


@asynccontextmanager
async def both(database: Database) -> AsyncIterator[tuple[EventStore, EventStore]]:
    types = EventTypes(FACTS)
    async with store_of_the_release_before(database, types) as before, EventStore(database, types) as now:
        yield before, now


def counted(stream: UUID, version: int, **rest: object) -> Change:
    metadata = Metadata(command_id=uuid4(), actor="tester")
    return Change(metadata, (Write(stream, version, (Occurred(Counted(by=1), NOW),)),), **rest)  # type: ignore[arg-type]


async def test_of_both_exactly_one_wins_whatever_they_want_at_the_same_time(database: Database) -> None:
    """A version of a stream, an idempotency key, a step of the inbox, a name: of the first twenty one is kept."""
    stream, source = uuid4(), uuid4()
    key, step = IdempotencyKey(uuid4(), "f"), Mark("there", source, 0, 0, 1, 1, uuid4())
    contests: Sequence[tuple[type[Exception], list[Change]]] = [
        (StaleVersion, [counted(stream, 0) for _ in range(20)]),
        (AlreadyHandled, [counted(uuid4(), 0, key=key) for _ in range(20)]),
        (InboxMoved, [counted(uuid4(), 0, mark=step) for _ in range(20)]),
        (NameReserved, [counted(mine, 0, reserve=(("one", mine),)) for mine in (uuid4() for _ in range(20))]),
    ]
    async with both(database) as stores:
        for loses, changes in contests:
            appends = (stores[number % 2].append(change) for number, change in enumerate(changes))
            results = await asyncio.gather(*appends, return_exceptions=True)
            assert sorted(type(result).__name__ for result in results) == sorted(["int", *[loses.__name__] * 19])


async def test_their_positions_are_dense_and_each_goes_on_where_the_other_stopped(database: Database) -> None:
    async with database.acquire() as connection:
        base = await connection.fetchval("select newest_position()")
    stream, others = uuid4(), [uuid4() for _ in range(10)]
    async with both(database) as (before, now):
        turns = list(zip((before, now) * 5, others, strict=True))
        for version in range(10):
            contested = (before, now)[version % 2].append(counted(stream, version))
            beside = [store.append(counted(other, version)) for store, other in turns]
            await asyncio.gather(contested, *beside)
        assert [one.version for one in (await now.load(stream)).events] == list(range(1, 11))
        assert (await before.load(stream)).events == (await now.load(stream)).events
    async with database.acquire() as connection:
        rows = await connection.fetch("select position from events where position > $1 order by position", base)
    assert [row["position"] for row in rows] == list(range(base + 1, base + 111))
