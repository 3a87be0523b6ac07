"""A consumer that folds facts into a read model: a batch in one transaction, with the inbox's steps."""

from abc import abstractmethod
from collections.abc import Sequence

import structlog

from shared.kernel import parking
from shared.kernel.cloudevents import Message
from shared.kernel.consumer import Consumer
from shared.kernel.database import Connection
from shared.kernel.event_store import InboxMoved, Mark
from shared.kernel.inbox import Place, Standing, StreamKey, by_stream, place, standings
from shared.kernel.passing_faults import will_pass
from shared.kernel.received import Received

_log = structlog.get_logger()


class Projector(Consumer):
    """Takes whole batches at once while nothing is wrong with them, and stream by stream otherwise."""

    @abstractmethod
    async def apply(self, connection: Connection, facts: Sequence[Received]) -> None:
        """Fold facts into the read model, in the transaction that is open."""

    async def take(self, facts: Sequence[tuple[Standing, Received]]) -> None:
        """See Consumer.take."""
        async with self._database.acquire() as connection, connection.transaction():
            await self._apply_and_step(connection, facts)

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """See Consumer.take_messages. The order between streams is kept too where the whole batch can be taken."""
        try:
            if await self._take_together(messages):
                return
        except Exception as error:
            if will_pass(error):
                raise
            # one of them is at fault: found by taking each stream alone
            _log.warning("batch_is_taken_stream_by_stream", error=repr(error))
        await super().take_messages(messages)

    async def _take_together(self, messages: Sequence[Message]) -> bool:
        keys = list(by_stream(messages))
        async with self._database.acquire() as connection, connection.transaction():
            if await parking.parked_streams(connection, keys):
                return False
            standing = await standings(connection, keys)
            facts: list[tuple[Standing, Received]] = []
            for message in messages:
                key = (message.source, message.stream)
                match place(standing[key], message):
                    case Place.NEXT:
                        facts.append((standing[key], self._decode(message)))
                        standing[key] = standing[key].after(message)
                    case Place.REPEAT:
                        pass
                    case Place.HOLE | Place.ALARM:
                        return False
            if facts:
                await self._apply_and_step(connection, facts)
        return True

    async def _apply_and_step(self, connection: Connection, facts: Sequence[tuple[Standing, Received]]) -> None:
        await _step(connection, facts)
        await self.apply(connection, [received for _, received in facts])


async def _step(connection: Connection, facts: Sequence[tuple[Standing, Received]]) -> None:
    """Move the inbox past the facts. Raises InboxMoved where another process has taken some of them."""
    steps: dict[StreamKey, Mark] = {}
    first: dict[StreamKey, Standing] = {}
    for standing, received in facts:
        key = (received.message.source, received.message.stream)
        steps[key] = first.setdefault(key, standing).step(received.message)
    marks = [steps[key] for key in sorted(steps)]
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
