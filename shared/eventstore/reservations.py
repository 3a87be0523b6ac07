"""Names that must be unique, and the streams that hold them; `append` reserves and releases them."""

from collections.abc import Sequence
from uuid import UUID

from shared.eventstore.database import Connection


async def reserved_under(connection: Connection, prefixes: Sequence[str]) -> list[dict[str, UUID]]:
    """Returns the names that begin with each prefix, which ends with `/`, and their holders."""
    rows = await connection.fetch(
        """select asked.place, array_agg(held.name) as names, array_agg(held.stream) as streams
           from unnest($1::text[], $2::text[]) with ordinality as asked(first, before, place)
           join reservations held on held.name >= asked.first and held.name < asked.before
           group by asked.place""",
        prefixes,
        [f"{prefix[:-1]}0" for prefix in prefixes],  # '0' follows '/', and the column is sorted by bytes
    )
    found: list[dict[str, UUID]] = [{} for _ in prefixes]
    for row in rows:
        found[row["place"] - 1] = dict(zip(row["names"], row["streams"], strict=True))
    return found
