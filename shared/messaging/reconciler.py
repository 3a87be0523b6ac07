"""Compares what sources report as published with what was received, and asks for what is missing.

A range of a source's log is compared once everything that stood on the topic after the source had answered has been
read: what is not in the inbox then did not come. How far has been compared is a row, and goes back with a restored
database.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from shared.eventstore.database import Connection, Database
from shared.messaging.errors import SourceUnreachable
from shared.messaging.heads import STREAMS_AT_ONCE, Head, Heads, HeadsOfSources
from shared.messaging.reconciliation_state import AskAgain, Compared, Problem, compare_all_again
from shared.messaging.transient_errors import is_transient
from shared.telemetry.loops import Loops

EVERY_SECONDS = 30.0
"""Seconds between two requests to a source for what it has published since."""
READ_SECONDS = 120.0
"""How long a round waits until the topic has been read to its end: a consumer that lags does not miss facts."""
ASK_AGAIN_SECONDS = 60.0
"""Seconds after which a source is asked again for a missing stream."""
_POLL_SECONDS = 0.1
_log = structlog.get_logger()

ReadToTheEnd = Callable[[], Awaitable[bool]]
"""Returns whether all that was on a source's topic at the first call has been processed or parked."""


class Reconciler:
    """Compares one source, round after round. Several processes may do so at once: the later one changes nothing."""

    def __init__(
        self,
        database: Database,
        heads: HeadsOfSources,
        ask_again: AskAgain,
        read_to_the_end: Callable[[], ReadToTheEnd],
        *,
        source: str,
        service: str,
        loops: Loops,
    ) -> None:
        self._loops = loops
        self._database = database
        self._heads = heads
        self._ask_again = ask_again
        self._read_to_the_end = read_to_the_end
        self.source = source
        self._service = service
        self.wake = asyncio.Event()
        """Set to begin the next round at once."""

    async def run(self) -> None:
        """Compares until cancelled; a source that does not answer is asked again in the next round."""
        while True:
            self.wake.clear()
            try:
                while await self.round():
                    pass
            except SourceUnreachable as error:
                _log.debug("source_not_compared", service=self._service, source=self.source, error=repr(error))
            except Exception as error:
                report = _log.warning if is_transient(error) else _log.error
                report("source_not_compared", service=self._service, source=self.source, error=repr(error))
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self.wake.wait()
            except TimeoutError:
                continue

    async def round(self) -> bool:
        """Compares one answer of the source; returns whether there is more to ask for."""
        async with self._database.acquire() as connection:
            before = await _standing_of(connection, self.source)
        told = await self._heads.after(self.source, before.position)
        if told.epoch < before.epoch or told.end < before.position or (before.epoch and told.epoch > before.epoch):
            await self._source_was_restored(before, told)
            return True
        if not await self._everything_is_read():
            return False
        async with self._database.acquire() as connection:
            differing = await _differing(connection, self.source, told.heads)
        found = await self._confirmed(differing)
        async with self._database.acquire() as connection, connection.transaction():
            if not await _move_on(connection, before, told):
                return False
            self._loops.report_missing(
                self.source, await _note(connection, self.source, [head.stream for head in told.heads], found)
            )
        await self._ask_for_what_is_missing()
        return told.up_to < told.end

    async def _source_was_restored(self, before: Compared, told: Heads) -> None:
        """Its positions may stand for other facts than before: all of it is compared again."""
        because = (
            f"the source stands in epoch {told.epoch} at {told.end}, and stood in {before.epoch} at {before.position}"
        )
        _log.warning("source_is_compared_from_the_start", service=self._service, source=self.source, because=because)
        async with self._database.acquire() as connection, connection.transaction():
            await compare_all_again(connection, [self.source], because=because)
            await connection.execute(
                "update compared_sources set epoch = $2 where source = $1", self.source, told.epoch
            )

    async def _everything_is_read(self) -> bool:
        is_read = self._read_to_the_end()
        try:
            async with asyncio.timeout(READ_SECONDS):
                while not await is_read():  # noqa: ASYNC110 (another process may be the one that reads)
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _confirmed(self, differing: Sequence[Head]) -> dict[UUID, tuple[Head, Problem]]:
        """Ask once more for streams that differ: meanwhile more may have come, or have been published.

        What was taken before the source is asked, it must tell of: else it is behind.
        """
        found: dict[UUID, tuple[Head, Problem]] = {}
        for first in range(0, len(differing), STREAMS_AT_ONCE):
            streams = [one.stream for one in differing[first : first + STREAMS_AT_ONCE]]
            async with self._database.acquire() as connection:
                taken = await _taken(connection, self.source, streams)
            told = {one.stream: one for one in (await self._heads.of_streams(self.source, streams)).heads}
            if not await self._everything_is_read():
                raise SourceUnreachable(f"{self.source} publishes faster than this service reads")
            async with self._database.acquire() as connection:
                now = await _taken(connection, self.source, streams)
                waiting = await _waiting_for_operators(connection, self.source, streams)
            for stream, head in told.items():
                problem = _problem(head, taken.get(stream), now.get(stream))
                if problem is not None and not (problem is Problem.MISSING and stream in waiting):
                    found[stream] = head, problem
        return found

    async def _ask_for_what_is_missing(self) -> None:
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                """update missing m set asked_at = now()
                   from missing old left join inbox i on i.source = old.source and i.stream = old.stream
                   where m.source = $1 and m.problem = 'missing' and old.source = m.source and old.stream = m.stream
                     and (old.asked_at is null or old.asked_at < now() - make_interval(secs => $2))
                   returning m.stream, least(coalesce(i.version, 0) + 1, m.version) as from_version""",
                self.source,
                ASK_AGAIN_SECONDS,
            )
        for row in rows:
            await self._ask_again(self.source, row["stream"], row["from_version"])


Taken = tuple[int, int, UUID]
"""Epoch, version and event id of the newest fact of a stream that was processed."""


def _problem(head: Head, before: Taken | None, now: Taken | None) -> Problem | None:
    """What a head says, told after `before` was taken and before `now` was."""
    if now is None or now[:2] < (head.epoch, head.version):
        return Problem.MISSING
    if before is not None and before[:2] > (head.epoch, head.version):
        return Problem.BEHIND
    if now[:2] == (head.epoch, head.version) and now[2] != head.event_id:
        return Problem.OTHER_EVENT
    return None


async def _standing_of(connection: Connection, source: str) -> Compared:
    row = await connection.fetchrow(
        "select source, epoch, position, full_because, compared_at from compared_sources where source = $1", source
    )
    return Compared(source, 0, 0, None, None) if row is None else Compared(**dict(row))


async def _differing(connection: Connection, source: str, heads: Sequence[Head]) -> list[Head]:
    taken = await _taken(connection, source, [head.stream for head in heads])
    return [head for head in heads if taken.get(head.stream) != (head.epoch, head.version, head.event_id)]


async def _taken(connection: Connection, source: str, streams: Sequence[UUID]) -> dict[UUID, Taken]:
    rows = await connection.fetch(
        "select stream, epoch, version, event_id from inbox where source = $1 and stream = any($2::uuid[])",
        source,
        list(streams),
    )
    return {row["stream"]: (row["epoch"], row["version"], row["event_id"]) for row in rows}


async def _waiting_for_operators(connection: Connection, source: str, streams: Sequence[UUID]) -> set[UUID]:
    """Streams with a message that nothing which comes again can mend. One behind a gap waits for its source only."""
    rows = await connection.fetch(
        """select distinct stream from parked
           where source = $1 and stream = any($2::uuid[]) and reason in ('poison', 'alarm')""",
        source,
        list(streams),
    )
    return {row["stream"] for row in rows}


async def _move_on(connection: Connection, before: Compared, told: Heads) -> bool:
    """Note how far has been compared; false where another process was first."""
    done: Any = await connection.fetchval(
        """insert into compared_sources as c (source, epoch, position, compared_at)
           values ($1, $2, $3, now())
           on conflict (source) do update
           set epoch = excluded.epoch, position = excluded.position, compared_at = now(),
               full_because = case when $4 then null else c.full_because end
           where (c.epoch, c.position) = ($5, $6)
           returning true""",
        told.source,
        told.epoch,
        told.up_to,
        told.up_to >= told.end,
        before.epoch,
        before.position,
    )
    return bool(done)


async def _note(
    connection: Connection, source: str, told: Sequence[UUID], found: dict[UUID, tuple[Head, Problem]]
) -> int:
    """Forget what has come meanwhile, and what is told otherwise now; note what was found. Returns how much is open."""
    await connection.execute(
        """delete from missing m using inbox i
           where m.source = $1 and m.problem = 'missing' and i.source = m.source and i.stream = m.stream
             and (i.epoch, i.version) >= (m.epoch, m.version)""",
        source,
    )
    await connection.execute(
        "delete from missing where source = $1 and stream = any($2::uuid[])",
        source,
        [stream for stream in told if stream not in found],
    )
    await connection.executemany(
        """insert into missing (source, stream, epoch, version, event_id, extensions, problem)
           values ($1, $2, $3, $4, $5, $6::jsonb, $7)
           on conflict (source, stream) do update
           set epoch = excluded.epoch, version = excluded.version, event_id = excluded.event_id,
               extensions = excluded.extensions, problem = excluded.problem""",
        [
            (source, head.stream, head.epoch, head.version, head.event_id, json.dumps(head.concerns), problem)
            for head, problem in found.values()
        ],
    )
    for head, problem in found.values():
        _log.error("facts_differ_from_their_source", source=source, stream=str(head.stream), problem=problem.value)
    still_open: int = await connection.fetchval("select count(*) from missing where source = $1", source)
    return still_open
