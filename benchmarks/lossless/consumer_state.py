"""Changes a consumer's database from outside: restores it, moves positions, revokes permissions."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from benchmarks.lossless import topic
from benchmarks.lossless.consumer import FINGERPRINT, FOLD, PROJECTION, REACTIONS, SOURCE
from benchmarks.lossless.evidence import Connection
from benchmarks.lossless.planted import PLANTED_IN
from deploy.local.postgres import LocalPostgres
from shared.eventstore.database import DATABASE_AWAY
from shared.service import AGREEMENTS_TOPIC

CONSUMERS = {SOURCE: REACTIONS, PROJECTION: FOLD}
"""The consumer's name by schema."""
FOLLOWED = (("offers", SOURCE), ("offers", PROJECTION), (SOURCE, PROJECTION))
"""Pairs of a source and the consumer that follows its log."""
_BACK, _FORWARD = 500, 20
"""How many records a position is moved back, and forward."""
_SETTLED_SECONDS = 10
"""A stream that was not written to for this long has most likely ended."""
_LAST_FACTS = 5
_AGAIN_SECONDS = 0.2
_WRITES = {SOURCE: "insert on guidance.events", PROJECTION: "insert, update on control.projected"}
"""The permissions that each consumer needs to write its effects."""
_FORGET = f"""
with last as (
  select e.stream, e.version, e.event_id, before.event_id as event_before
  from offers.streams s
  join offers.events e on e.stream = s.id and e.version = s.version
  join offers.events before on before.stream = s.id and before.version = s.version - 1
  join {PROJECTION}.inbox i on i.source = 'offers' and i.stream = s.id and i.event_id = e.event_id
  where e.recorded_at < now() - interval '{_SETTLED_SECONDS} s' and e.position > offers.newest_position() - 50000
  order by e.position desc limit {_LAST_FACTS}
), inbox as (
  update {PROJECTION}.inbox i set version = last.version - 1, event_id = last.event_before
  from last where i.source = 'offers' and i.stream = last.stream and i.event_id = last.event_id
  returning i.stream
)
update {PROJECTION}.projected p
set facts = p.facts - 1, newest = last.version - 1,
    fingerprint = p.fingerprint - {FINGERPRINT.format(version="last.version", event_id="last.event_id")}
from last join inbox using (stream) where p.source = 'offers' and p.stream = last.stream
"""
"""Leaves the same state as if these facts had been removed from the topic before they were processed."""


class DumpFailed(Exception):
    """A PostgreSQL program failed, most likely because the server was unreachable. Nothing has changed then."""


@dataclass(frozen=True)
class Dump:
    """A dump of a consumer's schema."""

    postgres: LocalPostgres
    file: Path

    async def take(self, schema: str) -> None:
        """Dumps the schema while everything runs. Raises DumpFailed."""
        await self._run("pg_dump", "--format=custom", f"--schema={schema}", f"--file={self.file}")

    async def put_back(self) -> None:
        """Restores the schema in one transaction. Raises DumpFailed."""
        dsn = urlsplit(self.postgres.dsn)
        clean = ("--clean", "--if-exists", "--single-transaction")
        await self._run("pg_restore", *clean, f"--dbname={dsn.path.removeprefix('/')}", str(self.file))

    async def _run(self, program: str, *arguments: str) -> None:
        dsn = urlsplit(self.postgres.dsn)
        environment = {
            **os.environ,
            "PGHOST": dsn.hostname or "",
            "PGPORT": str(dsn.port),
            "PGUSER": dsn.username or "",
            "PGPASSWORD": dsn.password or "",
            "PGDATABASE": dsn.path.removeprefix("/"),
        }
        process = await asyncio.create_subprocess_exec(
            self.postgres.programs() / program, *arguments, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        if process.returncode != 0:
            raise DumpFailed(f"{program}: {said.decode(errors='replace')}")


async def move_back(connection: Connection, schema: str) -> None:
    """Moves the positions of a consumer back, as an operator does so that records are read again."""
    await connection.execute(
        f"""update {schema}.consumer_positions
            set next_offset = greatest(next_offset - {_BACK}, 0), last_offset = null, last_timestamp = null,
                last_event_id = null
            where consumer = $1 and topic = $2""",
        CONSUMERS[schema],
        AGREEMENTS_TOPIC,
    )


async def move_forward(connection: Connection, kafka: str, schema: str) -> None:
    """Moves the positions past unread records, but not past the end, which would be noticed."""
    ends = await topic.ends(kafka)
    partitions = [partition for partition in ends if partition not in PLANTED_IN]
    await connection.execute(
        f"""update {schema}.consumer_positions p
            set next_offset = greatest(next_offset, least(next_offset + {_FORWARD}, until.offset))
            from unnest($3::int[], $4::bigint[]) as until(partition, "offset")
            where consumer = $1 and topic = $2 and p.partition = until.partition""",
        CONSUMERS[schema],
        AGREEMENTS_TOPIC,
        partitions,
        [ends[partition] for partition in partitions],
    )


async def forget_last_facts(connection: Connection) -> None:
    """Removes the last facts of ended streams, so that no later fact reveals the gap."""
    await connection.execute(_FORGET)


@asynccontextmanager
async def without_permissions(dsn: str, schema: str) -> AsyncIterator[None]:
    """Revokes the consumer's permissions to write its effects, for a while. Grants them again whatever fails."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"revoke {_WRITES[schema]} from aftale_{schema}")
    finally:
        with suppress(Exception):  # a connection that was cut cannot be closed politely
            await connection.close(timeout=1)
    try:
        yield
    finally:
        await _until_granted(dsn, schema)


async def _until_granted(dsn: str, schema: str) -> None:
    while True:
        with suppress(asyncpg.PostgresError, *DATABASE_AWAY):
            connection = await asyncpg.connect(dsn, timeout=10)
            try:
                await connection.execute(f"grant {_WRITES[schema]} to aftale_{schema}")
                return
            finally:
                with suppress(Exception):
                    await connection.close(timeout=1)
        await asyncio.sleep(_AGAIN_SECONDS)
