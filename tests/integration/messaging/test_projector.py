"""A projector on a real PostgreSQL: the same rows whether a batch is taken at once, by stream, twice or by two."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from shared.eventstore.database import Connection, Database, open_database
from shared.eventstore.events import EventTypes
from shared.messaging.cloudevents import Message
from shared.messaging.parking import Reason, waiting_messages
from shared.messaging.projector import Projector
from shared.messaging.received_fact import ReceivedFact
from tests.integration.eventstore.counter import FACTS, Counted
from tests.integration.messaging.reacting import message, record
from tests.tampering import tampering

Rows = dict[UUID, list[int]]


class Diary(Projector):
    """Writes down what it hears, with nothing of its own that would notice a repeat."""

    batches = 0

    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        self.batches += 1
        await connection.executemany(
            "insert into diary (stream, by) values ($1, $2)",
            [(fact.message.stream, fact.event.by) for fact in facts if isinstance(fact.event, Counted)],
        )


class Bench:
    """A diary on a database, and what stands in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[tuple[str, UUID, int]] = []
        self.diary = self.new_diary()

    def new_diary(self) -> Diary:
        return Diary(self.database, EventTypes(FACTS), own_source="here", ask_again=self.ask_again)

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        self.asked.append((source, stream, version))

    async def take(self, *messages: Message, diary: Diary | None = None) -> None:
        async with asyncio.timeout(8):
            await (diary or self.diary).take_records([record(message) for message in messages])

    async def rows(self) -> Rows:
        async with self.database.acquire() as connection:
            rows: Rows = {}
            for row in await connection.fetch("select stream, by from diary order by id"):
                rows.setdefault(row["stream"], []).append(row["by"])
            return rows

    async def parked(self, stream: UUID) -> list[tuple[int, Reason]]:
        async with self.database.acquire() as connection:
            waiting = await waiting_messages(connection, "there", stream)
        return [(one.message.version, one.reason) for one in waiting]


@asynccontextmanager
async def open_bench(dsn: str) -> AsyncIterator[Bench]:
    async with open_database(dsn, "offers") as database:
        async with database.acquire() as connection, tampering(connection):
            diary = "create table diary (id bigint generated always as identity, stream uuid, by int)"
            await connection.execute(f"{diary}; grant all on diary to aftale_offers")
        yield Bench(database)


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


@pytest.fixture
async def other_bench(other_postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(other_postgres_dsn) as opened:
        yield opened


def woven(streams: Sequence[UUID], versions: int) -> list[Message]:
    """Facts of several streams, woven into each other."""
    return [message(stream, version, version) for version in range(1, versions + 1) for stream in streams]


def rejected(stream: UUID, version: int) -> Message:
    """The database does not take it."""
    return message(stream, version, by=2**31)


async def test_a_batch_at_once_and_one_by_halves_give_the_same_rows(bench: Bench, other_bench: Bench) -> None:
    streams, poisoned = [uuid4() for _ in range(5)], uuid4()
    facts = woven(streams, 6)
    await bench.take(*facts)
    await other_bench.take(*facts[:7], rejected(poisoned, 1), *facts[7:])
    assert await bench.rows() == await other_bench.rows() == {stream: [1, 2, 3, 4, 5, 6] for stream in streams}
    assert await other_bench.parked(poisoned) == [(1, Reason.POISON)]


async def test_batches_cut_anywhere_and_repeated_give_the_same_rows(bench: Bench) -> None:
    streams = [uuid4() for _ in range(3)]
    facts = woven(streams, 8)
    for start in range(0, 24, 5):
        await bench.take(*facts[max(0, start - 4) : start + 5])
    assert await bench.rows() == {stream: list(range(1, 9)) for stream in streams}


async def test_a_fact_that_cannot_be_folded_parks_its_stream_and_the_batch_goes_on(bench: Bench) -> None:
    guilty, sound = uuid4(), uuid4()
    too_large = message(guilty, 2, by=2**40)  # asyncpg refuses it itself: not a database that is away
    await bench.take(message(guilty, 1), message(sound, 1), too_large, message(guilty, 3), message(sound, 2, 2))
    assert await bench.rows() == {guilty: [1], sound: [1, 2]}
    assert await bench.parked(guilty) == [(2, Reason.POISON), (3, Reason.WAITING)]


async def test_a_gap_parks_its_stream_and_heals(bench: Bench) -> None:
    gapped, sound = uuid4(), uuid4()
    await bench.take(message(gapped, 2, 2), message(sound, 1))
    assert await bench.rows() == {sound: [1]}
    assert bench.asked == [("there", gapped, 1)]
    await bench.take(message(gapped, 1), message(sound, 2, 2))
    assert await bench.rows() == {sound: [1, 2], gapped: [1, 2]}
    assert await bench.parked(gapped) == []


async def test_what_is_parked_does_not_cost_the_others_their_batch(bench: Bench) -> None:
    sound, poisoned, gapped, alarming = [uuid4() for _ in range(5)], uuid4(), uuid4(), uuid4()
    await bench.take(message(poisoned, 1, body="{not json"), message(alarming, 1))
    before = bench.diary.batches
    facts = woven(sound, 4)
    await bench.take(
        *facts[:9], message(poisoned, 2), message(gapped, 2), message(alarming, 1, event_id=uuid4()), *facts[9:]
    )
    assert bench.diary.batches == before + 1
    assert await bench.rows() == {**{stream: [1, 2, 3, 4] for stream in sound}, alarming: [1]}
    assert await bench.parked(poisoned) == [(1, Reason.POISON), (2, Reason.WAITING)]
    assert await bench.parked(gapped) == [(2, Reason.GAP)]
    assert await bench.parked(alarming) == [(1, Reason.ALARM)]


async def test_the_guilty_one_of_many_is_found_by_halves(bench: Bench) -> None:
    streams = [uuid4() for _ in range(64)]
    guilty = streams[40]
    facts = woven(streams, 2)
    await bench.take(*(rejected(guilty, 1) if one == message(guilty, 1) else one for one in facts))
    assert await bench.parked(guilty) == [(1, Reason.POISON), (2, Reason.WAITING)]
    assert await bench.rows() == {stream: [1, 2] for stream in streams if stream != guilty}
    assert bench.diary.batches == 1 + 2 * 6 + 2, (
        "all, two halves of each half that fails, the guilty case alone, and its stream by fact"
    )


async def test_two_processes_that_take_the_same_facts_write_each_once(bench: Bench) -> None:
    """As after a rebalance, when the one that lost a partition still works on what it had fetched."""
    streams = [uuid4() for _ in range(4)]
    for start in range(1, 30, 3):
        batch = [message(stream, version, version) for stream in streams for version in range(start, start + 3)]
        backwards = [message(stream, v, v) for stream in reversed(streams) for v in range(start, start + 3)]
        await asyncio.gather(bench.take(*batch), bench.take(*backwards, diary=bench.new_diary()))
    assert await bench.rows() == {stream: list(range(1, 31)) for stream in streams}
    for stream in streams:
        assert await bench.parked(stream) == []


async def test_an_operator_and_a_consumer_at_once_write_each_fact_once(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(*(message(stream, version, version) for version in range(2, 12)))
    async with bench.database.acquire() as connection:  # the missing fact, where nobody has tried it yet
        await connection.execute("insert into inbox values ('there', $1, 1, 1, $2)", stream, UUID(int=1))
    await asyncio.gather(
        bench.new_diary().replay("there", stream),
        bench.take(message(stream, 12, 12)),
        bench.diary.replay("there", stream),
    )
    assert await bench.rows() == {stream: list(range(2, 13))}
    assert await bench.parked(stream) == []
