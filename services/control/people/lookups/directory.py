"""Looks people up in the directory: whom it lists, and how they are called and reached (R42)."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from services.control.people.rules.person_decider import IN_DIRECTORY, PERSON, person_stream
from services.control.people.rules.phases import Listed
from shared.contracts.people import PersonChanged, PersonListed
from shared.contracts.vocabulary import Reachable
from shared.eventstore.commands import read
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Recorded
from shared.people.person import Person, PersonOf, learn
from shared.service import Runtime

_IDS = """
select name from reservations where name >= $1 and name < $2 and ($3::text is null or name > $3) order by name limit $4
"""
_BEYOND = f"{IN_DIRECTORY[:-1]}0"
"""'0' follows '/', and the column is sorted by bytes."""


async def person_ids(runtime: Runtime, after: str | None, limit: int) -> list[str]:
    """Returns the ids of people in order, from the one after `after` on; also of those who have left."""
    last = None if after is None else f"{IN_DIRECTORY}{after}"
    async with runtime.database.acquire() as connection:
        rows: Sequence[Any] = await connection.fetch(_IDS, IN_DIRECTORY, _BEYOND, last, limit)
    return [row["name"].removeprefix(IN_DIRECTORY) for row in rows]


async def is_listed(runtime: Runtime, person_id: str) -> bool:
    """Returns whether the person works at the authority."""
    return isinstance((await read(runtime.store, PERSON, person_stream(person_id))).state, Listed)


def people_told(store: EventStore) -> PersonOf:
    """Returns what decides who may act, as the facts of a person say (R42)."""

    async def person_of(person_id: str) -> Person | None:
        facts = [recorded.event for recorded in (await store.load(person_stream(person_id))).events]
        return reduce(learn, facts, None)

    return person_of


async def history_of(runtime: Runtime, person_id: str) -> Sequence[Recorded]:
    """Returns the facts of a person, with the private parts that were not erased."""
    return (await runtime.store.load(person_stream(person_id), readable=True)).events


def reachable_in(history: Sequence[Recorded]) -> Reachable | None:
    """R31: returns how a person is called and reached, as was said last; what was erased is None."""
    for recorded in reversed(history):
        fact = recorded.event
        if isinstance(fact, PersonListed | PersonChanged):
            return Reachable(name=fact.name, email=fact.email, phone=fact.phone)
    return None
