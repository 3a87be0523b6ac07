"""Finds the cases in which matters were given up because nobody could be told (R29)."""

from uuid import UUID

from services.notices.rules.phases import GIVEN_UP
from shared.eventstore.database import Database

_GIVEN_UP = """
select distinct stream from events
where type = 'MatterEnded' and data ->> 'why' = any($1) and ($2::uuid is null or stream > $2)
order by stream limit $3
"""


async def cases_given_up(database: Database, after: UUID | None, limit: int) -> list[UUID]:
    """Returns the cases, in order behind `after`, in which a matter was ever given up. Reads every fact of notices."""
    async with database.acquire() as connection:
        return [row["stream"] for row in await connection.fetch(_GIVEN_UP, sorted(GIVEN_UP), after, limit)]
