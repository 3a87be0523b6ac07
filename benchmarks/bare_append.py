"""The limit of append: the same rows by group commit, of texts that are ready, without rules, types or telemetry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

_SCHEMA = """
create schema bare;
create table bare.log (only_row bool primary key default true);
insert into bare.log values (true);
create table bare.streams (id uuid primary key, version int not null) with (fillfactor = 70);
create table bare.events (position bigint primary key, stream uuid not null, version int not null, type text not null,
  data jsonb not null, metadata jsonb not null, recorded_at timestamptz not null default now(),
  unique (stream, version));
create table bare.handled (key uuid primary key, answer jsonb not null, position bigint not null);
create table bare.timers (stream uuid primary key, due timestamptz not null);
create function bare.append(ids uuid[], expected int[], keys uuid[], datas text[], metas text[], answers text[],
                            dues timestamptz[])
returns table (ordinal bigint) language plpgsql set enable_seqscan = off as $$
declare
  base bigint;
begin
  perform from bare.log for update;
  select coalesce((select position from bare.events order by position desc limit 1), 0) into base;
  return query
  with won as (
    select c.*, base + row_number() over (order by c.o) as position
    from unnest(ids, expected, keys, datas, metas, answers, dues) with ordinality
         as c(id, v, key, data, meta, answer, due, o)
    left join bare.streams s on s.id = c.id
    where coalesce(s.version, 0) = c.v and not exists (select from bare.handled h where h.key = c.key)
  ), events as (
    insert into bare.events (position, stream, version, type, data, metadata)
    select position, id, v + 1, 'Stepped', data::jsonb, meta::jsonb from won
  ), streams as (
    insert into bare.streams select id, v + 1 from won on conflict (id) do update set version = excluded.version
  ), handled as (
    insert into bare.handled select key, answer::jsonb, position from won
  ), timers as (
    insert into bare.timers select id, due from won where due is not null
    on conflict (stream) do update set due = excluded.due
  )
  select o from won;
end $$;
"""
_CONNECTIONS = 2
_LARGEST_GROUP = 500
Command = tuple[UUID, int, UUID, str, str, str, Any]
"""Stream, expected version, key, data, metadata, answer, and when a timer is due."""


@dataclass
class BareAppend:
    """Commands wait in a queue; each connection takes all that wait, and sends them in one call."""

    _waiting: list[tuple[Command, "asyncio.Future[bool]"]] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, stream: UUID, expected: int, data: str, metadata: str, due: object) -> bool:
        """Whether it was kept."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        answer = f'{{"version": {expected + 1}}}'
        self._waiting.append(((stream, expected, uuid4(), data, metadata, answer, due), kept))
        self._arrived.set()
        return await kept

    async def commit(self, dsn: str) -> None:
        """Until cancelled."""
        connection = await asyncpg.connect(dsn)
        try:
            call = await connection.prepare("select ordinal from bare.append($1, $2, $3, $4, $5, $6, $7)")
            while True:
                while not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
                won = {row[0] for row in await call.fetch(*map(list, zip(*(one for one, _ in group), strict=True)))}
                for ordinal, (_, kept) in enumerate(group, 1):
                    kept.set_result(ordinal in won)
        finally:
            connection.terminate()


@asynccontextmanager
async def bare_append(dsn: str) -> AsyncIterator[BareAppend]:
    """In a schema of its own, with as many connections as the event store has."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(_SCHEMA)
    bare = BareAppend()
    committing = [asyncio.create_task(bare.commit(dsn)) for _ in range(_CONNECTIONS)]
    feed = asyncio.create_task(_follow(connection))
    try:
        yield bare
    finally:
        for task in (*committing, feed):
            task.cancel()
        await asyncio.gather(*committing, feed, return_exceptions=True)
        await connection.close()


async def _follow(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Reads what is appended, as the relay does beside the event store."""
    position = 0
    while True:
        rows = await connection.fetch(
            """select position, stream, version, type, data, metadata from bare.events
               where position > $1 order by position limit 1000""",
            position,
        )
        if rows:
            position = rows[-1]["position"]
        else:
            await asyncio.sleep(0.005)
