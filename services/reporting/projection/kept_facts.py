"""The copy of every fact taken: written as it came, read again in order."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.reporting.cases.case_projection import own_case
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection.fact import Fact
from shared.eventstore.database import Connection
from shared.eventstore.events import Event
from shared.messaging.received import Received

_COLUMNS = (
    *("position", "source", "stream", "epoch", "version", "event_id", "type", "schema_version", "data"),
    *("occurred_at", "recorded_at", "actor", "policy", "concerns", "case_id", "seen_by_company", "on_behalf_of"),
)
_READ = "position, type, schema_version, data, occurred_at, recorded_at, case_id, seen_by_company"
_AFTER = f"select {_READ}, null as about from facts where position > $1 order by position limit $2"
_OF_NO_CASE = f"""
select {_READ}, null as about from facts
where case_id is null and position > $1 and position <= $2 order by position limit $3
"""
_BY_CASE = f"""
select * from (
  (select {_READ}, case_id as about from facts
   where case_id is not null and (case_id, position) > ($1, $2) and position <= $3
   order by case_id, position limit $4)
  union all
  (select {_READ}, follows(type, data) as about from facts
   where follows(type, data) is not null and (follows(type, data), position) > ($1, $2) and position <= $3
   order by follows(type, data), position limit $4)
) concerning order by about, position limit $4
"""
_ADOPT = """
update facts set case_id = known.case_id, seen_by_company = known.seen_by_company
from unnest($1::bigint[], $2::uuid[], $3::bool[]) as known(position, case_id, seen_by_company)
where facts.position = known.position
"""


NO_CASE = UUID(int=0)
START = (NO_CASE, 0)
"""Before the first fact of the first case."""


class Kept(NamedTuple):
    """A kept fact, restored with the classes of today."""

    about: UUID
    """The case for which it was read, of those that it concerns; NO_CASE where it was not read for one."""
    fact: Fact
    as_today: bool
    """Whether it is kept under the case, and for the audiences, that today's classes say."""


async def keep(connection: Connection, facts: Sequence[Received], first: int) -> None:
    """Add facts, at positions from `first` on."""
    rows = (_row(position, fact) for position, fact in enumerate(facts, first))
    await connection.copy_records_to_table("facts", records=rows, columns=_COLUMNS)


async def facts_after(connection: Connection, position: int, limit: int) -> list[Kept]:
    """The next facts after a position."""
    return [_restored(row) for row in await connection.fetch(_AFTER, position, limit)]


async def facts_of_no_case(connection: Connection, position: int, newest: int, limit: int) -> list[Kept]:
    """The next facts after a position that are kept under no case, up to the newest position."""
    return [_restored(row) for row in await connection.fetch(_OF_NO_CASE, position, newest, limit)]


async def facts_by_case(connection: Connection, after: tuple[UUID, int], newest: int, limit: int) -> list[Kept]:
    """The next facts after a case and position, one case after the other, up to the newest position.

    A fact that concerns two cases is read for each of them.
    """
    return [_restored(row) for row in await connection.fetch(_BY_CASE, *after, newest, limit)]


async def adopt(connection: Connection, facts: Sequence[Fact]) -> None:
    """Let facts belong to their cases as today's classes say: a type that was unknown when taken may be known now."""
    await connection.execute(
        _ADOPT,
        [fact.position for fact in facts],
        [_case_of(fact.event) for fact in facts],
        [_may_be_seen(fact.event) for fact in facts],
    )


def _row(position: int, fact: Received) -> tuple[Any, ...]:
    message = fact.message
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
        _case_of(fact.event),
        _may_be_seen(fact.event),
        message.on_behalf_of,
    )


def _case_of(event: Event | None) -> Any:
    return None if event is None else own_case(event)


def _may_be_seen(event: Event | None) -> bool:
    """R18: what we do not understand is not shown to a company."""
    return event is not None and event.seen_by_company()


def _restored(row: Any) -> Kept:
    known = row["type"] in KNOWN_FACTS
    event = KNOWN_FACTS.read(row["type"], row["data"], row["schema_version"]) if known else None
    as_today = row["case_id"] == _case_of(event) and row["seen_by_company"] == _may_be_seen(event)
    return Kept(row["about"] or NO_CASE, Fact(row["position"], event, row["occurred_at"], row["recorded_at"]), as_today)
