"""The copy of every fact taken: written as it came, read again in order."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.reporting.case_projection import own_case
from services.reporting.known_facts import KNOWN_FACTS
from shared.kernel.cloudevents import Message
from shared.kernel.database import Connection
from shared.kernel.events import Event
from shared.kernel.received import Received

Numbered = tuple[int, Received]
"""A fact with its position."""

_COLUMNS = (
    *("position", "source", "stream", "epoch", "version", "event_id", "type", "schema_version", "data"),
    *("occurred_at", "recorded_at", "actor", "policy", "concerns", "case_id", "seen_by_company", "on_behalf_of"),
)
_AFTER = """
select position, source, stream, epoch, version, event_id, type, schema_version, data, occurred_at, recorded_at,
       actor, policy, concerns, on_behalf_of
from facts where position > $1 order by position limit $2
"""

_ADOPT = """
update facts set case_id = known.case_id, seen_by_company = known.seen_by_company
from unnest($1::bigint[], $2::uuid[], $3::bool[]) as known(position, case_id, seen_by_company)
where facts.position = known.position
  and (facts.case_id, facts.seen_by_company) is distinct from (known.case_id, known.seen_by_company)
"""


async def keep(connection: Connection, facts: Sequence[Numbered]) -> None:
    """Add facts at their positions."""
    rows = (_row(position, fact) for position, fact in facts)
    await connection.copy_records_to_table("facts", records=rows, columns=_COLUMNS)


async def facts_after(connection: Connection, position: int, limit: int) -> list[Numbered]:
    """The next facts after a position, restored with the classes of today."""
    return [(row["position"], _received(row)) for row in await connection.fetch(_AFTER, position, limit)]


async def adopt(connection: Connection, facts: Sequence[Numbered]) -> None:
    """Let facts belong to their cases as today's classes say: a type that was unknown when taken may be known now."""
    await connection.execute(
        _ADOPT,
        [position for position, _ in facts],
        [_case_of(fact.event) for _, fact in facts],
        [_may_be_seen(fact.event) for _, fact in facts],
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


def _received(row: Any) -> Received:
    message = Message(
        source=row["source"],
        stream=row["stream"],
        epoch=row["epoch"],
        version=row["version"],
        event_id=row["event_id"],
        type=row["type"],
        schema_version=row["schema_version"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        body=row["data"],
        actor=row["actor"],
        policy=row["policy"],
        concerns=orjson.loads(row["concerns"]),
        on_behalf_of=row["on_behalf_of"],
    )
    return Received.decoded(message, KNOWN_FACTS)
