"""Rows that are other than the deciders say are found, and brought to it by a step that can be killed (R28)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.eventstore.release_steps import BATCH, ReleaseStep, carry_out
from shared.eventstore.timer_and_reservation_drift import drift_of, mend
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, SetAlarm

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = replace(
    COUNTER,
    timers=lambda state: {"ring-later": state.alarm + HOUR} if state.alarm else {},
    reservations=lambda state: frozenset({f"total/{state.total}"}) if state.total else frozenset(),
)
"""The subject as the next release has it: other timers and names for the same state."""


@dataclass
class Service:
    database: Database
    store: EventStore

    async def tell(self, stream: UUID, *commands: object) -> None:
        for command in commands:
            metadata = Metadata(command_id=uuid4(), actor="tester")
            await execute(self.store, [Intent(COUNTER, stream, command)], at=NOW, metadata=metadata)

    async def rows(self, stream: UUID) -> tuple[list[tuple[str, datetime]], list[str]]:
        async with self.database.acquire() as connection:
            timers = await connection.fetch("select name, due from timers where stream = $1 order by name", stream)
            names = await connection.fetch("select name from reservations where stream = $1 order by name", stream)
        return [tuple(row) for row in timers], [row["name"] for row in names]

    async def bring(self, stream: UUID) -> bool:
        return await mend(self.database, self.store, [LATER], stream, actor="offers")


@pytest.fixture
async def service(postgres_dsn: str) -> AsyncIterator[Service]:
    async with open_database(postgres_dsn, "offers") as database, EventStore(database, EventTypes(FACTS)) as store:
        yield Service(database, store)


@pytest.mark.rule("R28")
async def test_what_stands_as_the_deciders_say_is_left(service: Service) -> None:
    stream = uuid4()
    await service.tell(stream, SetAlarm(NOW + HOUR), Count(100))
    assert (await drift_of(service.database, service.store, [COUNTER], stream)).same
    assert not await mend(service.database, service.store, [COUNTER], stream, actor="offers")
    assert await service.rows(stream) == ([("counter:ring", NOW + HOUR)], ["the-hundred"])


@pytest.mark.rule("R28")
async def test_rows_of_the_release_before_are_found_and_brought_along(service: Service) -> None:
    stream = uuid4()
    await service.tell(stream, SetAlarm(NOW + HOUR), Count(100))
    drift = await drift_of(service.database, service.store, [LATER], stream)
    assert (drift.arm, drift.cancel) == ((("counter:ring-later", NOW + 2 * HOUR),), ("counter:ring",))
    assert (drift.reserve, drift.release) == (("total/100",), ("the-hundred",))
    assert await service.bring(stream)
    assert await service.rows(stream) == ([("counter:ring-later", NOW + 2 * HOUR)], ["total/100"])
    assert not await service.bring(stream)
    assert (await service.store.load(stream)).version == 2, "no fact is recorded"


@pytest.mark.rule("R28")
async def test_rows_that_were_lost_or_changed_are_found(service: Service) -> None:
    stream = uuid4()
    await service.tell(stream, SetAlarm(NOW + HOUR), Count(100))
    async with service.database.acquire() as connection:
        await connection.execute("update timers set due = due + interval '1 day' where stream = $1", stream)
        await connection.execute("delete from reservations where stream = $1", stream)
    drift = await drift_of(service.database, service.store, [COUNTER], stream)
    assert (drift.arm, drift.reserve) == ((("counter:ring", NOW + HOUR),), ("the-hundred",))
    assert (drift.cancel, drift.release) == ((), ())


@pytest.mark.rule("R8")
async def test_a_name_that_another_stream_holds_is_not_taken_from_it(service: Service) -> None:
    first, second = uuid4(), uuid4()
    for stream in (first, second):
        await service.tell(stream, Count(7))
    assert await service.bring(first)
    with pytest.raises(NameReserved):
        await service.bring(second)
    assert [(await service.rows(stream))[1] for stream in (first, second)] == [["total/7"], []]
    await carry_out(service.database, [ReleaseStep("rows", service.bring)])
    async with service.database.acquire() as connection:
        assert await connection.fetchval("select done_at is not null from release_steps where name = 'rows'")


@pytest.mark.rule("R28")
async def test_a_step_that_is_killed_goes_on_and_once_done_is_not_taken_again(service: Service) -> None:
    streams = sorted(uuid4() for _ in range(2 * BATCH + 3))
    for stream in streams:
        await service.tell(stream, SetAlarm(NOW + HOUR))
    taken: list[UUID] = []

    async def take(stream: UUID) -> None:
        if len(taken) == BATCH + 2 and stream not in taken:
            taken.append(stream)
            raise RuntimeError("killed")
        taken.append(stream)
        await service.bring(stream)

    with pytest.raises(RuntimeError):
        await carry_out(service.database, [ReleaseStep("rows", take)])
    assert taken == streams[: BATCH + 3]
    del taken[:]
    await carry_out(service.database, [ReleaseStep("rows", service.bring), ReleaseStep("another", take_nothing)])
    for stream in streams:
        assert await service.rows(stream) == ([("counter:ring-later", NOW + 2 * HOUR)], [])
    await carry_out(service.database, [ReleaseStep("rows", take)])
    assert taken == []


async def take_nothing(stream: UUID) -> None:
    """A step that finds every stream done."""
