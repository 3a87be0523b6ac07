"""A consumer that folds facts into a read model: a batch in one transaction, with the inbox's steps."""

from abc import abstractmethod
from collections.abc import Sequence

import structlog

from shared.kernel import parking
from shared.kernel.cloudevents import Message
from shared.kernel.consumer import PASSING_FAULTS, Consumer
from shared.kernel.database import Connection
from shared.kernel.inbox import Place, Standing, StreamKey, by_stream, place, standings
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
            await self._apply_and_step(connection, [received for _, received in facts])

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """See Consumer.take_messages. The order between streams is kept too where the whole batch can be taken."""
        try:
            if await self._take_together(messages):
                return
        except PASSING_FAULTS:
            raise
        except Exception as error:  # one of them is at fault: found by taking each stream alone
            _log.warning("batch_is_taken_stream_by_stream", error=repr(error))
        await super().take_messages(messages)

    async def _take_together(self, messages: Sequence[Message]) -> bool:
        keys = list(by_stream(messages))
        async with self._database.acquire() as connection, connection.transaction():
            if await parking.parked_streams(connection, keys):
                return False
            standing = await standings(connection, keys)
            facts = []
            for message in messages:
                key = (message.source, message.stream)
                match place(standing[key], message):
                    case Place.NEXT:
                        facts.append(self._decode(message))
                        standing[key] = standing[key].after(message)
                    case Place.REPEAT:
                        pass
                    case Place.HOLE | Place.ALARM:
                        return False
            if facts:
                await self._apply_and_step(connection, facts)
        return True

    async def _apply_and_step(self, connection: Connection, facts: Sequence[Received]) -> None:
        await self.apply(connection, facts)
        newest: dict[StreamKey, Message] = {(r.message.source, r.message.stream): r.message for r in facts}
        await connection.execute(
            """insert into inbox (source, stream, epoch, version, event_id)
               select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[])
               on conflict (source, stream) do update
               set epoch = excluded.epoch, version = excluded.version, event_id = excluded.event_id""",
            [source for source, _ in newest],
            [stream for _, stream in newest],
            [message.epoch for message in newest.values()],
            [message.version for message in newest.values()],
            [message.event_id for message in newest.values()],
        )
