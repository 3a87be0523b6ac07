"""A consumer on a real PostgreSQL: each fact has one effect, in the order of its stream, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.eventstore.commands import Intent, execute
from shared.eventstore.decider import Guard
from shared.eventstore.events import Metadata
from shared.messaging.parking import Reason
from shared.messaging.reactor import Reaction
from shared.messaging.received_fact import ReceivedFact
from shared.messaging.transient_errors import retry_while_transient
from tests.integration.cut_connections import cut_connections
from tests.integration.eventstore.counter import COUNTER, Count, Counted, CountUnderPolicy
from tests.integration.messaging.reacting import NOW, Bench, message, open_bench


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


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


async def test_a_source_of_a_higher_epoch_goes_on_where_it_was_restored(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1), message(stream, 2), message(stream, 3))
    await bench.take(message(stream, 2, epoch=2, event_id=uuid4()), message(stream, 3, epoch=2, event_id=uuid4()))
    assert await bench.total() == 5
    await bench.take(message(stream, 4))
    assert await bench.total() == 5


async def test_facts_of_one_case_are_taken_in_order_also_where_they_come_of_several_services(bench: Bench) -> None:
    case, taken = uuid4(), []

    async def react(received: ReceivedFact) -> Reaction:
        source, version = received.message.source, received.message.version
        await asyncio.sleep({"first": 0.2, "second": 0.0}[source])
        taken.append((source, version))
        return Reaction([Intent(COUNTER, bench.sum_of, Count())])

    bench.reactor._reactions = {Counted: react}
    order = [("first", 1), ("second", 1), ("first", 2), ("first", 3), ("second", 2)]
    await bench.take(*(message(case, version, source=source) for source, version in order))
    assert taken == order


async def test_a_fact_that_fails_holds_back_its_stream_and_not_what_others_say_of_the_case(bench: Bench) -> None:
    case = uuid4()

    async def react(received: ReceivedFact) -> Reaction:
        if (received.message.source, received.message.version) == ("first", 1):
            raise RuntimeError("broken on purpose")
        return Reaction([Intent(COUNTER, bench.sum_of, Count())])

    bench.reactor._reactions = {Counted: react}
    order = [("first", 1), ("second", 1), ("first", 2), ("second", 2)]
    await bench.take(*(message(case, version, source=source) for source, version in order))
    assert await bench.total() == 2
    assert await bench.parked() == [(case, 1, Reason.POISON), (case, 2, Reason.WAITING)]


async def test_unknown_fields_do_no_harm(bench: Bench) -> None:
    await bench.take(message(uuid4(), 1, body='{"by": 1, "new": true}'))
    assert await bench.total() == 1


async def test_a_service_skips_its_own_facts(bench: Bench) -> None:
    await bench.take(message(uuid4(), 1, source="here"))
    assert await bench.total() == 0


async def test_a_reaction_whose_guard_moved_reads_again(bench: Bench) -> None:
    watched, read = uuid4(), 0

    async def react(_: ReceivedFact) -> Reaction:
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


async def test_a_reaction_is_shaped_by_the_policy_of_its_command_and_not_by_that_of_the_fact(bench: Bench) -> None:
    async def react(received: ReceivedFact) -> Reaction:
        plain = received.message.version == 1
        return Reaction([Intent(COUNTER, bench.sum_of, Count() if plain else CountUnderPolicy())])

    bench.reactor._reactions = {Counted: react}
    stream = uuid4()
    await bench.take(message(stream, 1, policy="2020-01-01"), message(stream, 2, policy="2020-01-01"))
    recorded = (await bench.store.load(bench.sum_of)).events
    assert [one.metadata.get("policy") for one in recorded] == [None, "2024-01-01"]


async def test_a_cut_connection_makes_the_batch_be_tried_again(bench: Bench, postgres_dsn: str) -> None:
    stream = uuid4()
    assert await cut_connections(postgres_dsn, "aftale-offers/%") > 0
    await bench.take(message(stream, 1), message(stream, 2))
    assert await retry_while_transient(bench.total, service="offers") == 2


async def test_an_unknown_type_is_skipped_and_leaves_no_hole(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, type="Unheard", body="{}"), message(stream, 2))
    assert await bench.total() == 1
    assert await bench.parked() == []
