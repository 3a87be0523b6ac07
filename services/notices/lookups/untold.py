"""Finds what is due and was not told: 0 unless a channel fails, or nothing is fired (R28, R29)."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.eventstore.database import Connection

# A case or a reader with something to tell has a timer, so that only the facts of these streams are read.
_UNTOLD = """
with of_case as (
  select due_at, (
      select tried.data ->> 'failure' from events tried
      where tried.stream = due.stream and tried.type = 'NoticeFailed' and tried.data ->> 'matter_id' = due.matter
      order by tried.version desc limit 1) as failure
  from (
    select opened.stream, opened.version, opened.data ->> 'matter_id' as matter,
           (opened.data ->> 'due_at')::timestamptz as due_at
    from timers join events opened on opened.stream = timers.stream
                                   and opened.type in ('MatterRaised', 'MatterReopened')
    where timers.name = 'notices:tell') due
  where due_at < $1 and not exists (
    select from events after
    where after.stream = due.stream and after.version > due.version and after.data ->> 'matter_id' = due.matter
      and (after.type in ('MatterEnded', 'NoticeSent', 'NoticeQueued')
           or after.type = 'NoticePostponed' and (after.data ->> 'until')::timestamptz >= $1))
), in_digest as (
  select (added.data ->> 'digest_at')::timestamptz as due_at, (
      select tried.data ->> 'failure' from events tried
      where tried.stream = added.stream and tried.type = 'DigestFailed' and tried.version > added.version
      order by tried.version desc limit 1) as failure
  from (select distinct stream from timers where name in ('reader:digest', 'reader:send')) reader
  join events added on added.stream = reader.stream and added.type = 'DigestEntryAdded'
  where (added.data ->> 'digest_at')::timestamptz < $1 and not exists (
    select from events sent
    where sent.stream = added.stream and sent.version > added.version and sent.type = 'DigestSent'
      and sent.data -> 'matters' ? (added.data ->> 'matter_id'))
)
select failure, count(*) as matters, min(due_at) as since
from (select * from of_case union all select * from in_digest) untold
group by failure order by failure nulls first
"""


@dataclass(frozen=True)
class Waiting:
    """Matters that are due and were not told, of which the last tries failed for the same reason."""

    failure: str | None
    """One of TryFailure; None for those that were not tried."""
    matters: int
    since: datetime
    """When the first of them was due."""


async def read_untold(connection: "Connection | asyncpg.Connection[asyncpg.Record]", now: datetime) -> list[Waiting]:
    """R29: returns what is due by `now` and was not told; the connection has the schema of notices in its search path.

    What waits for the next digest, or for somebody's return, is not due. Raises UndefinedTableError without a schema.
    """
    return [Waiting(row["failure"], row["matters"], row["since"]) for row in await connection.fetch(_UNTOLD, now)]
