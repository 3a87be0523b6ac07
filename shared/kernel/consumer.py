"""Take batches of facts from Kafka: in order per stream, at least once on the wire, exactly once in effect."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid5

import structlog

from shared.kernel import parking
from shared.kernel.cloudevents import Message, Undecodable, read
from shared.kernel.database import DATABASE_AWAY, Connection, Database
from shared.kernel.event_store import AppendFault, StoreUnavailable
from shared.kernel.events import EventTypes, UnknownEventType
from shared.kernel.inbox import Place, Standing, by_stream, place, standings
from shared.kernel.parking import Reason
from shared.kernel.received import Received


class SourceUnreachable(Exception):
    """A source could not be asked to publish again."""


PASSING_FAULTS = (*DATABASE_AWAY, StoreUnavailable, AppendFault)
"""Faults that will pass: the batch is tried again."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
_NAMESPACE = UUID("6f1f6c0e-6f0a-4c3b-9d5e-2b8f6a5d1c77")
_log = structlog.get_logger()
Result = TypeVar("Result")

AskAgain = Callable[[str, UUID, int], Awaitable[None]]
"""Ask a source to publish a stream again from a version on."""
Record = tuple[Sequence[tuple[str, bytes]], bytes | None]
"""Headers and value of a Kafka record."""


class Consumer(ABC):
    """Keeps each stream's order, and parks what cannot be taken; what taking a fact means is a subclass's."""

    def __init__(self, database: Database, types: EventTypes, *, own_source: str, ask_again: AskAgain) -> None:
        self._database = database
        self._types = types
        self._own_source = own_source
        self._ask_again = ask_again

    @abstractmethod
    async def take(self, facts: Sequence[tuple[Standing, Received]]) -> None:
        """Give facts of one stream their effect, with the inbox's steps, all or none.

        Each comes with where the inbox stands before it. Raises one of PASSING_FAULTS where it is worth trying again.
        """

    async def take_records(self, records: Sequence[Record]) -> None:
        """Take a batch of Kafka records; returns once all are taken or parked."""
        messages = []
        for headers, body in records:
            try:
                messages.append(read(headers, body))
            except Undecodable as error:
                await self._persist(partial(self._park_unreadable, headers, body, error))
        others = [message for message in messages if message.source != self._own_source]
        if others:
            await self._persist(lambda: self.take_messages(others))

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """Take messages; different streams at the same time, each in its own order."""
        batches = by_stream(messages)
        async with self._database.acquire() as connection:
            standing = await standings(connection, batches)
            parked = await parking.parked_streams(connection, batches)
        results = await asyncio.gather(
            *(self._take_stream(standing[key], batch, key in parked) for key, batch in batches.items()),
            return_exceptions=True,  # so that nothing still runs when the batch is tried again
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def replay(self, source: str, stream: UUID) -> int:
        """Try what is parked in a stream again; returns how many messages still wait."""
        async with self._database.acquire() as connection:
            waiting = await parking.waiting_messages(connection, source, stream)
            standing = (await standings(connection, [(source, stream)]))[source, stream]
        for number, parked in enumerate(waiting):
            match place(standing, parked.message):
                case Place.NEXT:
                    try:
                        await self.take([(standing, self._decode(parked.message))])
                    except PASSING_FAULTS:
                        raise
                    except Exception as error:
                        _log.error("parked_message_fails_again", **_named(parked.message), error=repr(error))
                        return len(waiting) - number
                    standing = standing.after(parked.message)
                case Place.HOLE:
                    await self._ask_again(source, stream, standing.version + 1)
                    return len(waiting) - number
                case Place.ALARM:
                    return len(waiting) - number
                case Place.REPEAT:
                    pass
            async with self._database.acquire() as connection:
                await parking.unpark(connection, parked.message)
        return 0

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> int:
        """Pass over one parked message and go on with its stream; returns how many still wait.

        Raises LookupError where the message is not parked.
        """
        async with self._database.acquire() as connection:
            waiting = await parking.waiting_messages(connection, source, stream)
            message = next((p.message for p in waiting if p.message.event_id == event_id), None)
            if message is None:
                raise LookupError(f"{source} {stream} has no parked message {event_id}")
            async with connection.transaction():
                await parking.discard(connection, message, by=by, reason=reason)
                await _pass_over(connection, message)
        return await self.replay(source, stream)

    async def _take_stream(self, standing: Standing, messages: Sequence[Message], parked: bool) -> None:
        facts: list[tuple[Standing, Received]] = []
        for message in messages:
            where = place(standing, message)
            if where is Place.REPEAT:
                continue
            if where is Place.NEXT and not parked:
                try:
                    facts.append((standing, self._decode(message)))
                    standing = standing.after(message)
                    continue
                except Exception as error:
                    await self._take_or_park(facts)
                    facts = []
                    await self._park(message, Reason.POISON, repr(error))
                    parked = True
                    continue
            facts, parked = await self._take_rest_and_park(facts, message, where, standing, parked)
        await self._take_or_park(facts)
        if parked:
            await self.replay(messages[0].source, messages[0].stream)

    async def _take_rest_and_park(
        self, facts: list[tuple[Standing, Received]], message: Message, where: Place, standing: Standing, parked: bool
    ) -> tuple[list[tuple[Standing, Received]], bool]:
        await self._take_or_park(facts)
        if where is Place.HOLE and not parked:
            await self._park(message, Reason.HOLE, f"version {standing.version + 1} is missing")
            await self._ask_again(message.source, message.stream, standing.version + 1)
        elif where is Place.ALARM:
            await self._park(
                message, Reason.ALARM, f"version {standing.version} was taken as event {standing.event_id}"
            )
        else:
            await self._park(message, Reason.WAITING, "an earlier message of its stream is parked")
        return [], True

    async def _take_or_park(self, facts: list[tuple[Standing, Received]]) -> None:
        """Take facts; where taking them together fails for good, one by one, so that only the guilty one is parked."""
        if not facts:
            return
        try:
            await self.take(facts)
        except PASSING_FAULTS:
            raise
        except Exception as error:
            if len(facts) == 1:
                await self._park(facts[0][1].message, Reason.POISON, repr(error))
                return
            for number, fact in enumerate(facts):
                await self._take_or_park([fact])
                async with self._database.acquire() as connection:
                    key = (fact[1].message.source, fact[1].message.stream)
                    if await parking.parked_streams(connection, [key]):
                        for _, later in facts[number + 1 :]:
                            await self._park(
                                later.message, Reason.WAITING, "an earlier message of its stream is parked"
                            )
                        return

    def _decode(self, message: Message) -> Received:
        try:
            return Received(message, self._types.restore(message.type, message.data(), message.schema_version))
        except UnknownEventType:
            return Received(message, None)

    async def _park(self, message: Message, reason: Reason, detail: str) -> None:
        _log.error("stream_parked", **_named(message), reason=reason.value, detail=detail)
        async with self._database.acquire() as connection:
            await parking.park(connection, message, reason, detail)

    async def _park_unreadable(
        self, headers: Sequence[tuple[str, bytes]], body: bytes | None, error: Undecodable
    ) -> None:
        """A record that does not say which fact it is has no stream: it is kept for operators and holds nothing up."""
        content = repr((headers, body))
        async with self._database.acquire() as connection:
            await connection.execute(
                """insert into parked
                     (source, stream, epoch, version, event_id, reason, detail, headers, body, extensions)
                   values ('unreadable', $1, 0, 0, $1, 'poison', $2, '{}', $3, '{}') on conflict do nothing""",
                uuid5(_NAMESPACE, content),
                str(error),
                content,
            )

    async def _persist(self, step: Callable[[], Awaitable[Result]]) -> Result:
        """Try until it works, with growing pauses: for faults that will pass."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await step()
            except PASSING_FAULTS as error:
                _log.warning("consumer_tries_again", source=self._own_source, error=repr(error), pause_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


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


def _named(message: Message) -> dict[str, str | int]:
    return {"fact": message.type, "origin": message.source, "stream": str(message.stream), "version": message.version}
