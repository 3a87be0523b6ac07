"""What cannot be taken waits in a table, its stream behind it and no other; operators see, replay and discard it."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from shared.kernel import parking
from shared.kernel.parking import Reason
from tests.integration.kernel.reacting import Bench, message, open_bench, record


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


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
