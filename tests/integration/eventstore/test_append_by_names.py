"""What a change holds is stored where its name says: two fields of one type cannot change places unseen."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_type_hints
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.eventstore.append_parameters import PARAMETERS, GroupRows, RowOrder
from shared.eventstore.change import Change, IdempotencyKey, Mark, Occurred, Write
from shared.eventstore.database import Database, open_database
from shared.eventstore.errors import AppendFault
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from tests.integration.eventstore.append_of_the_release_before import store_of_the_release_before
from tests.integration.eventstore.counter import FACTS, Counted

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
APPEND = Path(__file__).parents[3] / "shared" / "eventstore" / "sql" / "append.sql"
_TYPE = re.compile(r"create type (\w+) as \((.*?)\);", re.DOTALL)
_DROP_APPEND = """
drop function append(append_command[], append_write[], append_event[], append_timer[], append_reservation[],
                     append_reservation[], append_private_key[])
"""

OpenStore = Callable[[Database, EventTypes], AbstractAsyncContextManager[EventStore]]


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with open_database(postgres_dsn, "offers") as opened:
        yield opened


def attributes_by_type() -> dict[str, list[tuple[str, str]]]:
    """Name and type of each attribute of the rows that append() takes, as append.sql declares them."""
    declared = re.sub(r"--[^\n]*", "", APPEND.read_text())
    return {
        name: [(attribute, kind) for attribute, kind in (one.split() for one in body.split(","))]
        for name, body in _TYPE.findall(declared)
    }


@dataclass
class Given:
    """A change in which no two fields of a type have the same value."""

    stream: UUID = field(default_factory=uuid4)
    guarded: UUID = field(default_factory=uuid4)
    other: UUID = field(default_factory=uuid4)
    holder: UUID = field(default_factory=uuid4)
    key: IdempotencyKey = field(default_factory=lambda: IdempotencyKey(uuid4(), "a fingerprint", '{"an": "answer"}'))
    mark: Mark = field(default_factory=lambda: Mark("a source", uuid4(), 3, 4, 5, 6, uuid4()))

    async def keep(self, store: EventStore) -> None:
        """Two changes before it make room for what this one names: a version, an inbox and a name."""
        first = Occurred(Counted(by=1), NOW - timedelta(days=1))
        before = Mark(self.mark.source, self.mark.stream, 0, 0, self.mark.from_epoch, self.mark.from_version, uuid4())
        await store.append(
            Change(
                Metadata(command_id=uuid4(), actor="before"),
                (Write(self.stream, 0, (first, first)),),
                mark=before,
                reserve=(("released", self.holder),),
                arm=((self.other, "cancelled", NOW),),
            )
        )
        occurred = Occurred(Counted(by=7, note="a text", person="p1", remark="of p1"), NOW)
        await store.append(
            Change(
                Metadata(command_id=uuid4(), actor="somebody"),
                (Write(self.stream, 2, (occurred,), {"cvr": "12345678"}), Write(self.guarded, 0)),
                key=self.key,
                mark=self.mark,
                arm=((self.other, "armed", NOW + timedelta(days=3)),),
                cancel=((self.other, "cancelled"),),
                reserve=(("reserved", self.guarded),),
                release=(("released", self.holder),),
            )
        )

    async def misplaced(self, database: Database) -> list[str]:
        """What does not stand where it belongs."""
        inbox = (self.mark.source, self.mark.stream, self.mark.epoch, self.mark.version, self.mark.event_id)
        wanted: dict[str, list[tuple[object, ...]]] = {
            """select stream, version, type, schema_version, data ->> 'by', private is not null, metadata ->> 'actor',
                      metadata -> 'concerns' ->> 'cvr', occurred_at from events where version = 3""": [
                (self.stream, 3, "Counted", 1, "7", True, "somebody", "12345678", NOW)
            ],
            "select count(*), count(distinct event_id) from events where event_id <> stream": [(3, 3)],
            "select id, version from streams": [(self.stream, 3)],
            "select key, fingerprint, answer ->> 'an' from handled": [(self.key.key, self.key.fingerprint, "answer")],
            "select source, stream, epoch, version, event_id from inbox": [inbox],
            "select stream, name, due from timers": [(self.other, "armed", NOW + timedelta(days=3))],
            "select name, stream from reservations": [("reserved", self.guarded)],
            "select stream, about, octet_length(key) from private_keys order by about": [
                (self.stream, about, 32) for about in ("", "p1")
            ],
        }
        async with database.acquire() as connection:
            found = {query: [tuple(row) for row in await connection.fetch(query)] for query in wanted}
        return [f"{query}: {found[query]}" for query in wanted if found[query] != wanted[query]]


@pytest.mark.parametrize("open_store", [EventStore, store_of_the_release_before], ids=["now", "release before"])
async def test_everything_stands_where_it_belongs(open_store: OpenStore, database: Database) -> None:
    given = Given()
    async with open_store(database, EventTypes(FACTS)) as store:
        await given.keep(store)
    assert await given.misplaced(database) == []


async def test_the_order_in_which_rows_have_their_attributes_means_nothing(
    database: Database, postgres_dsn: str
) -> None:
    """Attributes of one type change places in every type of row: callers name what they give."""
    await declare(postgres_dsn, _TYPE.sub(lambda found: _others_first(found[1]), APPEND.read_text()))
    given = Given()
    async with EventStore(database, EventTypes(FACTS)) as store:
        await given.keep(store)
    assert await given.misplaced(database) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e.stream", "e.event_id"),
        ("e.data::jsonb", "e.private::jsonb"),
        ("c.inbox_epoch", "c.inbox_version"),
        ("c.inbox_stream", "c.inbox_event_id"),
        ("unnest(reserve)", "unnest(release)"),
        ("k.stream", "k.about"),
    ],
)
async def test_a_swap_inside_append_is_caught(one: str, other: str, database: Database, postgres_dsn: str) -> None:
    """So that the test above could fail: what append() itself confuses is refused, or shows in what is stored."""
    swapped = {one: other, other: one}
    await declare(
        postgres_dsn, re.sub("|".join(map(re.escape, swapped)), lambda it: swapped[it[0]], APPEND.read_text())
    )
    given = Given()
    async with EventStore(database, EventTypes(FACTS)) as store:
        try:
            await given.keep(store)
        except (asyncpg.PostgresError, AppendFault):
            return
    assert await given.misplaced(database) != []


async def test_a_row_that_lacks_a_field_is_refused(database: Database) -> None:
    async with database.acquire() as connection:
        order = await RowOrder.of_schema(connection)
    with pytest.raises(KeyError, match="adds"):
        order.arguments(GroupRows(writes=[{"command": 1, "stream": uuid4(), "expected": 0}]))  # type: ignore[typeddict-item]


def test_rows_are_declared_alike_on_both_sides() -> None:
    """A field that only one side has would be null without a word."""
    here = {row.sql_type: sorted(get_type_hints(row.fields)) for row in PARAMETERS.values()}
    assert here == {name: sorted(attribute for attribute, _ in all_of) for name, all_of in attributes_by_type().items()}


def _others_first(name: str) -> str:
    """The declaration of a row in which the attributes of each type stand in the opposite order."""
    attributes = attributes_by_type()[name]
    left = {kind: [one for one, its in attributes if its == kind] for _, kind in attributes}
    return f"create type {name} as ({', '.join(f'{left[kind].pop()} {kind}' for _, kind in attributes)});"


async def declare(dsn: str, append: str) -> None:
    """Put another append(), with rows of its own, in the place of the one that is there."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "offers"})
    try:
        await connection.execute(_DROP_APPEND)
        for name in attributes_by_type():
            await connection.execute(f"drop type {name}")
        await connection.execute(append)
    finally:
        await connection.close()
