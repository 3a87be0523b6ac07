"""What is known to be missing of what sources have published, and how far that was compared: rows of the inbox."""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.eventstore.database import Connection
from shared.messaging.heads import Head

AskAgain = Callable[[str, UUID, int], Awaitable[None]]
"""Ask a source to publish a stream again from a version on. Raises SourceUnreachable."""


class Problem(StrEnum):
    """How what a source tells of a stream differs from what was taken of it."""

    MISSING = "missing"
    """More was told than was taken."""
    BEHIND = "behind"
    """Less is told than was taken: the source lost facts."""
    OTHER_EVENT = "other-event"
    """The same version has another event id: the source was changed, or another wrote in its name."""


@dataclass(frozen=True)
class Missing:
    """A stream of which the source tells something else than was taken."""

    source: str
    head: Head
    problem: Problem
    found_at: datetime


@dataclass(frozen=True)
class Compared:
    """How far what a source published has been compared."""

    source: str
    epoch: int
    """0 as long as the source has never told heads: what was taken of it is unproven."""
    position: int
    full_because: str | None
    compared_at: datetime | None


async def compare_all_again(connection: Connection, sources: Iterable[str], *, because: str) -> None:
    """Let everything that these sources have published be compared with what was taken, from the first position on."""
    await connection.execute(
        """insert into compared_sources (source, full_because)
           select source, $2 from unnest($1::text[]) as source
           on conflict (source) do update set position = 0, full_because = excluded.full_because""",
        list(sources),
        because,
    )


async def compared_sources(connection: Connection) -> list[Compared]:
    """How far each source has been compared."""
    rows = await connection.fetch(
        "select source, epoch, position, full_because, compared_at from compared_sources order by source"
    )
    return [Compared(**dict(row)) for row in rows]


async def missing(connection: Connection) -> list[Missing]:
    """What is known to be missing or wrong, longest first."""
    rows = await connection.fetch(
        """select source, stream, epoch, version, event_id, extensions, problem, found_at
           from missing order by found_at, source, stream"""
    )
    return [
        Missing(
            row["source"],
            Head(
                stream=row["stream"],
                epoch=row["epoch"],
                version=row["version"],
                event_id=row["event_id"],
                concerns=json.loads(row["extensions"]),
            ),
            Problem(row["problem"]),
            row["found_at"],
        )
        for row in rows
    ]


async def known_epochs(connection: Connection) -> dict[str, int]:
    """The epoch in which each source stands, as its heads said last."""
    return {row["source"]: row["epoch"] for row in await connection.fetch("select source, epoch from compared_sources")}


async def is_missing(connection: Connection, source: str, stream: UUID) -> bool:
    """Whether facts of a stream are known to be missing."""
    missing: bool = await connection.fetchval(
        "select exists (select from missing where source = $1 and stream = $2)", source, stream
    )
    return missing


async def confirmed(
    connection: Connection, source: str, stream: UUID, epoch: int, version: int, event_id: UUID
) -> bool:
    """Whether this event is the one that stands at this version of its stream, by the word of its source.

    Where the source has not told its heads, the event that came first is believed, taken or waiting, and no other.
    """
    first: UUID | None = await connection.fetchval(
        """select event_id from inbox where source = $1 and stream = $2 and epoch = $3 and version = $4
           union all
           select event_id from parked
           where source = $1 and stream = $2 and epoch = $3 and version = $4 and reason <> 'alarm'
           limit 1""",
        source,
        stream,
        epoch,
        version,
    )
    return first is None or first == event_id
