"""Measures events per second into the view, and the speed of its rebuild: ./aftale bench project [AGREEMENTS].

Feeds the messages of whole agreements, twelve facts each, to one consumer of reporting as Kafka would: they are
decoded, folded per audience, and written with history, tasks and checkpoint in batches. Then rebuilds the view from all
kept facts, as an operator does. For comparison, in batches of the same size, it measures the least that PostgreSQL and
Python need: the bodies alone, inserted into one table; all rows, written by a client that neither decodes nor folds;
facts decoded and folded, with nothing written. Prints rates, and the processor time of Python and PostgreSQL. Uses its
own database on the servers of `./aftale up`.
"""

import sys
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import asyncpg
import psutil
import uvloop
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from services.reporting.cases.known_facts import KNOWN_FACTS
from services.reporting.projection import kept_facts
from services.reporting.projection.fact import Fact, numbered
from services.reporting.projection.fold_batch import Rows, by_case
from services.reporting.projection.projection import Changes
from services.reporting.projection.rebuild import rebuild
from services.reporting.projection.tables import LIVE, TABLES
from services.reporting.service import NAME, Projection
from shared.eventstore.database import Database, open_database
from shared.garbage_collector import collect_rarely
from shared.messaging.bus import IN_BULK
from shared.messaging.cloudevents import Message
from shared.messaging.received_fact import ReceivedFact
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, Feed
from tests.tampering import tampering

BATCH = IN_BULK.records
"""The number of messages that reporting processes at once."""
COURSE = (
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    facts.guidance_scheduled(),
    facts.documented(),
    facts.booked(announced=True),
    facts.booked(announced=True, day="2026-06-29", at="2026-06-16"),
    facts.controlled(),
    facts.fulfilled(),
    facts.follow_up_fell_due(),
    facts.follow_up_held(),
)


def messages(agreements: int, *, at_once: int = 100) -> Iterator[Message]:
    """Yields the messages of agreements that run concurrently, `at_once` at a time, in the order of each."""
    template = [received.message for received in Feed().receive(*COURSE)]
    for first in range(0, agreements, at_once):
        ids = [uuid7() for _ in range(min(at_once, agreements - first))]
        for message in template:
            yield from (_of(message, agreement_id) for agreement_id in ids)


def _of(message: Message, agreement_id: UUID) -> Message:
    return Message(
        source=message.source,
        stream=agreement_id,
        epoch=message.epoch,
        version=message.version,
        event_id=uuid7(),
        type=message.type,
        schema_version=message.schema_version,
        occurred_at=message.occurred_at,
        recorded_at=message.recorded_at,
        body=message.body.replace(str(AGREEMENT), str(agreement_id)),
        actor=message.actor,
    )


async def _never_ask(source: str, stream: UUID, version: int) -> None:
    raise AssertionError("nothing is missing")


async def _project(database: Database, waiting: list[Message]) -> None:
    projection = Projection(database, KNOWN_FACTS, own_source=NAME, ask_again=_never_ask)
    batches = iter(waiting)
    while batch := list(islice(batches, BATCH)):
        await projection.take_messages(batch)


async def _rebuild(database: Database, expected: int) -> None:
    async with database.acquire() as connection:
        folded = await rebuild(connection)
    if folded != expected:
        raise SystemExit(f"{folded} of {expected} facts were folded again")


async def _bare(owner: "asyncpg.Connection[asyncpg.Record]", waiting: list[Message]) -> None:
    """Inserts the bodies into one table with one index, in transactions of the same size: PostgreSQL's minimum."""
    await owner.execute("create table bare (position bigint primary key, stream uuid, data jsonb)")
    for first in range(0, len(waiting), BATCH):
        batch = waiting[first : first + BATCH]
        await owner.execute(
            "insert into bare select * from unnest($1::bigint[], $2::uuid[], $3::text[]::jsonb[])",
            list(range(first, first + len(batch))),
            [message.stream for message in batch],
            [message.body for message in batch],
        )


async def _folded(waiting: list[Message]) -> list[tuple[list[ReceivedFact], list[Fact], Changes]]:
    """Returns the batches with the rows that each changes, folded without a database."""
    batches, all_rows = [], Rows()
    for first in range(0, len(waiting), BATCH):
        received = [ReceivedFact.decoded(message, KNOWN_FACTS) for message in waiting[first : first + BATCH]]
        facts_of_batch = numbered(received, first + 1)
        cases = by_case(facts_of_batch)
        changes = Changes(all_rows.of(cases))
        await changes.fold(cases)
        batches.append((received, facts_of_batch, changes))
        all_rows.take(changes.rows)
    return batches


async def _write_alone(database: Database, batches: list[tuple[list[ReceivedFact], list[Fact], Changes]]) -> None:
    """Writes facts and rows that were decoded and folded before: a bare client's time for the same work."""
    position = 0
    for received, facts_of_batch, changes in batches:
        async with database.acquire() as connection, connection.transaction():
            await kept_facts.keep(connection, received, facts_of_batch)
            await changes.write(connection, LIVE)
            position += len(received)
            await connection.execute("update checkpoint set position = $1", position)


async def _clear(database: Database) -> None:
    async with database.acquire() as connection, tampering(connection):
        for table in ("facts", "facts_as_understood", "inbox", *(table.name for table in TABLES)):
            await connection.execute(f"delete from {table}")
        await connection.execute("update checkpoint set position = 0")


async def _measure(dsn: str, agreements: int) -> None:
    waiting = list(messages(agreements))
    collect_rarely()
    took = {}
    begun = time.perf_counter(), time.process_time()
    batches = await _folded(waiting)
    folded = _Timings(time.perf_counter() - begun[0], time.process_time() - begun[1], 0.0)
    owner = await asyncpg.connect(dsn)  # no service may create a table
    took["bare insert of the same bodies"] = await _timed(dsn, _bare(owner, waiting))
    await owner.close()
    async with open_database(dsn, NAME, connections=4) as database:
        took["decoded and folded, not written"] = folded
        took["bare client, the same rows"] = await _timed(dsn, _write_alone(database, batches))
        await _clear(database)
        del batches
        took["applied"] = await _timed(dsn, _project(database, waiting))
        took["rebuilt"] = await _timed(dsn, _rebuild(database, len(waiting)))
    bare = took["bare insert of the same bodies"].wall
    print(f"{agreements:,} agreements, {len(waiting):,} events, batches of {BATCH}; processor time in us per event")
    print(f"{'':32} {'events/s':>9}  {'of bare':>7}  {'Python':>6}  {'PostgreSQL':>10}")
    for what, one in took.items():
        python, postgres = one.python / len(waiting) * 1e6, one.postgres / len(waiting) * 1e6
        print(f"{what:32} {len(waiting) / one.wall:9,.0f}  {bare / one.wall:7.2f}  {python:6.0f}  {postgres:10.0f}")


@dataclass(frozen=True)
class _Timings:
    """Seconds of wall time, and of processor time of this process and of PostgreSQL for its connections."""

    wall: float
    python: float
    postgres: float


async def _timed(dsn: str, work: Awaitable[None]) -> _Timings:
    wall, python, postgres = time.perf_counter(), time.process_time(), await _of_postgres(dsn)
    await work
    return _Timings(time.perf_counter() - wall, time.process_time() - python, await _of_postgres(dsn) - postgres)


async def _of_postgres(dsn: str) -> float:
    """Returns the processor seconds of the server's processes for the open connections, on this machine."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    return sum(sum(psutil.Process(row["pid"]).cpu_times()[:2]) for row in rows)


def main() -> None:
    agreements = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with own_database("project") as dsn:
        uvloop.run(_measure(dsn, agreements))


if __name__ == "__main__":
    main()
