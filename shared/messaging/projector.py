"""A consumer that folds facts into a read model: a batch in one transaction, with the inbox's steps."""

from abc import abstractmethod
from collections.abc import Sequence

from shared.eventstore.database import Connection
from shared.eventstore.errors import InboxMoved
from shared.messaging.cloudevents import Message
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Standing, StreamKey, stream_of
from shared.messaging.poison import ByHalves
from shared.messaging.received_fact import Fact, ReceivedFact


class Projector(Consumer):
    """Processes all facts of a batch in one transaction; only parked messages are replayed one by one."""

    isolation = ByHalves

    @abstractmethod
    async def apply(self, connection: Connection, facts: Sequence[ReceivedFact]) -> None:
        """Folds facts into the read model, in the transaction that is open."""

    async def take(self, facts: Sequence[Fact]) -> None:
        """Processes facts, also of several streams, in one transaction; see Consumer.take."""
        async with self.database.acquire() as connection, connection.transaction():
            await _step(connection, facts)
            await self.apply(connection, [received for _, received in facts])


async def _step(connection: Connection, facts: Sequence[Fact]) -> None:
    """Move the inbox past the facts. Raises InboxMoved where another process has taken some of them."""
    first: dict[StreamKey, Standing] = {}
    last: dict[StreamKey, Message] = {}
    for standing, received in facts:
        key = stream_of(received.message)
        first.setdefault(key, standing)
        last[key] = received.message
    in_order = sorted(last, key=lambda key: (key[0], key[1].int))
    marks = [first[key].step(last[key]) for key in in_order]
    moved = await connection.fetchval(
        """with step as (
             select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::int[], $7::uuid[])
               as step(source, stream, from_epoch, from_version, epoch, version, event_id)
           ), first as (
             insert into inbox (source, stream, epoch, version, event_id)
             select source, stream, epoch, version, event_id from step where from_epoch = 0
             on conflict do nothing returning stream
           ), later as (
             update inbox set epoch = step.epoch, version = step.version, event_id = step.event_id
             from step
             where inbox.source = step.source and inbox.stream = step.stream
               and (inbox.epoch, inbox.version) = (step.from_epoch, step.from_version)
             returning inbox.stream
           )
           select (select count(*) from first) + (select count(*) from later)""",
        [mark.source for mark in marks],
        [mark.stream for mark in marks],
        [mark.from_epoch for mark in marks],
        [mark.from_version for mark in marks],
        [mark.epoch for mark in marks],
        [mark.version for mark in marks],
        [mark.event_id for mark in marks],
    )
    if moved != len(marks):
        raise InboxMoved(f"{len(marks) - moved} of {len(marks)} streams stand elsewhere than where they were read")
