"""Events per second into the one view, and how fast it is folded anew: ./aftale bench project [AGREEMENTS].

Feeds the messages of whole agreements, twelve facts each, to one consumer of reporting as Kafka would give them:
decoded, folded per audience, upserted with history, tasks and checkpoint, batch by batch. Then folds all kept facts
again beside the live tables, as an operator's rebuild does. Beside both stands the bare PostgreSQL work of the same
run, the same bodies written in batches of the same size, and the processor time of Python itself. Uses a database of
its own on the servers of `./aftale up`.
"""

import sys
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import uvloop
from uuid_utils.compat import uuid7

from benchmarks.own_database import own_database
from services.reporting.known_facts import KNOWN_FACTS
from services.reporting.rebuild import rebuild
from services.reporting.service import NAME, Projection
from shared.kernel.cloudevents import Message
from shared.kernel.database import Database, open_database
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, Feed

BATCH = 500
"""Messages that a consumer takes at once, see Bus.consume."""
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
    """Of agreements that run beside each other, `at_once` at a time, in the order of each."""
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


async def _bare(database: Database, waiting: list[Message]) -> None:
    """The same bodies into one table with one index, in transactions of the same size: what PostgreSQL itself takes."""
    async with database.acquire() as connection:
        await connection.execute("create table bare (position bigint primary key, stream uuid, data jsonb)")
        for first in range(0, len(waiting), BATCH):
            batch = waiting[first : first + BATCH]
            await connection.execute(
                "insert into bare select * from unnest($1::bigint[], $2::uuid[], $3::text[]::jsonb[])",
                list(range(first, first + len(batch))),
                [message.stream for message in batch],
                [message.body for message in batch],
            )


async def _measure(dsn: str, agreements: int) -> None:
    waiting = list(messages(agreements))
    async with open_database(dsn, "control", connections=2) as database:
        bare = await _timed(_bare(database, waiting))
    async with open_database(dsn, NAME, connections=4) as database:
        applied = await _timed(_project(database, waiting))
        again = await _timed(_rebuild(database, len(waiting)))
    print(f"{agreements:,} agreements, {len(waiting):,} events, batches of {BATCH}")
    for what, took in (("bare insert of the same bodies", bare), ("applied", applied), ("rebuilt", again)):
        rate, share, of_python = len(waiting) / took.wall, bare.wall / took.wall, took.python / len(waiting) * 1e6
        print(f"{what:32} {rate:9,.0f} events/s  {share:5.2f} of the bare insert  {of_python:6.0f} us of Python each")


@dataclass(frozen=True)
class _Took:
    """Seconds by the clock, and of this process alone."""

    wall: float
    python: float


async def _timed(work: Awaitable[None]) -> _Took:
    wall, python = time.perf_counter(), time.process_time()
    await work
    return _Took(time.perf_counter() - wall, time.process_time() - python)


def main() -> None:
    agreements = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with own_database("project") as dsn:
        uvloop.run(_measure(dsn, agreements))


if __name__ == "__main__":
    main()
