"""What a release carries out once over the streams of a service, in the background after a start.

The progress of a step is stored in a row, from which it continues after a process was killed. Several processes may
carry out one step at the same time; a step therefore does nothing for a stream that is done already.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.eventstore.database import Database
from shared.eventstore.errors import NameReserved
from shared.eventstore.timer_and_reservation_drift import streams_after

BATCH = 100
_BEGIN = "insert into release_steps (name) values ($1) on conflict do nothing"
_STANDS = "select after, done_at from release_steps where name = $1"
_MOVE = "update release_steps set after = $2 where name = $1 and (after is null or after < $2)"
_DONE = "update release_steps set done_at = coalesce(done_at, now()) where name = $1"
_log = structlog.get_logger()


@dataclass(frozen=True)
class ReleaseStep:
    """A step that is carried out once for each stream; its `name` stays in the database forever."""

    name: str
    take: Callable[[UUID], Awaitable[object]]
    begin: Callable[[], Awaitable[object]] | None = None
    """What is done before the streams; it is repeated when the step continues after a restart."""


async def carry_out(database: Database, steps: Sequence[ReleaseStep]) -> None:
    """Carries out, in order, each step that is not done.

    A stream is logged and skipped if another stream holds its name.
    """
    for step in steps:
        async with database.acquire() as connection:
            await connection.execute(_BEGIN, step.name)
            standing = await connection.fetchrow(_STANDS, step.name)
        assert standing is not None
        after: UUID | None = standing["after"]
        if standing["done_at"] is not None:
            continue
        if step.begin is not None:
            await step.begin()
        while streams := await streams_after(database, after, BATCH):
            for stream in streams:
                try:
                    await step.take(stream)
                except NameReserved as error:
                    _log.error("release_step_left_a_stream", step=step.name, stream=str(stream), error=str(error))
            after = streams[-1]
            async with database.acquire() as connection:
                await connection.execute(_MOVE, step.name, after)
        async with database.acquire() as connection:
            await connection.execute(_DONE, step.name)
        _log.info("release_step_done", service=database.schema, step=step.name)
