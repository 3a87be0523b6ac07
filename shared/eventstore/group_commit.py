"""Group commit: changes that arrive together are appended in one transaction, and each learns what came of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self
from uuid import UUID

import structlog

from shared.eventstore.append_parameters import APPEND, GroupRows, RowOrder, Sealings
from shared.eventstore.change import Change
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import DATABASE_AWAY, Database
from shared.eventstore.errors import (
    AlreadyHandled,
    AppendFault,
    InboxMoved,
    NameReserved,
    StaleVersion,
    StoreUnavailable,
)
from shared.tasks import end_tasks
from shared.telemetry.context import span
from shared.telemetry.measured import APPEND_GROUP

_log = structlog.get_logger()
GROUP_SIZE = 500
"""Commands in one transaction, at most."""
LOOK_AT_PARTITIONS_EVERY = 1_000_000
"""Positions after which the next partition is made, if it is not there yet; a partition holds ten times as many."""
COMMITTERS = 2
"""Connections that append in turn: while one commits its group, the other one's callers decide and queue up."""
_FAULTS: Mapping[str, type[AppendFault]] = {
    "stale": StaleVersion,
    "repeated": AlreadyHandled,
    "moved": InboxMoved,
    "reserved": NameReserved,
}
_VIRTUAL_NOW = "select set_config('aftale.virtual_now', $1, true)"


class _Pending:
    """A change in the queue, and the future of who waits for it."""

    __slots__ = ("change", "claims", "done", "private", "relies_on")

    def __init__(self, change: Change, private: Sealings, done: "asyncio.Future[int]") -> None:
        self.change = change
        self.private = private
        self.claims = _claims(change)
        self.relies_on = [write.stream for write in change.writes if not write.events]
        self.done = done


class GroupCommit:
    """The queue of one process, and the committers that empty it. Use as an async context manager."""

    def __init__(self, database: Database, virtual: VirtualClock | None, appended: Callable[[], None]) -> None:
        """`appended` is called after each group that was committed."""
        self._database = database
        self._virtual = virtual
        self._appended = appended
        self._queue: deque[_Pending] = deque()
        self._under_way = 0
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._partitions_looked_at = 0
        self._row_order: RowOrder | None = None
        self._group_size = APPEND_GROUP.labels(database.schema)

    async def __aenter__(self) -> Self:
        await self._make_partitions_ahead(0)
        async with self._database.acquire() as connection:
            self._row_order = await RowOrder.of_schema(connection)
        self._tasks = [asyncio.create_task(self._commit_groups()) for _ in range(COMMITTERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_tasks(self._tasks)
        self._tasks = []
        for pending in self._queue:
            _fail(pending, StoreUnavailable("the service is stopping"))

    @property
    def runs(self) -> bool:
        """Returns whether all committers run; if one has ended, commands would wait forever."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def refuse_when_stopped(self) -> None:
        """Raises StoreUnavailable if the committers have stopped, so that nobody empties the queue."""
        if not self._tasks:
            raise StoreUnavailable("the service is stopping")

    async def append(self, change: Change, private: Sealings) -> int:
        """Queues a change and waits for its commit; returns the position of the log after its group.

        See EventStore.append.
        """
        # A cancelled caller leaves its command in the queue: it may be under way already.
        pending = _Pending(change, private, asyncio.get_running_loop().create_future())
        self._queue.append(pending)
        self._arrived.set()
        with span("append", service=self._database.schema):
            return await pending.done

    async def _commit_groups(self) -> None:
        while True:
            group = self._next_group()
            if not group:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            self._under_way += len(group)
            try:
                await self._commit(group)
            except asyncio.CancelledError:
                for pending in group:
                    _fail(pending, StoreUnavailable("the service is stopping"))
                raise
            finally:
                self._under_way -= len(group)

    def _next_group(self) -> list[_Pending]:
        """Commands of which none claims what another claims or relies on; the others keep their order, for later.

        A committer takes its share of all commands, so that the database is busy with one group while the callers of
        the other go on: together they would wait for each other in turn.
        """
        share = -(-(len(self._queue) + self._under_way) // COMMITTERS)
        group: list[_Pending] = []
        held: list[_Pending] = []
        claimed: set[object] = set()
        relied_on: set[UUID] = set()
        while self._queue and len(group) < min(share, GROUP_SIZE):
            pending = self._queue.popleft()
            claims, relies_on = pending.claims, pending.relies_on
            free = claimed.isdisjoint(claims) and claimed.isdisjoint(relies_on) and relied_on.isdisjoint(claims)
            (group if free else held).append(pending)
            claimed.update(claims)
            relied_on.update(relies_on)
        self._queue.extendleft(reversed(held))
        return group

    async def _commit(self, group: list[_Pending]) -> None:
        try:
            faults, position = await self._execute(group)
        except DATABASE_AWAY as error:
            for pending in group:
                _fail(pending, StoreUnavailable(str(error)))
            return
        except Exception as error:
            if len(group) == 1:
                _fail(group[0], error)
                return
            for pending in group:  # one of them is at fault: it fails alone
                await self._commit([pending])
            return
        self._group_size.observe(len(group))
        for pending, fault in zip(group, faults, strict=True):
            if fault is None:
                if not pending.done.done():
                    pending.done.set_result(position)
            else:
                _fail(pending, _FAULTS[fault](fault))
        self._appended()
        if position - self._partitions_looked_at > LOOK_AT_PARTITIONS_EVERY:
            try:
                await self._make_partitions_ahead(position)
            except Exception as error:  # there is time: the next group tries again, and the committer must live
                _log.error("partitions_not_made", schema=self._database.schema, error=repr(error))

    async def _make_partitions_ahead(self, position: int) -> None:
        async with self._database.acquire() as connection:
            await connection.execute("select ensure_partitions()")
        self._partitions_looked_at = position

    def _call(self, group: Sequence[tuple[Change, Sealings]]) -> tuple[str, Sequence[Any]]:
        assert self._row_order is not None
        return APPEND, self._row_order.arguments(GroupRows.of(group))

    async def _execute(self, group: list[_Pending]) -> tuple[list[str | None], int]:
        statement, arguments = self._call([(pending.change, pending.private) for pending in group])
        async with self._database.acquire() as connection:
            if self._virtual is None:
                row = await connection.fetchrow(statement, *arguments)
            else:
                async with connection.transaction():
                    await connection.execute(_VIRTUAL_NOW, self._virtual.now().isoformat())
                    row = await connection.fetchrow(statement, *arguments)
        assert row is not None
        return row["faults"], row["last_position"]


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.done.done():
        pending.done.set_exception(error)
        with suppress(Exception):  # a caller that went away must not make the loop warn of an exception nobody took
            pending.done.exception()


def _claims(change: Change) -> set[object]:
    """What no two commands of one group may share. A stream that is only guarded may be guarded by many of them."""
    claims: set[object] = {write.stream for write in change.writes if write.events}
    if change.key is not None:
        claims.add(("key", change.key.key))
    if change.mark is not None:
        claims.add((change.mark.source, change.mark.stream))
    if change.arm or change.cancel:
        claims.update(stream for stream, *_ in (*change.arm, *change.cancel))
    if change.reserve or change.release:
        claims.update(name for name, _ in (*change.reserve, *change.release))
    return claims
