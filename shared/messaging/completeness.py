"""Which facts of a source are known to be missing, and up to where its heads have been compared."""

from collections.abc import Sequence
from uuid import UUID

from shared.eventstore.database import Connection


async def compare_all_again(connection: Connection, sources: Sequence[str], *, because: str) -> None:
    """Let everything that these sources have published be compared with what was taken, from the first position on."""
    await connection.execute(
        """insert into compared_sources (source, full_because)
           select source, $2 from unnest($1::text[]) as source
           on conflict (source) do update set position = 0, full_because = excluded.full_because""",
        list(sources),
        because,
    )


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
