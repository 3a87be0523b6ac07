"""How far the projection has come, and the lock under which it moves."""

from typing import NamedTuple
from uuid import UUID, uuid4

from shared.eventstore.database import Connection


class Checkpoint(NamedTuple):
    """The position of the newest fact, and a name that every transaction which changes rows gives anew."""

    position: int
    state: UUID

    async def moved(self, connection: Connection, facts: int) -> "Checkpoint":
        """The checkpoint after so many facts more, written."""
        after = Checkpoint(self.position + facts, uuid4())
        await connection.execute("update checkpoint set position = $1, state = $2", *after)
        return after


async def lock(connection: Connection) -> Checkpoint:
    """The checkpoint. Held to the commit: positions are dense and in commit order, and rows have one writer."""
    # A rebuild may hold it for longer than the role's lock_timeout; the command's own timeout still stands.
    await connection.execute("set local lock_timeout = 0")
    row = await connection.fetchrow("select position, state from checkpoint for update")
    assert row is not None
    return Checkpoint(row["position"], row["state"])
