"""Connections of one service to its own schema, under its own role."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from shared.release import RELEASE

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy
    Pool = asyncpg.Pool

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Question = Callable[[Connection, Sequence[Key]], Awaitable[Sequence[Found]]]
"""Finds something for each of several keys in one query, in the order of the keys."""

_SETTINGS = {
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "plan_cache_mode": "force_generic_plan",  # plans for small arrays and indexes, whatever the tables' statistics say
    "timezone": "UTC",
    "jit": "off",
}

_CONNECT_SECONDS = 5
"""Seconds after which a silent server counts as unreachable; asyncpg itself would wait for a minute."""
_COMMAND_SECONDS = 30
DATABASE_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # a deadlock that was lost, as to a migration
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut while it was idle
)
"""Errors of a call if the database is unreachable or has just come back. Whether it was carried out is unknown."""


class Database:
    """A pool whose connections see one schema only."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self.schema = schema
        self._asked: dict[Question[Any, Any], list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    def acquire(self) -> "asyncpg.pool.PoolAcquireContext[asyncpg.Record]":
        """Returns a connection as a context manager; the connection goes back to the pool when the block ends."""
        return self._pool.acquire()

    def ask(self, question: Question[Key, Found], key: Key) -> "asyncio.Future[Found]":
        """Returns what a question finds for a key; callers that ask the same question together share one query.

        This makes look-ups cheap under load, as group commit does for appends. The query begins after the call, so that
        it sees what was committed before the call.
        """
        found: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        if question in self._asked:
            self._asked[question].append((key, found))
        else:
            self._asked[question] = [(key, found)]
            task = asyncio.create_task(self._answer(question))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        return found

    async def _answer(self, question: Question[Any, Any]) -> None:
        """Until nobody asks any more; who asks while a query runs is answered by the next one."""
        asked: list[tuple[Any, asyncio.Future[Any]]] = []
        try:
            while asked := self._asked[question]:
                self._asked[question] = []
                keys = list(dict.fromkeys(key for key, _ in asked))
                try:
                    async with self.acquire() as connection:
                        answers = dict(zip(keys, await question(connection, keys), strict=True))
                except Exception as error:
                    for _, found in asked:
                        if not found.done():
                            found.set_exception(error)
                else:
                    for key, found in asked:
                        if not found.done():
                            found.set_result(answers[key])
        finally:  # somebody is left only where this task was cut off
            for _, found in (*asked, *self._asked.pop(question)):
                if not found.done():
                    found.set_exception(asyncpg.InterfaceError("the look-up was cut off"))


def _application_name(who: str, release: str = RELEASE) -> str:
    return f"aftale-{who}/{release}"


async def _nothing_to_reset(_: object) -> None:
    """Nobody here changes a session, and asyncpg's own reset is a round trip after every use of a connection."""


@asynccontextmanager
async def open_database(dsn: str, schema: str, *, connections: int = 12) -> AsyncIterator[Database]:
    """Opens the schema of a service as the role `aftale_<schema>`, and closes it when the block ends."""
    settings = {
        **_SETTINGS,
        "search_path": schema,
        "role": f"aftale_{schema}",
        "application_name": _application_name(schema),
    }
    pool = await asyncpg.create_pool(
        dsn,
        min_size=2,
        max_size=connections,
        server_settings=settings,
        timeout=_CONNECT_SECONDS,
        command_timeout=_COMMAND_SECONDS,
        reset=_nothing_to_reset,
    )
    try:
        yield Database(pool, schema)
    finally:
        await pool.close()


async def connect(dsn: str, schema: str, *, purpose: str = "relay") -> "asyncpg.Connection[asyncpg.Record]":
    """Opens a connection outside the pool: for a relay or another loop, which holds a session lock.

    Its commits do not wait for the disk: a checkpoint lost with the server lets facts be published once more.
    """
    settings = {
        **_SETTINGS,
        "synchronous_commit": "off",
        "search_path": schema,
        "role": f"aftale_{schema}",
        "application_name": _application_name(f"{schema}-{purpose}"),
    }
    return await asyncpg.connect(
        dsn, server_settings=settings, timeout=_CONNECT_SECONDS, command_timeout=_COMMAND_SECONDS
    )
