"""A name that a command releases is free for that command: places are exchanged in one append, never given twice."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from shared.eventstore.append_parameters import APPEND, GroupRows, RowOrder
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import NameReserved
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes
from tests.integration.eventstore.counter import FACTS
from tests.integration.eventstore.exchanging import (
    HOLDERS,
    Exchange,
    after,
    drawn,
    exchange_at_random,
    noted_exchanges,
    reservations,
)

A, B, C, D, _ = HOLDERS
GIVEN = Exchange(reserve=(("a", A), ("b", B), ("c", C)))
SWAP = Exchange(release=(("a", A), ("b", B)), reserve=(("b", A), ("a", B)))


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "offers") as opened:
        yield opened


@pytest.fixture
async def store(database: Database) -> AsyncIterator[EventStore]:
    async with EventStore(database, EventTypes(FACTS)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("exchange", "held"),
    [
        (SWAP, {"a": B, "b": A, "c": C}),
        (
            Exchange(release=(("a", A), ("b", B), ("c", C)), reserve=(("b", A), ("c", B), ("a", C))),
            {"a": C, "b": A, "c": B},
        ),
        (Exchange(release=(("a", A),), reserve=(("a", D),)), {"a": D, "b": B, "c": C}),
        (Exchange(release=(("a", A),)), {"b": B, "c": C}),
        (Exchange(release=(("a", A),), reserve=(("a", A),)), {"a": A, "b": B, "c": C}),
    ],
    ids=["a swap", "a ring of three", "handed over", "released only", "released and kept"],
)
async def test_what_a_command_releases_is_free_for_it(
    exchange: Exchange, held: dict[str, UUID], store: EventStore, database: Database
) -> None:
    """R17: two visits change places in one append."""
    await store.append(GIVEN.change())
    await store.append(exchange.change())
    assert await reservations(database) == held


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange(release=(("a", A),), reserve=(("b", A),)),
        Exchange(release=(("a", B),), reserve=(("a", D),)),
        Exchange(release=(("a", A), ("b", B)), reserve=(("b", A), ("c", B))),
        Exchange(reserve=(("free", A), ("free", B))),
        Exchange(release=(("a", A),), reserve=(("a", B), ("a", C))),
    ],
    ids=["another holds it", "released by who does not hold it", "half a swap", "free, for two", "released, for two"],
)
async def test_what_another_command_holds_is_refused(exchange: Exchange, store: EventStore, database: Database) -> None:
    """R17: nobody gets a place that somebody keeps, and no place is given to two."""
    await store.append(GIVEN.change())
    with pytest.raises(NameReserved):
        await store.append(exchange.change())
    assert await reservations(database) == {"a": A, "b": B, "c": C}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "pair",
    [
        (Exchange(reserve=(("free", A),)), Exchange(reserve=(("free", B),))),
        (SWAP, Exchange(release=(("a", A),), reserve=(("a", D),))),
        (Exchange(release=(("a", A),)), Exchange(reserve=(("a", D),))),
        (SWAP, Exchange(release=(("b", B), ("c", C)), reserve=(("c", B), ("b", C)))),
    ],
    ids=["both take", "both take from one", "one releases, one takes", "two swaps share a name"],
)
async def test_no_order_of_two_commands_in_one_group_lets_both_have_a_name(
    pair: tuple[Exchange, Exchange], first: int, store: EventStore, database: Database
) -> None:
    """append() itself is safe, whatever group a caller makes: no name ever changes hands unseen."""
    await store.append(GIVEN.change())
    ordered = [pair[first], pair[1 - first]]
    arguments = (await _order(database)).arguments(GroupRows.of([(one.change(), {}) for one in ordered]))
    try:
        async with database.acquire() as connection:
            faults: Sequence[str | None] = await connection.fetchval(APPEND, *arguments)
    except asyncpg.UniqueViolationError:  # the group fails as a whole, and its commands are tried one by one
        assert await reservations(database) == {"a": A, "b": B, "c": C}
        return
    expected = {"a": A, "b": B, "c": C}
    for exchange, fault in zip(ordered, faults, strict=True):
        if fault is None:
            standing = after(expected, exchange)
            assert standing is not None
            expected = standing
    assert await reservations(database) == expected


@pytest.mark.parametrize("seed", range(4))
async def test_one_after_the_other_commands_win_exactly_as_the_model_says(
    seed: int, store: EventStore, database: Database
) -> None:
    chance, held = random.Random(seed), dict[str, UUID]()
    verdicts = set()
    for _ in range(150):
        # Now and then on what nobody holds any more.
        exchange = drawn(held if chance.random() < 0.8 else dict.fromkeys(held, chance.choice(HOLDERS)), chance)
        expected = after(held, exchange)
        verdicts.add(expected is None)
        if expected is None:
            with pytest.raises(NameReserved):
                await store.append(exchange.change())
        else:
            await store.append(exchange.change())
            held = expected
        assert await reservations(database) == held
    assert verdicts == {True, False}, "some commands won, and some lost"


async def test_several_processes_exchange_names_and_none_is_ever_held_twice(
    postgres_dsn: str, database: Database
) -> None:
    """Commands that won are all legal in the order of the log, and what stands is what they lead to."""
    workers = [await _process(postgres_dsn, seed) for seed in (1, 2)]
    await exchange_at_random(postgres_dsn, seed=3, rounds=25)
    for worker in workers:
        assert await worker.wait() == 0
    held, moved = dict[str, UUID](), 0
    for exchange in await noted_exchanges(database):
        standing = after(held, exchange)
        assert standing is not None, f"{exchange} won, and {held} stood"
        moved += sum(name in held and held[name] != stream for name, stream in standing.items())
        held = standing
    assert await reservations(database) == held
    assert moved > 20, "names were exchanged, and not only taken and released"


async def _process(dsn: str, seed: int) -> asyncio.subprocess.Process:
    arguments = ["-m", "tests.integration.eventstore.exchanging", dsn, str(seed), "25"]
    root = Path(__file__).parents[3]
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=root)


async def _order(database: Database) -> RowOrder:
    async with database.acquire() as connection:
        return await RowOrder.of_schema(connection)
