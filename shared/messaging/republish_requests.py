"""What operators asked sources to publish again, and whether it came: rows, as another process may receive it."""

from collections.abc import Iterable
from uuid import UUID

from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message


async def note_request(connection: Connection, source: str, stream: UUID, from_version: int, *, by: str) -> None:
    """Records that a source is asked for a stream from this version on; replaces an earlier request for it."""
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
    """Records that these messages were received, and processed as far as possible."""
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
    """Returns whether the fact that a source was asked to publish again has arrived.

    That is so if its arrival is noted, or if the inbox of its stream is beyond the version `beyond`.
    """
    came: bool = await connection.fetchval(
        """select exists (select from retakes where source = $1 and stream = $2 and came_at is not null)
               or exists (select from inbox where source = $1 and stream = $2 and version > $3)""",
        source,
        stream,
        beyond,
    )
    return came
