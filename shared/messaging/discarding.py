"""Discards messages that operators pass over, and releases what waited behind them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.eventstore.database import Connection, Database
from shared.messaging import parking
from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Place, place, standings
from shared.messaging.parked_replay import ParkedReplay
from shared.messaging.parking import Reason
from shared.messaging.unreadable import UNREADABLE

_log = structlog.get_logger()

WhenDiscarded = Callable[[Connection, Message, str, str], Awaitable[Sequence[str]]]
"""Records, in the same transaction, what a service notes about a discarded message, by whom and why.

Returns the P-numbers of units that are held from now on.
"""


@dataclass(frozen=True)
class Discarded:
    """The result of discarding a message."""

    waiting: int
    """Number of messages of the stream that are still parked."""
    missing: range
    """Versions before the message that were never received, and are skipped with it."""
    message: Message
    held: tuple[str, ...] = ()
    """P-numbers of units that are held from now on, as nobody knows what they missed (R8)."""


class Discards:
    """Discards messages permanently, as operators decide."""

    def __init__(self, database: Database, replays: ParkedReplay, *, own_source: str) -> None:
        self._database = database
        self._replays = replays
        self._own_source = own_source
        self.when_discarded: WhenDiscarded | None = None

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        """Discards the first parked message of a stream, with the versions missing before it, and replays the rest.

        Raises LookupError if another message, or none, is the first: those before it would be lost with it.
        """
        async with self._database.acquire() as connection, connection.transaction():
            waiting = await parking.waiting_messages(connection, source, stream, limit=1)
            if not waiting or waiting[0].message.event_id != event_id:
                raise LookupError(f"{event_id} is not the first message that waits in {source} {stream}")
            first = waiting[0].message
            missing = await missing_before(connection, source, stream)
            await parking.discard(connection, first, by=by, reason=reason, missing=missing)
            if waiting[0].reason is not Reason.ALARM:  # else the inbox would take the event that stands for the alarm
                await _pass_over(connection, first)
            held: Sequence[str] = ()
            if self.when_discarded is not None and source != UNREADABLE:
                held = await self.when_discarded(connection, first, by, reason)
        _log.warning("message_discarded", **first.log_fields(), by=by, missing=len(missing), held=len(held))
        return Discarded(await self._replays.replay(source, stream), missing, first, tuple(held))

    async def discard_unreadable(self, *, by: str, reason: str) -> int:
        """Discards all records that do not say which fact they are; returns how many there were."""
        async with self._database.acquire() as connection:
            discarded = await parking.discard_all(connection, UNREADABLE, by=by, reason=reason)
        _log.warning("unreadable_records_discarded", service=self._own_source, records=discarded, by=by)
        return discarded


async def missing_before(connection: Connection, source: str, stream: UUID) -> range:
    """Returns the versions that were never received before the first parked message of a stream."""
    waiting = await parking.waiting_messages(connection, source, stream, limit=1)
    standing = (await standings(connection, [(source, stream)]))[source, stream]
    if not waiting or place(standing, waiting[0].message) is not Place.GAP:
        return range(0)
    return range(standing.version + 1, waiting[0].message.version)


async def _pass_over(connection: Connection, message: Message) -> None:
    await connection.execute(
        """insert into inbox (source, stream, epoch, version, event_id) values ($1, $2, $3, $4, $5)
           on conflict (source, stream) do update
           set epoch = excluded.epoch, version = excluded.version, event_id = excluded.event_id
           where (inbox.epoch, inbox.version) <= (excluded.epoch, excluded.version)""",
        message.source,
        message.stream,
        message.epoch,
        message.version,
        message.event_id,
    )
