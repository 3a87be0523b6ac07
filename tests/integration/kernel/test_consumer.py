"""A consumer on a real PostgreSQL: repeats, holes, poison, alarms, epochs; the messages are made by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.kernel import parking
from shared.kernel.clock import RealClock
from shared.kernel.cloudevents import Message, read
from shared.kernel.commands import Guard, Intent, execute
from shared.kernel.consumer import Record
from shared.kernel.database import Database, open_database
from shared.kernel.event_store import EventStore
from shared.kernel.events import EventTypes, Metadata
from shared.kernel.parking import Reason
from shared.kernel.reactor import Reaction, Reactor
from shared.kernel.received import Received
from tests.integration.kernel.counter import COUNTER, FACTS, Count, Counted, Counter

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A reactor that counts in its own stream what it hears, and what it asked for again."""

    database: Database
    store: EventStore
    asked: list[tuple[str, UUID, int]] = field(default_factory=list)
    broken: bool = False
    """While set, reacting fails for a reason that does not pass."""
    sum_of: UUID = field(default_factory=uuid4)
    reactor: Reactor = field(init=False)

    def __post_init__(self) -> None:
        self.reactor = Reactor(
            self.database,
            self.store,
            RealClock(),
            EventTypes(FACTS),
            {Counted: self.react},
            own_source="here",
            ask_again=self.ask_again,
        )

    async def react(self, received: Received) -> Reaction:
        if self.broken:
            raise RuntimeError("broken on purpose")
        assert isinstance(received.event, Counted)
        return Reaction([Intent(COUNTER, self.sum_of, Count(received.event.by))])

    async def ask_again(self, source: str, stream: UUID, version: int) -> None:
        self.asked.append((source, stream, version))

    async def take(self, *messages: Message) -> None:
        await self.reactor.take_records([record(message) for message in messages])

    async def total(self) -> int:
        return (await self.counter()).total

    async def counter(self) -> Counter:
        return COUNTER.fold([recorded.event for recorded in (await self.store.load(self.sum_of)).events])

    async def parked(self) -> list[tuple[UUID, int, Reason]]:
        async with self.database.acquire() as connection:
            streams = await parking.waiting_streams(connection)
            return [
                (one.message.stream, one.message.version, one.reason)
                for first in streams
                for one in await parking.waiting_messages(connection, first.message.source, first.message.stream)
            ]


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with (
        open_database(postgres_dsn, "offers") as database,
        EventStore(database, EventTypes(FACTS)) as store,
    ):
        yield Bench(database, store)


def message(stream: UUID, version: int, by: int = 1, **changes: Any) -> Message:
    values: dict[str, Any] = {
        "source": "there",
        "stream": stream,
        "epoch": 1,
        "version": version,
        "event_id": UUID(int=version),
        "type": "Counted",
        "schema_version": 1,
        "occurred_at": NOW,
        "recorded_at": NOW,
        "body": Counted(by=by).public_json(),
        "concerns": {"unit": "u1"},
    }
    return Message(**{**values, **changes})


def record(sent: Message) -> Record:
    return sent.headers(), sent.body.encode()


async def test_facts_are_taken_in_order_and_have_their_effect(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, 2), message(stream, 2, 3))
    assert await bench.total() == 5


async def test_a_message_that_comes_twice_has_one_effect(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1), message(stream, 1))
    await bench.take(message(stream, 1), message(stream, 2), message(stream, 1))
    assert await bench.total() == 2
    assert await bench.parked() == []


async def test_a_hole_parks_its_stream_asks_again_and_heals(bench: Bench) -> None:
    stream, other = uuid4(), uuid4()
    await bench.take(message(stream, 1), message(stream, 3), message(other, 1), message(stream, 4))
    assert await bench.total() == 2
    assert await bench.parked() == [(stream, 3, Reason.HOLE), (stream, 4, Reason.WAITING)]
    assert ("there", stream, 2) in bench.asked
    await bench.take(message(stream, 2), message(stream, 3), message(stream, 4))
    assert await bench.total() == 5
    assert await bench.parked() == []


async def test_poison_parks_its_own_stream_only(bench: Bench) -> None:
    stream, other = uuid4(), uuid4()
    await bench.take(message(stream, 1, body="{not json"), message(other, 1), message(stream, 2), message(other, 2))
    assert await bench.total() == 2
    assert await bench.parked() == [(stream, 1, Reason.POISON), (stream, 2, Reason.WAITING)]


async def test_a_body_that_does_not_fit_its_type_is_poison(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, body='{"by": "many"}'))
    assert await bench.parked() == [(stream, 1, Reason.POISON)]


async def test_a_handler_that_fails_for_good_parks_only_the_guilty_and_what_follows(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1), message(stream, 2, by=5000), message(stream, 3))
    assert await bench.total() == 1
    assert await bench.parked() == [(stream, 2, Reason.POISON), (stream, 3, Reason.WAITING)]


async def test_a_parked_stream_is_replayed_once_its_cause_is_mended(bench: Bench) -> None:
    stream = uuid4()
    bench.broken = True
    await bench.take(message(stream, 1), message(stream, 2))
    assert await bench.reactor.replay("there", stream) == 2
    bench.broken = False
    assert await bench.reactor.replay("there", stream) == 0
    assert await bench.total() == 2
    assert await bench.parked() == []


async def test_a_discarded_message_is_passed_over_and_kept_with_its_reason(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, by=5000), message(stream, 2))
    await bench.reactor.discard("there", stream, UUID(int=1), by="operator-1", reason="a typing mistake")
    assert await bench.total() == 1
    async with bench.database.acquire() as connection:
        row = await connection.fetchrow("select version, discarded_by, discard_reason from discarded")
    assert row is not None
    assert tuple(row) == (1, "operator-1", "a typing mistake")


async def test_discarding_what_is_not_parked_is_said(bench: Bench) -> None:
    with pytest.raises(LookupError):
        await bench.reactor.discard("there", uuid4(), uuid4(), by="operator-1", reason="x")


async def test_the_same_version_with_another_id_is_an_alarm(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1))
    await bench.take(message(stream, 1, event_id=uuid4()))
    assert await bench.parked() == [(stream, 1, Reason.ALARM)]
    assert await bench.total() == 1


async def test_a_source_of_a_higher_epoch_goes_on_where_it_was_restored(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1), message(stream, 2), message(stream, 3))
    await bench.take(message(stream, 2, epoch=2, event_id=uuid4()), message(stream, 3, epoch=2, event_id=uuid4()))
    assert await bench.total() == 5
    await bench.take(message(stream, 4))
    assert await bench.total() == 5


async def test_an_unknown_type_is_skipped_and_leaves_no_hole(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, type="Unheard", body="{}"), message(stream, 2))
    assert await bench.total() == 1
    assert await bench.parked() == []


async def test_unknown_fields_do_no_harm(bench: Bench) -> None:
    await bench.take(message(uuid4(), 1, body='{"by": 1, "new": true}'))
    assert await bench.total() == 1


async def test_a_service_skips_its_own_facts(bench: Bench) -> None:
    await bench.take(message(uuid4(), 1, source="here"))
    assert await bench.total() == 0


async def test_a_record_without_the_headers_of_a_fact_is_kept_and_holds_nothing_up(bench: Bench) -> None:
    stream = uuid4()
    await bench.reactor.take_records([([("odd", b"1")], b"x"), record(message(stream, 1))])
    assert await bench.total() == 1
    async with bench.database.acquire() as connection:
        assert await connection.fetchval("select count(*) from parked where source = 'unreadable'") == 1


async def test_what_a_parked_fact_concerns_can_be_asked(bench: Bench) -> None:
    await bench.take(message(uuid4(), 2))
    async with bench.database.acquire() as connection:
        assert await parking.is_parked(connection, {"unit": "u1"})
        assert not await parking.is_parked(connection, {"unit": "u2"})


async def test_a_reaction_whose_guard_moved_reads_again(bench: Bench) -> None:
    watched, read = uuid4(), 0

    async def react(_: Received) -> Reaction:
        nonlocal read
        read += 1
        version = (await bench.store.load(watched)).version
        if read == 1:  # somebody writes between reading and appending
            metadata = Metadata(command_id=uuid4(), actor="somebody")
            await execute(bench.store, [Intent(COUNTER, watched, Count())], at=NOW, metadata=metadata)
        return Reaction([Intent(COUNTER, bench.sum_of, Count())], [Guard(watched, version)])

    bench.reactor._reactions = {Counted: react}
    await bench.take(message(uuid4(), 1))
    assert (await bench.total(), read) == (1, 2)


async def test_a_cut_connection_makes_the_batch_be_tried_again(bench: Bench, postgres_dsn: str) -> None:
    stream = uuid4()
    operator = await asyncpg.connect(postgres_dsn)
    await operator.execute(
        """select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'aftale-offers' and datname = current_database()"""
    )
    await operator.close()
    await bench.take(message(stream, 1), message(stream, 2))
    assert await bench.total() == 2


def test_a_message_survives_its_headers() -> None:
    sent = replace(message(uuid4(), 3), policy="2024-01-01", traceparent=f"00-{1:032x}-{1:016x}-01", actor="i-1")
    assert read(sent.headers(), sent.body.encode()) == sent
