"""The upper limit of append: the same rows in group commits from finished texts, without rules, types or telemetry.

With a topic, the events are published, too: each by itself, with the headers that its consumers need.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from shared.messaging.bus import Kafka
from shared.service import AGREEMENTS_TOPIC, keep_running

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
_POLL_SECONDS = 0.005
Command = tuple[UUID, int, UUID, str, str, str, Any]
"""Stream, expected version, key, data, metadata, answer, and when a timer is due."""


@dataclass
class BareAppend:
    """Queues commands; each connection takes all that wait and sends them in one call."""

    _waiting: list[tuple[Command, "asyncio.Future[bool]"]] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: int = 0
    _followed_to: int = 0

    async def append(self, stream: UUID, expected: int, data: str, metadata: str, due: object) -> bool:
        """Appends one event; returns whether it was recorded."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        answer = f'{{"version": {expected + 1}}}'
        self._waiting.append(((stream, expected, uuid4(), data, metadata, answer, due), kept))
        self._arrived.set()
        return await kept

    async def until_followed(self) -> None:
        """Waits until everything is read and published, so that the rest is not counted in another turn."""
        while self._followed_to < self._kept:
            await asyncio.sleep(0.05)

    async def follow(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        schema: str,
        producer: AIOKafkaProducer | None,
        topic: str,
    ) -> None:
        """Reads what is appended, as the relay does, and publishes it if there is a topic; runs until cancelled."""
        while True:
            rows = await connection.fetch(
                f"""select position, stream, version, type, data, metadata, recorded_at from {schema}.events
                    where position > $1 order by position limit 1000""",
                self._followed_to,
            )
            if not rows:
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if producer is not None:
                sent = [await producer.send(topic, **_as_record(row)) for row in rows]
                await asyncio.gather(*sent)
            self._followed_to = rows[-1]["position"]

    async def commit(self, dsn: str, schema: str) -> None:
        """Appends queued commands in groups until cancelled."""
        connection = await asyncpg.connect(dsn)
        try:
            call = await connection.prepare(f"select ordinal from {schema}.append($1, $2, $3, $4, $5, $6, $7)")
            while True:
                while not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
                won = {row[0] for row in await call.fetch(*map(list, zip(*(one for one, _ in group), strict=True)))}
                self._kept += len(won)
                for ordinal, (_, kept) in enumerate(group, 1):
                    kept.set_result(ordinal in won)
        finally:
            connection.terminate()


@asynccontextmanager
async def bare_append(dsn: str, schema: str = "bare", kafka: Kafka | None = None) -> AsyncIterator[BareAppend]:
    """Creates a schema of its own, and runs as many connections as the event store has."""
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(dsn)
        stack.push_async_callback(connection.close)
        await connection.execute(_SCHEMA.replace("bare", schema))
        producer, topic = None, ""
        if kafka is not None:
            producer = AIOKafkaProducer(
                bootstrap_servers=kafka.servers, enable_idempotence=True, acks="all", linger_ms=2
            )
            topic = kafka.name(AGREEMENTS_TOPIC)
            await producer.start()
            stack.push_async_callback(producer.stop)
        bare = BareAppend()
        keep_running(stack, "follow", partial(bare.follow, connection, schema, producer, topic))
        for number in range(_CONNECTIONS):
            keep_running(stack, f"commit {number}", partial(bare.commit, dsn, schema))
        yield bare


def _as_record(row: Any) -> dict[str, Any]:
    stream, recorded_at = str(row["stream"]).encode(), row["recorded_at"].isoformat().encode()
    names = "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_recordedtime", "ce_sequence"
    values = b"1.0", uuid4().hex.encode(), row["type"].encode(), b"bare", stream, recorded_at, recorded_at
    headers = list(zip(names, (*values, b"%d" % row["version"]), strict=True))
    return {"key": stream, "value": row["data"].encode(), "headers": headers}
