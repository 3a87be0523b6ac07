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
"""Asks a source to publish a stream again from a version on. Raises SourceUnreachable."""


class Problem(StrEnum):
    """How what a source tells of a stream differs from what was taken of it."""

    MISSING = "missing"
    """The source reports more than was received."""
    BEHIND = "behind"
    """The source reports less than was received: it lost facts."""
    OTHER_EVENT = "other-event"
    """The same version has another event id: the source was changed, or another wrote in its name."""


@dataclass(frozen=True)
class Missing:
    """A stream of which the source reports something else than was received."""

    source: str
    head: Head
    problem: Problem
    found_at: datetime


@dataclass(frozen=True)
class Compared:
    """How far the facts that a source published have been compared with those received."""

    source: str
    epoch: int
    """0 as long as the source has never reported heads: it is unproven that all its facts were received."""
    position: int
    full_because: str | None
    compared_at: datetime | None


async def compare_all_again(connection: Connection, sources: Iterable[str], *, because: str) -> None:
    """Causes all that these sources published to be compared again with what was received, from the first position."""
    await connection.execute(
        """insert into compared_sources (source, full_because)
           select source, $2 from unnest($1::text[]) as source
           on conflict (source) do update set position = 0, full_because = excluded.full_because""",
        list(sources),
        because,
    )


async def compared_sources(connection: Connection) -> list[Compared]:
    """Returns how far each source has been compared."""
    rows = await connection.fetch(
        "select source, epoch, position, full_because, compared_at from compared_sources order by source"
    )
    return [Compared(**dict(row)) for row in rows]


async def missing(connection: Connection) -> list[Missing]:
    """Returns the streams whose facts are known to be missing or wrong, the longest known first."""
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
    """Returns the current epoch of each source, as its heads last reported it."""
    return {row["source"]: row["epoch"] for row in await connection.fetch("select source, epoch from compared_sources")}


async def is_missing(connection: Connection, source: str, stream: UUID) -> bool:
    """Returns whether facts of a stream are known to be missing or wrong."""
    missing: bool = await connection.fetchval(
        "select exists (select from missing where source = $1 and stream = $2)", source, stream
    )
    return missing


async def confirmed(
    connection: Connection, source: str, stream: UUID, epoch: int, version: int, event_id: UUID
) -> bool:
    """Returns whether this event may be believed at this version of its stream.

    It may not if another event was received first at this version, and processed or parked (alarms do not count).
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
