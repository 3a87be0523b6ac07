"""The copy of every fact taken: written as it came, read again in order."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.reporting.case_projection import own_case
from services.reporting.fact import Fact
from services.reporting.known_facts import KNOWN_FACTS
from shared.kernel.database import Connection
from shared.kernel.events import Event
from shared.kernel.received import Received

_COLUMNS = (
    *("position", "source", "stream", "epoch", "version", "event_id", "type", "schema_version", "data"),
    *("occurred_at", "recorded_at", "actor", "policy", "concerns", "case_id", "seen_by_company", "on_behalf_of"),
)
_AFTER = """
select position, type, schema_version, data, occurred_at, recorded_at
from facts where position > $1 order by position limit $2
"""

_ADOPT = """
update facts set case_id = known.case_id, seen_by_company = known.seen_by_company
from unnest($1::bigint[], $2::uuid[], $3::bool[]) as known(position, case_id, seen_by_company)
where facts.position = known.position
  and (facts.case_id, facts.seen_by_company) is distinct from (known.case_id, known.seen_by_company)
"""


async def keep(connection: Connection, facts: Sequence[Received], first: int) -> None:
    """Add facts, at positions from `first` on."""
    rows = (_row(position, fact) for position, fact in enumerate(facts, first))
    await connection.copy_records_to_table("facts", records=rows, columns=_COLUMNS)


async def facts_after(connection: Connection, position: int, limit: int) -> list[Fact]:
    """The next facts after a position, restored with the classes of today."""
    return [_restored(row) for row in await connection.fetch(_AFTER, position, limit)]


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


def _restored(row: Any) -> Fact:
    known = row["type"] in KNOWN_FACTS
    event = KNOWN_FACTS.read(row["type"], row["data"], row["schema_version"]) if known else None
    return Fact(row["position"], event, row["occurred_at"], row["recorded_at"])
