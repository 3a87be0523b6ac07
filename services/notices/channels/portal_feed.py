"""The feed of the company portal: entries without gaps, made from the service's own log in its order (R18, R29)."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.notices.rules.portal_entry import TOLD_OF, FeedEntry, PortalEntry, entry_of
from shared.contracts import notices
from shared.contracts.notices import AgreementFollowed, MatterRaised
from shared.eventstore.database import Connection
from shared.eventstore.events import EventTypes
from shared.messaging.errors import Fenced

AT_ONCE = 1_000
"""Positions of the log that one transaction looks through."""
SPAN = 1_000_000_000
"""Numbers that one history of the log has: after a restore entries begin at the next multiple."""
_STANDS = """
select feed.taken_to, feed.base, feed.history, (select checkpoint from relay) as acknowledged,
       concat_ws('/', (select epoch from log), (select max(id) from restores),
                 (select max(recovered_at) from recovered_facts)) as log_history
from portal_feed feed
"""
_FACTS = """
select e.event_id, e.type, e.schema_version, e.data, e.occurred_at, e.position,
       raised.data as raised, raised.schema_version as raised_schema,
       followed.data as followed, followed.schema_version as followed_schema
from events e
join streams s on s.id = e.stream
cross join lateral (
  select data, schema_version from events r
  where r.stream = e.stream and r.position >= s.first_position and r.type = $4
    and r.data ->> 'matter_id' = e.data ->> 'matter_id'
  order by r.version limit 1) raised
cross join lateral (
  select data, schema_version from events f
  where f.stream = e.stream and f.position >= s.first_position and f.type = $5
  order by f.version limit 1) followed
where e.position > $1 and e.position <= $2 and e.type = any($3::text[])
order by e.position
"""
_MOVE = """
update portal_feed set taken_to = $2, base = $3, history = $4 where taken_to = $1 and history is not distinct from $5
"""
_ADD = """
with new as (
  select cvr, log_position, entry, number, row_number() over (partition by cvr order by number) as number_at_company
  from unnest($2::text[], $3::bigint[], $4::text[]) with ordinality as told(cvr, log_position, entry, number))
insert into portal_entries (position, cvr, company_position, log_position, entry)
select greatest($1, (select coalesce(max(position), 0) from portal_entries)) + new.number, new.cvr,
       greatest($1, (select coalesce(max(company_position), 0) from portal_entries of_company
                     where of_company.cvr = new.cvr)) + new.number_at_company,
       new.log_position, new.entry::jsonb
from new
"""
_AFTER = "select position, entry from portal_entries where position > $1 order by position limit $2"
_AFTER_AT_COMPANY = """
select company_position as position, entry from portal_entries
where cvr = $3 and company_position > $1 order by company_position limit $2
"""
_END = "select base + $1 as no_position from portal_feed"
_types = EventTypes(notices.FACTS)
_TOLD_OF = [fact.__name__ for fact in TOLD_OF]


async def take_facts(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """R29: makes entries of the next facts of the log; returns whether there was anything to look through.

    Only of facts that Kafka has acknowledged: a restored service takes these back, so that the portal never knows more
    than the service. They may stand in another order then: entries are numbered from a new beginning, so that who reads
    on after any earlier number gets all that the log has beyond the backup, some of it once more. Raises Fenced if
    another process did the same.
    """
    stands = await connection.fetchrow(_STANDS)
    assert stands is not None
    up_to = min(stands["acknowledged"], stands["taken_to"] + AT_ONCE)
    if up_to <= stands["taken_to"]:
        return False
    base, history = stands["base"], stands["log_history"]
    if stands["history"] not in (None, history):
        base += SPAN
    rows = await connection.fetch(
        _FACTS, stands["taken_to"], up_to, _TOLD_OF, MatterRaised.__name__, AgreementFollowed.__name__
    )
    told = [(entry, row["position"]) for row in rows if (entry := _entry(row)) is not None]
    async with connection.transaction():
        moved = await connection.execute(_MOVE, stands["taken_to"], up_to, base, history, stands["history"])
        if moved != "UPDATE 1":
            raise Fenced(f"the feed stood at {stands['taken_to']}")
        if told:
            await connection.execute(
                _ADD,
                base,
                [entry.cvr for entry, _ in told],
                [position for _, position in told],
                [entry.model_dump_json() for entry, _ in told],
            )
    return True


async def read_after(
    connection: "Connection | asyncpg.Connection[asyncpg.Record]", position: int, limit: int, cvr: str | None = None
) -> Sequence[FeedEntry]:
    """R29: returns the entries after a position, in order; with a `cvr` those of one company, by its own numbers."""
    if cvr is None:
        rows = await connection.fetch(_AFTER, position, limit)
    else:
        rows = await connection.fetch(_AFTER_AT_COMPANY, position, limit, cvr)
    return [_numbered(row) for row in rows]


async def no_position(connection: Connection) -> int:
    """Returns the lowest number that no entry had and none gets before another restore."""
    end: int = await connection.fetchval(_END, SPAN)
    return end


def _entry(row: Any) -> PortalEntry | None:
    raised = _types.read(MatterRaised.__name__, row["raised"], row["raised_schema"])
    followed = _types.read(AgreementFollowed.__name__, row["followed"], row["followed_schema"])
    assert isinstance(raised, MatterRaised)
    assert isinstance(followed, AgreementFollowed)
    fact = _types.read(row["type"], row["data"], row["schema_version"])
    return entry_of(fact, row["event_id"], row["occurred_at"], raised, followed)


def _numbered(row: Any) -> FeedEntry:
    entry = PortalEntry.model_validate_json(row["entry"])
    return FeedEntry(position=row["position"], **entry.model_dump())
