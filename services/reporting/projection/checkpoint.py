"""How far the projection has come, and the lock under which it moves."""

from typing import NamedTuple
from uuid import UUID, uuid4

from services.reporting.cases.known_facts import VISIBILITY
from shared.eventstore.database import Connection

_MOVE = """
update checkpoint set position = $1, state = $2,
  companies_state = case
    when position = 0 or (visibility = $3 and companies_state = state) then $2 else companies_state end,
  visibility = case when position = 0 then $3 else visibility end
"""
_ALL_FOLDED_ANEW = """
update checkpoint set (state, companies_state) = (select new, new from gen_random_uuid() as new), visibility = $1
"""


class Checkpoint(NamedTuple):
    """The position of the newest fact, and an id that every transaction which changes rows replaces."""

    position: int
    state: UUID

    async def moved(self, connection: Connection, facts: int) -> "Checkpoint":
        """Writes and returns the checkpoint after so many more facts."""
        after = Checkpoint(self.position + facts, uuid4())
        await connection.execute(_MOVE, *after, VISIBILITY)
        return after


async def lock(connection: Connection) -> Checkpoint:
    """Returns the checkpoint, and locks it until the commit.

    The lock makes positions dense and in commit order, and leaves rows to one writer.
    """
    # A rebuild may hold it for longer than the role's lock_timeout; the command's own timeout still stands.
    await connection.execute("set local lock_timeout = 0")
    row = await connection.fetchrow("select position, state from checkpoint for update")
    assert row is not None
    return Checkpoint(row["position"], row["state"])


async def all_folded_anew(connection: Connection) -> None:
    """R18: records that every row, and the mark of every fact, follows this release's rules of visibility."""
    await connection.execute(_ALL_FOLDED_ANEW, VISIBILITY)
