"""Commands on what this process knows of a subject, without reading it, while other processes write to it too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.eventstore.change import Change
from shared.eventstore.commands import Decision, Intent, execute, folded, read
from shared.eventstore.database import Database, open_database
from shared.eventstore.decider import Guard
from shared.eventstore.errors import Refused, StaleVersion, StoreUnavailable
from shared.eventstore.event_store import EventStore, Loaded
from shared.eventstore.events import Event, EventTypes, Metadata, Recorded
from shared.eventstore.state_cache import StateCache, VersionedState
from tests.integration.eventstore.counter import COUNTER, FACTS, Count, Counted, Counter, evolve

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Noting(EventStore):
    """Notes what is read."""

    def __init__(self, database: Database, types: EventTypes) -> None:
        super().__init__(database, types)
        self.read: list[UUID] = []
        self.whole: list[UUID] = []
        """Of these, what was loaded from the beginning."""
        self.is_away = False

    async def append(self, change: Change) -> int:
        if self.is_away:
            raise StoreUnavailable("planted")
        return await super().append(change)

    async def load(self, stream: UUID, *, readable: bool = False) -> Loaded:
        self.read.append(stream)
        self.whole.append(stream)
        return await super().load(stream, readable=readable)

    async def load_newer(self, stream: UUID, than: int) -> tuple[Recorded, ...] | None:
        self.read.append(stream)
        return await super().load_newer(stream, than)


@dataclass(frozen=True)
class Process:
    """A process of the service."""

    store: Noting

    async def count(
        self, stream: UUID, by: int = 1, *, note: str | None = None, relies_on: Sequence[Guard] = ()
    ) -> Decision[Counter]:
        metadata, intent = Metadata(command_id=uuid4(), actor="tester"), Intent(COUNTER, stream, Count(by, note))
        (decision,) = await execute(self.store, [intent], at=NOW, metadata=metadata, guards=relies_on)
        return decision


@pytest.fixture
async def processes(postgres_dsn: str) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(open_database(postgres_dsn, "offers")) for _ in range(2)]
        one, other = [await stack.enter_async_context(Noting(each, EventTypes(FACTS))) for each in databases]
        yield Process(one), Process(other)


async def test_a_subject_that_was_just_decided_on_is_not_read_again(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    stream = uuid4()
    decided = [await one.count(stream) for _ in range(3)]
    assert [decision.version for decision in decided] == [1, 2, 3]
    assert one.store.read == [stream]


async def test_what_another_process_wrote_is_not_passed_over(processes: tuple[Process, Process]) -> None:
    one, other = processes
    stream = uuid4()
    await one.count(stream, 1)
    await other.count(stream, 10)
    decision = await one.count(stream, 100)
    assert (decision.version, decision.state.total) == (3, 111)
    assert [recorded.version for recorded in (await other.store.load(stream)).events] == [1, 2, 3]


async def test_a_read_adds_what_others_wrote_to_the_state_that_is_cached(processes: tuple[Process, Process]) -> None:
    one, other = processes
    stream = uuid4()
    await one.count(stream, 1)
    assert await read(one.store, COUNTER, stream) == VersionedState(1, Counter(1))
    await other.count(stream, 10)
    await other.count(stream, 100)
    assert await read(one.store, COUNTER, stream) == VersionedState(3, Counter(111))


async def test_a_state_that_was_read_once_is_not_loaded_from_the_beginning_again(
    processes: tuple[Process, Process],
) -> None:
    one, other = processes
    stream = uuid4()
    await other.count(stream, 1)
    assert await read(one.store, COUNTER, stream) == VersionedState(1, Counter(1))
    await other.count(stream, 10)
    assert [recorded.version for recorded in await one.store.load_newer(stream, 1) or ()] == [2]
    one.store.whole.clear()
    assert await read(one.store, COUNTER, stream) == VersionedState(2, Counter(11))
    assert await read(one.store, COUNTER, stream) == VersionedState(2, Counter(11))
    assert one.store.whole == []


async def test_a_command_on_what_was_only_read_before_reads_it_again(processes: tuple[Process, Process]) -> None:
    one, other = processes
    stream = uuid4()
    await read(one.store, COUNTER, stream)
    await other.count(stream, 10)
    one.store.read.clear()
    assert (await one.count(stream, 100)).state.total == 110
    assert one.store.read == [stream]


async def test_a_state_beyond_the_end_of_its_stream_is_given_up(processes: tuple[Process, Process]) -> None:
    """As after a restore of the database."""
    one, _ = processes
    stream, unknown = uuid4(), uuid4()
    await one.count(stream, 1)
    for lost in (stream, unknown):
        one.store.state_cache.note_read(COUNTER, lost, VersionedState(2, Counter(11)))
    assert await read(one.store, COUNTER, stream) == VersionedState(1, Counter(1))
    assert await read(one.store, COUNTER, unknown) == VersionedState(0, Counter(0))


async def test_what_came_after_a_cached_state_was_relied_on_is_not_passed_over(
    processes: tuple[Process, Process],
) -> None:
    """As an absence that is noted between the look into a calendar and the booking."""
    one, other = processes
    calendar, course = uuid4(), uuid4()
    await other.count(calendar)
    for _ in range(2):
        looked = await read(one.store, COUNTER, calendar)
    await other.count(calendar, 10)
    with pytest.raises(StaleVersion):
        await one.count(course, relies_on=[Guard(calendar, looked.version)])
    again = await read(one.store, COUNTER, calendar)
    assert again == VersionedState(2, Counter(11))
    await one.count(course, relies_on=[Guard(calendar, again.version)])


async def test_what_an_append_that_failed_would_have_led_to_is_not_cached(processes: tuple[Process, Process]) -> None:
    one, other = processes
    stream, relied_on = uuid4(), uuid4()
    await one.count(stream, 1)
    one.store.is_away = True
    with pytest.raises(StoreUnavailable):
        await one.count(stream, 10)
    one.store.is_away = False
    await other.count(relied_on)
    with pytest.raises(StaleVersion):
        await one.count(stream, 100, relies_on=[Guard(relied_on, 0)])
    assert await read(one.store, COUNTER, stream) == VersionedState(1, Counter(1))
    assert (await one.count(stream, 500)).state == Counter(501)


@pytest.mark.parametrize("seed", range(3))
async def test_a_read_gives_what_the_whole_stream_gives_whatever_went_before(
    processes: tuple[Process, Process], seed: int
) -> None:
    drawn, streams = Random(seed), [uuid4() for _ in range(3)]

    async def something(process: Process) -> None:
        stream = drawn.choice(streams)
        guards = [Guard(drawn.choice(streams), drawn.randrange(9))] if drawn.random() < 0.2 else []
        process.store.is_away = drawn.random() < 0.2
        with suppress(StaleVersion, StoreUnavailable):
            await (process.count(stream, relies_on=guards) if drawn.random() < 0.5 else read_it(process, stream))

    async def read_it(process: Process, stream: UUID) -> None:
        known = await read(process.store, COUNTER, stream)
        assert known.state.total == known.version

    for _ in range(40):
        await asyncio.gather(*(something(drawn.choice(processes)) for _ in range(3)))
        for process in processes:
            for stream in streams:
                known = await read(process.store, COUNTER, stream)
                assert known == folded(COUNTER, await process.store.load(stream))


async def test_a_subject_to_which_others_write_is_read_each_time_from_then_on(
    processes: tuple[Process, Process],
) -> None:
    one, other = processes
    stream = uuid4()
    await one.count(stream)
    await other.count(stream)
    await one.count(stream)
    one.store.read.clear()
    await one.count(stream)
    await one.count(stream)
    assert one.store.read == [stream, stream]


async def test_two_commands_of_one_process_that_race_do_not_make_it_read_each_time(
    processes: tuple[Process, Process],
) -> None:
    one, _ = processes
    stream = uuid4()
    await one.count(stream)
    await asyncio.gather(one.count(stream), one.count(stream))
    one.store.read.clear()
    await one.count(stream)
    assert one.store.read == []


async def test_nothing_is_refused_for_what_is_no_longer_so(processes: tuple[Process, Process]) -> None:
    one, other = processes
    stream = uuid4()
    await one.count(stream, 900)
    await other.count(stream, -500)
    assert (await one.count(stream, 200)).state.total == 600


async def test_what_is_refused_on_the_newest_state_is_refused(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    stream = uuid4()
    await one.count(stream, 900)
    with pytest.raises(Refused):
        await one.count(stream, 200)
    assert (await one.store.load(stream)).version == 1


@dataclass(frozen=True)
class Notebook(Counter):
    """A state that holds whole facts."""

    counted: tuple[Counted, ...] = field(default=())


def _write_down(state: Counter, event: Event) -> Counter:
    assert isinstance(state, Notebook)
    assert isinstance(event, Counted)
    counted = evolve(state, event)
    assert isinstance(counted, Notebook)
    return replace(counted, counted=(*state.counted, event))


NOTEBOOK = replace(COUNTER, name="notebook", initial=Notebook(), evolve=_write_down)


@pytest.mark.rule("R31")
async def test_no_state_holds_private_text_after_its_command_or_when_read(
    processes: tuple[Process, Process],
) -> None:
    one, _ = processes
    stream = uuid4()
    intent = Intent(NOTEBOOK, stream, Count(note="Klejnstrup planted this"))
    metadata = Metadata(command_id=uuid4(), actor="tester")
    (decision,) = await execute(one.store, [intent], at=NOW, metadata=metadata)
    known, found = one.store.state_cache.get(NOTEBOOK, stream), await read(one.store, NOTEBOOK, stream)
    readable = NOTEBOOK.fold([one.event for one in (await one.store.load(stream, readable=True)).events])
    assert known == found == VersionedState(1, decision.state) == VersionedState(1, readable)
    assert isinstance(decision.state, Notebook)
    assert "Klejnstrup" not in repr(decision.state)
    with pytest.raises(AttributeError):
        _ = decision.state.counted[0].note


@pytest.mark.rule("R31")
async def test_a_read_that_goes_on_from_a_cached_state_adds_no_private_text_before_or_after_an_erasure(
    processes: tuple[Process, Process], postgres_dsn: str
) -> None:
    one, other = processes
    stream = uuid4()
    await read(one.store, NOTEBOOK, stream)
    await other.count(stream, note="Klejnstrup planted this")
    before = await read(one.store, NOTEBOOK, stream)
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("update offers.private_keys set key = null, destroyed_at = now()")
    await connection.close()
    await other.count(stream, note="Klejnstrup planted this, too")
    after = await read(one.store, NOTEBOOK, stream)
    assert (before.version, after.version) == (1, 2)
    for known in (before, after):
        assert "Klejnstrup" not in repr(known)
    assert after == folded(NOTEBOOK, await one.store.load(stream))


def test_the_subject_that_was_touched_longest_ago_is_forgotten() -> None:
    known = StateCache(2)
    streams: Sequence[UUID] = [uuid4() for _ in range(3)]
    for stream in (*streams[:2], streams[0], streams[2]):
        known.keep(COUNTER, stream, VersionedState(1, Counter()))
    assert [known.get(COUNTER, stream) is not None for stream in streams] == [True, False, True]
    assert [known.latest(COUNTER, stream) is not None for stream in streams] == [True, False, True]
