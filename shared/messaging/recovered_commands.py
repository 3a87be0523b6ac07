"""Commands whose facts were recovered from Kafka after a restore: what recorded them is not done again."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from shared.eventstore.database import Connection, Database

DoneBefore = Callable[[UUID], Awaitable[frozenset[UUID]]]
"""Returns the streams in which facts of a command were recovered."""


async def done_nowhere(command_id: UUID) -> frozenset[UUID]:
    """Returns no streams: for a service whose database was never restored."""
    return frozenset()


class RecoveredCommands:
    """Looks up recovered commands; queries only once if nothing was ever recovered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any: bool | None = None

    async def streams(self, command_id: UUID) -> frozenset[UUID]:
        """Returns the streams in which facts of a command were recovered; see DoneBefore."""
        if self._any is None:
            async with self._database.acquire() as connection:
                self._any = await connection.fetchval("select exists (select from recovered_commands)")
        return await self._database.ask(_streams, command_id) if self._any else frozenset()


async def _streams(connection: Connection, commands: Sequence[UUID]) -> list[frozenset[UUID]]:
    rows = await connection.fetch(
        "select command_id, stream from recovered_commands where command_id = any($1)", commands
    )
    return [frozenset(row["stream"] for row in rows if row["command_id"] == command) for command in commands]
