"""What operators have asked of sources again, and whether it came: rows, as another process may take what comes."""

from collections.abc import Iterable
from uuid import UUID

from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message


async def note_request(connection: Connection, source: str, stream: UUID, from_version: int, *, by: str) -> None:
    """A source is asked for a stream from this version on. What was asked before it is forgotten."""
    await connection.execute(
        """insert into retakes (source, stream, from_version, asked_by) values ($1, $2, $3, $4)
           on conflict (source, stream) do update
           set from_version = excluded.from_version, asked_by = excluded.asked_by, asked_at = clock_timestamp(),
               came_at = null""",
        source,
        stream,
        from_version,
        by,
    )


async def note_arrivals(connection: Connection, messages: Iterable[Message]) -> None:
    """These messages have come, and what could be done with them was done."""
    came = list(messages)
    await connection.execute(
        """update retakes set came_at = clock_timestamp()
           from unnest($1::text[], $2::uuid[], $3::int[]) as came(source, stream, version)
           where retakes.source = came.source and retakes.stream = came.stream
             and retakes.from_version = came.version and retakes.came_at is null""",
        [message.source for message in came],
        [message.stream for message in came],
        [message.version for message in came],
    )


async def has_come(connection: Connection, source: str, stream: UUID, *, beyond: int) -> bool:
    """Whether the source has published what it was asked for, in whatever shape, or the inbox has moved on."""
    came: bool = await connection.fetchval(
        """select exists (select from retakes where source = $1 and stream = $2 and came_at is not null)
               or exists (select from inbox where source = $1 and stream = $2 and version > $3)""",
        source,
        stream,
        beyond,
    )
    return came
