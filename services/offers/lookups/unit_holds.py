"""Units on hold: no offers there after a fact about them was discarded, until an operator releases them (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.lookups.unprocessed_facts_about_units import of_message
from services.offers.rules.reach_of_unprocessed_facts import may_reach_legal_entity
from shared.contracts import register
from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message
from shared.messaging.discarding import WhenDiscarded
from shared.service import Runtime

HOLDING_SOURCES = frozenset({"control", register.SOURCE})
"""Sources whose facts decide whether a unit may be offered an agreement; only their discarded facts hold units."""


@dataclass(frozen=True)
class UnitHold:
    """A unit that is held, and the discarded fact because of which it is held."""

    p_number: str
    source: str
    stream: UUID
    version: int
    type: str
    held_at: datetime
    held_by: str
    hold_reason: str


def when_discarded(runtime: Runtime) -> WhenDiscarded:
    """Returns a function that holds the units which a discarded fact may have been about."""

    async def hold(connection: Connection, message: Message, by: str, reason: str) -> Sequence[str]:
        if message.source not in HOLDING_SOURCES:
            return ()
        fact = await of_message(connection, message)
        units = set(fact.units)
        if may_reach_legal_entity(fact, runtime.clock.now(), runtime.policies):
            rows = await connection.fetch("select distinct p_number from units where cvr = $1", fact.cvr)
            units |= {row["p_number"] for row in rows}
        await connection.execute(
            """insert into held_units (p_number, event_id, source, stream, version, type, held_by, hold_reason)
               select p_number, $2, $3, $4, $5, $6, $7, $8 from unnest($1::text[]) as p_number
               on conflict do nothing""",
            sorted(units),
            message.event_id,
            message.source,
            message.stream,
            message.version,
            message.type,
            by,
            reason,
        )
        return sorted(units)

    return hold


async def units_on_hold(
    connection: Connection, *, after: tuple[datetime, str, UUID, int] | None = None, limit: int | None = None
) -> list[UnitHold]:
    """Returns one page of the units that are held, one row for each discarded fact, longest held first.

    `after` is the key of the last row of the previous page.
    """
    rows = await connection.fetch(
        """select p_number, source, stream, version, type, held_at, held_by, hold_reason
           from held_units
           where released_at is null
             and ($1::timestamptz is null
                  or (held_at, p_number, stream, version) > ($1, $2::text, $3::uuid, $4::int))
           order by held_at, p_number, stream, version limit $5""",
        *(after or (None, None, None, None)),
        limit,
    )
    return [UnitHold(**dict(row)) for row in rows]


async def release(connection: Connection, units: Sequence[str] | None, *, by: str, reason: str) -> list[str]:
    """Allows offers and acceptances again at these units, or at all units if None; returns those that were held."""
    rows = await connection.fetch(
        """with released as (
             update held_units set released_at = clock_timestamp(), released_by = $2, release_reason = $3
             where released_at is null and ($1::text[] is null or p_number = any($1))
             returning p_number
           )
           select distinct p_number from released order by p_number""",
        None if units is None else list(units),
        by,
        reason,
    )
    return [row["p_number"] for row in rows]
