"""What cannot be taken waits in a table, its stream behind it and no other; operators see, replay and discard it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.eventstore.database import Connection
from shared.eventstore.errors import StoreUnavailable
from shared.messaging import backoff, parked_replay, parking
from shared.messaging.kafka_record import Record
from shared.messaging.parking import Obstacle, Reason
from shared.messaging.received_fact import Fact
from tests.integration.messaging.reacting import Bench, message, open_bench, record


@pytest.fixture
async def bench(postgres_dsn: str) -> AsyncIterator[Bench]:
    async with open_bench(postgres_dsn) as opened:
        yield opened


async def test_a_gap_parks_its_stream_asks_again_and_heals(bench: Bench) -> None:
    stream, other = uuid4(), uuid4()
    await bench.take(message(stream, 1), message(stream, 3), message(other, 1), message(stream, 4))
    assert await bench.total() == 2
    assert await bench.parked() == [(stream, 3, Reason.GAP), (stream, 4, Reason.WAITING)]
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
    done = await bench.reactor.discard("there", stream, UUID(int=1), by="operator-1", reason="a typing mistake")
    assert (done.waiting, len(done.missing)) == (0, 0)
    assert await bench.total() == 1
    async with bench.database.acquire() as connection:
        row = await connection.fetchrow("select version, discarded_by, discard_reason, detail from discarded")
    assert row is not None
    assert tuple(row)[:3] == (1, "operator-1", "a typing mistake")
    assert "passed over" not in row["detail"]


@pytest.mark.rule("R30")
async def test_what_never_came_before_a_discarded_message_is_passed_over_with_a_trace(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1), message(stream, 4, by=3), message(stream, 5, by=10))
    done = await bench.reactor.discard("there", stream, UUID(int=4), by="operator-1", reason="lost at its source")
    assert (done.waiting, list(done.missing)) == (0, [2, 3])
    assert await bench.total() == 11
    async with bench.database.acquire() as connection:
        (row,) = await connection.fetch("select version, detail from discarded")
    assert (row["version"], row["detail"]) == (
        4,
        "version 2 is missing; versions 2 to 3 never came and are passed over too",
    )
    await bench.take(message(stream, 2), message(stream, 3))
    assert (await bench.total(), await bench.parked()) == (11, []), "passed over for ever"


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
    await bench.take_records(Record([("odd", b"1")], b"x"), record(message(stream, 1)))
    assert await bench.total() == 1
    async with bench.database.acquire() as connection:
        assert await connection.fetchval("select count(*) from parked where source = 'unreadable'") == 1


async def test_a_record_that_cannot_be_read_is_shown_to_operators_and_can_be_discarded(bench: Bench) -> None:
    await bench.take_records(Record([("odd", b"1")], b"x"), record(message(uuid4(), 2)))
    async with bench.database.acquire() as connection:
        waiting = {one.first.message.source: one.first for one in await parking.waiting_streams(connection)}
    assert set(waiting) == {"unreadable", "there"}
    unreadable = waiting["unreadable"]
    assert unreadable.reason is Reason.POISON
    assert "ce_id" in unreadable.detail
    assert await bench.reactor.replay("unreadable", unreadable.message.stream) == 1
    await bench.reactor.discard(
        "unreadable", unreadable.message.stream, unreadable.message.event_id, by="operator-1", reason="not ours"
    )
    assert [source for source, _, _ in await bench.waiting()] == ["there"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_sequence", b"99999999999"),
        ("ce_sequence", b"0"),
        ("ce_epoch", b"-1"),
        ("ce_schemaversion", b"70000"),
        ("ce_time", b"2026-03-05T12:00:00"),
        ("ce_time", b"0001-01-01T00:00:00+01:00"),
        ("ce_time", b"9999-12-31T23:59:59-12:00"),
        ("ce_recordedtime", b"0001-01-01T00:00:00+01:00"),
        ("ce_source", b"x" * 8000),
        ("ce_type", b"x" * 8000),
        ("ce_actor", b"x" * 20_000),
        ("ce_" + "x" * 8000, b"long"),
        ("ce_subject", b"not a uuid"),
        ("ce_pnumber", b"\x00"),
        ("ce_type", None),
    ],
)
async def test_a_header_that_no_fact_can_have_holds_nothing_up(bench: Bench, header: str, value: bytes | None) -> None:
    sound = record(message(uuid4(), 1))
    broken = [*((name, kept) for name, kept in sound.headers if name != header), (header, value)]
    await bench.take_records(Record(broken, sound.value), record(message(uuid4(), 1)))
    assert await bench.total() == 1
    assert [source for source, _, _ in await bench.waiting()] == ["unreadable"]


async def test_a_body_that_the_database_cannot_hold_is_poison_like_any_other(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, body='{"by": \x00}'), message(uuid4(), 1))
    assert await bench.total() == 1
    assert await bench.parked() == [(stream, 1, Reason.POISON)]


async def test_a_value_that_the_database_rejects_is_poison_and_not_a_database_that_is_away(bench: Bench) -> None:
    stream, other = uuid4(), uuid4()
    bench.effect_of[stream] = "\x00"
    await bench.take(message(stream, 1), message(other, 1))
    assert await bench.total() == 1
    assert await bench.parked() == [(stream, 1, Reason.POISON)]


async def test_a_gap_that_stays_does_not_make_its_source_publish_for_ever(bench: Bench) -> None:
    stream = uuid4()
    for version in (3, 4, 3, 4, 5):
        await bench.take(message(stream, version))
    assert bench.asked == [("there", stream, 1)]


async def test_an_operator_who_replays_a_hole_asks_its_source_again(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 2))
    assert await bench.reactor.replay("there", stream) == 1
    assert bench.asked == [("there", stream, 1)] * 2


async def test_a_gap_behind_a_mended_hole_is_asked_for_too(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 2), message(stream, 4))
    await bench.take(message(stream, 1))
    assert bench.asked == [("there", stream, 1), ("there", stream, 3)]
    await bench.take(message(stream, 3))
    assert await bench.total() == 4
    assert await bench.parked() == []


async def test_a_source_that_cannot_be_asked_loses_nothing_of_the_batch(bench: Bench) -> None:
    stream = uuid4()
    bench.unreachable = 1
    await bench.take(message(stream, 2), message(stream, 3), message(uuid4(), 1))
    assert await bench.parked() == [(stream, 2, Reason.GAP), (stream, 3, Reason.WAITING)]
    assert bench.asked == [("there", stream, 1)]
    assert await bench.total() == 1


async def test_only_the_first_that_waits_can_be_discarded_lest_others_vanish_with_it(bench: Bench) -> None:
    stream = uuid4()
    bench.broken = True
    await bench.take(message(stream, 1), message(stream, 2))
    with pytest.raises(LookupError, match="first"):
        await bench.reactor.discard("there", stream, UUID(int=2), by="operator-1", reason="x")
    bench.broken = False
    assert await bench.reactor.replay("there", stream) == 0
    assert await bench.total() == 2


async def test_a_discarded_alarm_lets_its_stream_go_on(bench: Bench) -> None:
    stream, other_id = uuid4(), uuid4()
    await bench.take(message(stream, 1), message(stream, 1, event_id=other_id), message(stream, 2))
    assert await bench.parked() == [(stream, 1, Reason.ALARM), (stream, 2, Reason.WAITING)]
    done = await bench.reactor.discard("there", stream, other_id, by="operator-1", reason="seen")
    assert (done.waiting, len(done.missing)) == (0, 0)
    assert await bench.total() == 2


async def test_a_stream_heals_by_itself_once_its_cause_is_mended_and_a_new_fact_comes(bench: Bench) -> None:
    stream = uuid4()
    bench.broken = True
    await bench.take(message(stream, 1))
    bench.broken = False
    await bench.take(message(stream, 2))
    assert await bench.total() == 2
    assert await bench.parked() == []


async def test_a_stream_that_stays_parked_is_tried_again_after_pauses_and_not_with_every_fact(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_STREAM_PAUSE_SECONDS", 1000.0)
    stream, other = uuid4(), uuid4()
    bench.broken = True
    await bench.take(message(stream, 1))
    await bench.take(message(stream, 2))
    assert bench.reactions == 2, "once when it came, once with the next fact"
    for version in range(3, 8):
        await bench.take(message(stream, version))
    assert bench.reactions == 2
    bench.broken = False
    await bench.take(message(stream, 8), message(other, 1))
    assert await bench.total() == 1
    assert await bench.reactor.replay("there", stream) == 0, "an operator need not wait"
    assert await bench.total() == 9


async def test_what_a_parked_stream_waited_for_is_taken_at_once_although_a_pause_is_not_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_STREAM_PAUSE_SECONDS", 1000.0)
    stream = uuid4()
    await bench.take(message(stream, 3))
    await bench.take(message(stream, 4))
    await bench.take(message(stream, 1))
    await bench.take(message(stream, 2))
    assert (await bench.total(), await bench.parked()) == (4, [])


async def test_a_replay_that_was_cut_off_goes_on_when_its_batch_is_taken_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_STREAM_PAUSE_SECONDS", 1000.0)
    stream, takes = uuid4(), 0
    take = bench.reactor.take

    async def take_until_the_database_is_gone(facts: Sequence[Fact]) -> None:
        nonlocal takes
        takes += 1
        if takes == 3:
            raise StoreUnavailable("on purpose")
        await take(facts)

    await bench.take(*(message(stream, version) for version in range(3, 8)))
    await bench.take(message(stream, 1))
    monkeypatch.setattr(bench.reactor, "take", take_until_the_database_is_gone)
    await bench.take(message(stream, 2))
    assert await bench.parked() == []
    assert await bench.total() == 7


async def test_however_much_waits_all_of_it_is_replayed(bench: Bench) -> None:
    stream, many = uuid4(), 2 * parking.PAGE + 5
    await bench.take(*(message(stream, version) for version in range(2, many + 1)))
    await bench.take(message(stream, 1))
    assert (await bench.total(), await bench.parked()) == (many, [])


async def test_a_name_that_another_stream_holds_parks_only_who_wants_it(bench: Bench) -> None:
    stream, other, holder = uuid4(), uuid4(), uuid4()
    await bench.count(holder, 100)  # a total of 100 reserves a name
    bench.apart.add(stream)
    await bench.take(message(stream, 1, by=100), message(other, 1))
    assert await bench.total() == 1
    assert await bench.parked() == [(stream, 1, Reason.POISON)]
    await bench.count(holder, 1)
    assert await bench.reactor.replay("there", stream) == 0


async def test_two_who_replay_at_once_give_each_message_one_effect(bench: Bench) -> None:
    stream = uuid4()
    bench.broken = True
    await bench.take(*(message(stream, version) for version in range(1, 9)))
    bench.broken = False
    left = await asyncio.gather(*(bench.reactor.replay("there", stream) for _ in range(4)))
    assert left == [0] * 4
    assert await bench.total() == 8
    assert await bench.parked() == []


@pytest.fixture
async def paused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A stream of which the first two messages wait, mended since, that is not tried again for long."""
    monkeypatch.setattr(backoff, "FIRST_STREAM_PAUSE_SECONDS", 600.0)
    stream = uuid4()
    bench.broken = True
    await bench.take(message(stream, 1), message(stream, 2))
    assert await bench.reactor.replay("there", stream) == 2
    bench.broken = False
    return stream


def just_before_parking(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
    """Let something happen between the moment at which a batch is sorted, and that at which it is put aside."""
    park = parking.park

    async def park_too_late(connection: Connection, obstacles: Sequence[Obstacle]) -> None:
        monkeypatch.setattr(parking, "park", park)
        await act()
        await park(connection, obstacles)

    monkeypatch.setattr(parking, "park", park_too_late)


@pytest.mark.parametrize("version", [2, 3])
async def test_what_is_put_aside_while_an_operator_replays_its_stream_elsewhere_does_not_stay(
    bench: Bench, paused: UUID, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    operators = Bench(bench.database, bench.store, sum_of=bench.sum_of).reactor
    just_before_parking(monkeypatch, lambda: operators.replay("there", paused))
    again = [waiting.message for _, _, waiting in await bench.waiting()][1]
    await bench.take(again if version == 2 else message(paused, version))
    assert await bench.parked() == []
    assert await bench.total() == version


async def test_nor_does_it_where_the_operator_discards_what_was_before_it(
    bench: Bench, paused: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    operators = Bench(bench.database, bench.store, sum_of=bench.sum_of).reactor
    first = next(waiting.message for _, _, waiting in await bench.waiting()).event_id
    just_before_parking(monkeypatch, lambda: operators.discard("there", paused, first, by="o-1", reason="on purpose"))
    await bench.take(message(paused, 3), message(paused, 4))
    assert await bench.parked() == []
    assert await bench.total() == 3


UNREADABLE_BODY = "{not json"
WRONG_BODY = '{"by": "many"}'


async def replaced(bench: Bench) -> list[tuple[int, str, str]]:
    """Version, reason and body of what was replaced."""
    async with bench.database.acquire() as connection:
        rows = await connection.fetch("select version, reason, body from replaced order by replaced_at, version")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("body", [UNREADABLE_BODY, WRONG_BODY])
async def test_what_cannot_be_decoded_is_replaced_by_its_sound_copy_and_its_stream_goes_on(
    bench: Bench, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_STREAM_PAUSE_SECONDS", 600.0)
    stream = uuid4()
    await bench.take(message(stream, 1, body=body), message(stream, 2), message(stream, 3))
    await bench.take(message(stream, 1))
    assert (await bench.total(), await bench.parked()) == (3, [])
    assert await replaced(bench) == [(1, "poison", body)], "what was replaced is kept"


async def test_so_is_what_failed_and_what_waits_behind_it_unreadable(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, by=5000))
    await bench.take(message(stream, 2, body=UNREADABLE_BODY), message(stream, 3))
    await bench.take(message(stream, 1), message(stream, 2))
    assert (await bench.total(), await bench.parked()) == (3, [])
    assert [(version, reason) for version, reason, _ in await replaced(bench)] == [(1, "poison"), (2, "waiting")]


async def test_nor_is_a_gap_before_it_in_the_way(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 2, body=UNREADABLE_BODY), message(stream, 3))
    await bench.take(message(stream, 2))
    assert (await bench.total(), len(await replaced(bench))) == (0, 1)
    await bench.take(message(stream, 1))
    assert (await bench.total(), await bench.parked()) == (3, [])


@pytest.mark.parametrize("first", [{"body": UNREADABLE_BODY}, {"by": 5000}])
async def test_a_sound_copy_in_the_same_batch_replaces_too(bench: Bench, first: dict[str, Any]) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, **first), message(stream, 2), message(stream, 1), message(stream, 2))
    assert (await bench.total(), await bench.parked()) == (2, [])
    assert len(await replaced(bench)) == 1


async def test_what_is_sound_or_says_the_same_is_not_replaced(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, body=UNREADABLE_BODY), message(stream, 2, by=2))
    for version, changes in ((1, {"body": UNREADABLE_BODY}), (1, {"body": WRONG_BODY}), (2, {"by": 900})):
        await bench.take(message(stream, version, **changes))
    assert await replaced(bench) == []
    await bench.take(message(stream, 1))
    assert await bench.total() == 3, "the first that came sound is the one that is taken"


@pytest.mark.parametrize("other_id", [UUID(int=0), UUID(int=2**128 - 1)])
async def test_another_event_at_the_version_of_what_waits_is_an_alarm_and_replaces_nothing(
    bench: Bench, other_id: UUID
) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, body=UNREADABLE_BODY), message(stream, 2))
    await bench.take(message(stream, 1, by=900, event_id=other_id))
    assert await bench.reactor.replay("there", stream) == 3
    assert (await bench.total(), await replaced(bench)) == (0, [])
    assert await bench.parked() == [(stream, 1, Reason.POISON), (stream, 1, Reason.ALARM), (stream, 2, Reason.WAITING)]
    await bench.take(message(stream, 1))
    assert await bench.total() == 1, "the source's own event is taken, and the alarm waits for an operator"
    assert await bench.parked() == [(stream, 1, Reason.ALARM), (stream, 2, Reason.WAITING)]
    await bench.reactor.discard("there", stream, other_id, by="operator-1", reason="not of the source")
    assert (await bench.total(), await bench.parked()) == (2, [])


async def test_a_discarded_alarm_does_not_take_the_place_of_what_was_taken(bench: Bench) -> None:
    stream, other_id = uuid4(), uuid4()
    await bench.take(message(stream, 1), message(stream, 1, event_id=other_id))
    await bench.reactor.discard("there", stream, other_id, by="operator-1", reason="seen")
    await bench.take(message(stream, 1), message(stream, 2))
    assert (await bench.total(), await bench.parked()) == (2, [])


async def test_why_a_message_waits_is_told_as_it_was_found_last(bench: Bench) -> None:
    stream = uuid4()
    await bench.take(message(stream, 1, body=UNREADABLE_BODY), message(stream, 2, by=5000))
    await bench.take(message(stream, 1))
    assert await bench.parked() == [(stream, 2, Reason.POISON)]
    ((_, _, waits),) = await bench.waiting()
    assert "more than 1000" in waits.detail


async def test_a_stream_is_taken_from_its_source_again(bench: Bench) -> None:
    stream = uuid4()

    async def publish_again(_source: str, _stream: UUID, version: int) -> None:
        await bench.take(*(message(stream, again) for again in range(version, 4)))

    await bench.take(message(stream, 1), message(stream, 2, body=UNREADABLE_BODY), message(stream, 3))
    bench.ask_again_with = publish_again
    done = await bench.reactor.retake("there", stream, by="operator-1")
    assert (done.from_version, done.came, done.waiting) == (2, True, 0)
    assert bench.asked == [("there", stream, 2)]
    assert await bench.total() == 3


async def test_what_comes_again_and_still_fails_is_told_to_have_come(bench: Bench) -> None:
    stream = uuid4()
    bench.broken = True
    await bench.take(message(stream, 1), message(stream, 2))
    bench.ask_again_with = lambda *_: bench.take(message(stream, 1), message(stream, 2))
    done = await bench.reactor.retake("there", stream, by="operator-1")
    assert (done.came, done.waiting) == (True, 2)


async def test_a_source_that_publishes_nothing_again_is_told_to_be_silent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked_replay, "RETAKE_SECONDS", 0.3)
    stream = uuid4()
    await bench.take(message(stream, 2), message(stream, 3))
    bench.ask_again_with = lambda *_: bench.take(message(stream, 4))  # news are no answer
    done = await bench.reactor.retake("there", stream, by="operator-1")
    assert (done.from_version, done.came, done.waiting) == (1, False, 3)
    bench.ask_again_with = lambda *_: bench.take(message(stream, 1))
    again = await bench.reactor.retake("there", stream, by="operator-1")
    assert (again.came, again.waiting, await bench.total()) == (True, 0, 4)
    with pytest.raises(LookupError):
        await bench.reactor.retake("there", stream, by="operator-1")


async def test_what_does_not_read_is_discarded_at_once_and_stays_so_when_it_is_read_again(bench: Bench) -> None:
    odd = [Record([("odd", b"1"), ("ce_unit", b"u7")], b"%d" % number, "orders", 0, number) for number in range(3)]
    await bench.take_records(*odd, record(message(uuid4(), 2)))
    assert await bench.reactor.discard_unreadable(by="operator-1", reason="not ours") == 3
    assert [source for source, _, _ in await bench.waiting()] == ["there"]
    await bench.take_records(*odd)
    assert [source for source, _, _ in await bench.waiting()] == ["there"]
    async with bench.database.acquire() as connection:
        kept = await connection.fetch(
            "select distinct discarded_by, discard_reason, count(*) from discarded group by 1, 2"
        )
    assert [tuple(row) for row in kept] == [("operator-1", "not ours", 3)]
