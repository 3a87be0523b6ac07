"""Stores a copy of every fact as it was received, and reads the copies again in order."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.reporting.cases.case_projection import FOLLOWS_FROM, Understood
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection.fact import Fact
from shared.eventstore.database import Connection
from shared.eventstore.events import Origin
from shared.messaging.cloudevents import Message
from shared.messaging.received_fact import ReceivedFact

_COLUMNS = (
    *("position", "source", "stream", "epoch", "version", "event_id", "type", "schema_version", "data"),
    *("occurred_at", "recorded_at", "actor", "policy", "concerns", "on_behalf_of", "origin"),
)
_UNDERSTOOD = ("position", *Understood._fields)
_READ = (
    "f.position, f.type, f.schema_version, f.data, f.occurred_at, f.recorded_at, f.origin, "
    "understood.case_id, understood.seen_by_company, understood.follows"
)
_FROM = "facts f join facts_as_understood understood on understood.position = f.position"
_AFTER = f"select {_READ}, null as about from {_FROM} where f.position > $1 order by f.position limit $2"
_OF_NO_CASE = f"""
select {_READ}, null as about from {_FROM}
where understood.case_id is null and understood.position > $1 and understood.position <= $2
order by understood.position limit $3
"""
_BY_CASE = f"""
select * from (
  (select {_READ}, understood.case_id as about from {_FROM}
   where understood.case_id is not null and (understood.case_id, understood.position) > ($1, $2)
     and understood.position <= $3
   order by understood.case_id, understood.position limit $4)
  union all
  (select {_READ}, understood.follows as about from {_FROM}
   where understood.follows is not null and (understood.follows, understood.position) > ($1, $2)
     and understood.position <= $3
   order by understood.follows, understood.position limit $4)
) concerning order by about, position limit $4
"""
_ADOPT = """
update facts_as_understood kept
set case_id = known.case_id, seen_by_company = known.seen_by_company, follows = known.follows
from unnest($1::bigint[], $2::uuid[], $3::bool[], $4::uuid[]) as known(position, case_id, seen_by_company, follows)
where kept.position = known.position
"""
_NOTHING_UNDERSTOOD = """
insert into facts_as_understood (position, seen_by_company)
select position, false from facts f
where not exists (select from facts_as_understood understood where understood.position = f.position)
on conflict do nothing
"""
_FOLLOWS_AS_DECLARED = """
update facts_as_understood kept set follows = (f.data ->> $2)::uuid
from facts f where f.type = $1 and kept.position = f.position and kept.follows is distinct from (f.data ->> $2)::uuid
"""
_FOLLOWS_NOTHING = """
update facts_as_understood kept set follows = null
from facts f where kept.follows is not null and kept.position = f.position and f.type <> all($1::text[])
"""


NO_CASE = UUID(int=0)
START = (NO_CASE, 0)
"""Before the first fact of the first case."""


class Kept(NamedTuple):
    """A kept fact, restored with the classes of today."""

    about: UUID
    """The case for which the fact was read, of those that it concerns; NO_CASE if it was read for none."""
    fact: Fact
    as_today: bool
    """Whether the fact is stored under the cases, and for the audiences, that today's classes say."""


async def keep(connection: Connection, received: Sequence[ReceivedFact], facts: Sequence[Fact]) -> None:
    """Stores received facts with what today's classes understand of each; `facts` are the same, numbered."""
    rows = (_row(fact.position, one.message) for one, fact in zip(received, facts, strict=True))
    await connection.copy_records_to_table("facts", records=rows, columns=_COLUMNS)
    understood = ((fact.position, *fact.understood) for fact in facts)
    await connection.copy_records_to_table("facts_as_understood", records=understood, columns=_UNDERSTOOD)


async def mark_unmarked(connection: Connection, *, seconds: float) -> None:
    """Marks facts that have no mark as not understood; without one, no rebuild or comparison would read them."""
    await connection.execute(_NOTHING_UNDERSTOOD, timeout=seconds)


async def mark_what_follows(connection: Connection, *, seconds: float) -> None:
    """Stores with each kept fact the agreement that it follows from, by today's FOLLOWS_FROM.

    A rebuild reads facts by that agreement, and processes of another release may have stored another one. `seconds` is
    the time limit of one statement.
    """
    for event_type, field in FOLLOWS_FROM.items():
        await connection.execute(_FOLLOWS_AS_DECLARED, event_type.__name__, field, timeout=seconds)
    names = [event_type.__name__ for event_type in FOLLOWS_FROM]
    await connection.execute(_FOLLOWS_NOTHING, names, timeout=seconds)


async def facts_after(connection: Connection, position: int, limit: int) -> list[Kept]:
    """Returns the next facts after a position."""
    return [_restored(row) for row in await connection.fetch(_AFTER, position, limit)]


async def facts_of_no_case(connection: Connection, position: int, newest: int, limit: int) -> list[Kept]:
    """Returns the next facts after a position that are stored under no case, up to the newest position."""
    return [_restored(row) for row in await connection.fetch(_OF_NO_CASE, position, newest, limit)]


async def facts_by_case(connection: Connection, after: tuple[UUID, int], newest: int, limit: int) -> list[Kept]:
    """Returns the next facts after a case and position, case by case, up to the newest position.

    A fact that concerns two cases is returned for each of them.
    """
    return [_restored(row) for row in await connection.fetch(_BY_CASE, *after, newest, limit)]


async def adopt(connection: Connection, facts: Sequence[Fact]) -> None:
    """Assigns facts to their cases as today's classes say.

    A type that was unknown when its fact was received may be known now.
    """
    await connection.execute(
        _ADOPT,
        [fact.position for fact in facts],
        [fact.understood.case_id for fact in facts],
        [fact.understood.seen_by_company for fact in facts],
        [fact.understood.follows for fact in facts],
    )


def _row(position: int, message: Message) -> tuple[Any, ...]:
    return (
        position,
        message.source,
        message.stream,
        message.epoch,
        message.version,
        message.event_id,
        message.type,
        message.schema_version,
        message.body,
        message.occurred_at,
        message.recorded_at,
        message.actor,
        message.policy,
        orjson.dumps(message.concerns).decode(),
        message.on_behalf_of,
        message.origin,
    )


def _restored(row: Any) -> Kept:
    known = row["type"] in KNOWN_FACTS
    event = KNOWN_FACTS.read(row["type"], row["data"], row["schema_version"]) if known else None
    fact = Fact.of(row["position"], event, row["occurred_at"], row["recorded_at"], Origin(row["origin"]))
    as_today = fact.understood == (row["case_id"], row["seen_by_company"], row["follows"])
    return Kept(row["about"] or NO_CASE, fact, as_today)
