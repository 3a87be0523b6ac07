"""Questions that are asked at the same time are one query, and each asker sees what was committed before it asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from shared.eventstore.database import Connection, Database, open_database


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "offers") as opened:
        yield opened


class Doubling:
    """A question of which it is known what was asked together."""

    def __init__(self) -> None:
        self.together: list[list[int]] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, connection: Connection, keys: Sequence[int]) -> list[int]:
        self.together.append(list(keys))
        self.begun.set()
        await self.go_on.wait()
        rows = await connection.fetch(
            "select 1 / (9 - key) as valid, 2 * key as double from unnest($1::int[]) key", keys
        )
        return [row["double"] for row in rows]


async def test_those_who_ask_at_the_same_time_share_a_query_and_get_their_own_answers(database: Database) -> None:
    double = Doubling()
    assert await asyncio.gather(*(database.ask(double, key) for key in (3, 1, 3, 2))) == [6, 2, 6, 4]
    assert double.together == [[3, 1, 2]]


async def test_who_asks_while_a_query_runs_is_answered_by_the_next(database: Database) -> None:
    double = Doubling()
    double.go_on.clear()
    first = database.ask(double, 1)
    await double.begun.wait()
    later = database.ask(double, 1)
    double.go_on.set()
    assert (await first, await later) == (2, 2)
    assert double.together == [[1], [1]]


async def test_a_query_that_fails_fails_those_who_asked_and_nobody_after(database: Database) -> None:
    double = Doubling()
    answers = await asyncio.gather(database.ask(double, 9), database.ask(double, 1), return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncpg.DivisionByZeroError] * 2
    assert await database.ask(double, 1) == 2


async def test_an_asker_that_goes_away_does_not_hold_up_the_others(database: Database) -> None:
    double = Doubling()
    gone, stays = database.ask(double, 1), database.ask(double, 2)
    gone.cancel()
    assert await stays == 4


async def test_who_asks_is_told_where_the_look_up_is_cut_off_and_the_next_one_is_answered(database: Database) -> None:
    double = Doubling()
    double.go_on.clear()
    first = database.ask(double, 1)
    await double.begun.wait()
    second = database.ask(double, 2)
    for task in database._answering:
        task.cancel()
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncpg.InterfaceError] * 2
    double.go_on.set()
    assert await database.ask(double, 3) == 6
