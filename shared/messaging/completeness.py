"""Which facts of a source are known to be missing, and up to where its heads have been compared."""

from collections.abc import Sequence

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
