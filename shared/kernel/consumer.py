"""Take batches of facts from Kafka: in order per stream, at least once on the wire, exactly once in effect."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid5

import structlog

from shared.kernel import parking
from shared.kernel.cloudevents import Message, Undecodable, read
from shared.kernel.database import Connection, Database
from shared.kernel.event_store import InboxMoved
from shared.kernel.events import EventTypes, UnknownEventType
from shared.kernel.inbox import Place, Standing, StreamKey, by_stream, place, standings
from shared.kernel.parking import Reason
from shared.kernel.passing_faults import until_it_works, will_pass
from shared.kernel.received import Received

UNREADABLE = "unreadable"
"""The source under which a record is parked that does not say which fact it is."""
_BEHIND_ANOTHER = (Reason.WAITING, "an earlier message of its stream is parked")
_NAMESPACE = UUID("6f1f6c0e-6f0a-4c3b-9d5e-2b8f6a5d1c77")
_log = structlog.get_logger()

AskAgain = Callable[[str, UUID, int], Awaitable[None]]
"""Ask a source to publish a stream again from a version on. Raises SourceUnreachable."""
Record = tuple[Sequence[tuple[str, bytes | None]], bytes | None]
"""Headers and value of a Kafka record."""


@dataclass(frozen=True)
class Discarded:
    """What came of passing over a message."""

    waiting: int
    """How many messages of its stream still wait."""
    missing: range
    """Versions before it that had never come, and are passed over with it."""


class Consumer(ABC):
    """Keeps each stream's order, and parks what cannot be taken; what taking a fact means is a subclass's."""

    def __init__(self, database: Database, types: EventTypes, *, own_source: str, ask_again: AskAgain) -> None:
        self._database = database
        self._types = types
        self._own_source = own_source
        self._ask_again = ask_again
        self._asked: dict[StreamKey, int] = {}

    @abstractmethod
    async def take(self, facts: Sequence[tuple[Standing, Received]]) -> None:
        """Give facts of one stream their effect, with the inbox's steps, all or none.

        Each comes with where the inbox stands before it. Raises a fault that `will_pass` where it is worth trying
        again: InboxMoved where another process was first.
        """

    async def take_records(self, records: Sequence[Record]) -> None:
        """Take a batch of Kafka records; returns once all are taken or parked, and never raises."""
        messages = []
        for headers, body in records:
            try:
                messages.append(read(headers, body))
            except Undecodable as error:
                await until_it_works(partial(self._park_unreadable, headers, body, error), service=self._own_source)
        others = [message for message in messages if message.source != self._own_source]
        if others:
            await until_it_works(lambda: self.take_messages(others), service=self._own_source)

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
        self._asked.pop((source, stream), None)
        return await self._replay(source, stream)

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        """Pass over the first message that waits in a stream, with what is missing before it, and go on.

        Raises LookupError where another message, or none, is the first: what stands before it would vanish with it.
        """
        async with self._database.acquire() as connection, connection.transaction():
            waiting = await parking.waiting_messages(connection, source, stream)
            if not waiting or waiting[0].message.event_id != event_id:
                raise LookupError(f"{event_id} is not the first message that waits in {source} {stream}")
            first = waiting[0].message
            standing = (await standings(connection, [(source, stream)]))[source, stream]
            hole = place(standing, first) is Place.HOLE
            missing = range(standing.version + 1, first.version) if hole else range(0)
            await parking.discard(connection, first, by=by, reason=reason, missing=missing)
            await _pass_over(connection, first)
        _log.warning("message_discarded", **_named(first), by=by, missing=len(missing))
        return Discarded(await self.replay(source, stream), missing)

    async def _replay(self, source: str, stream: UUID) -> int:
        while True:
            try:
                waiting = await self._replay_once(source, stream)
            except InboxMoved:  # somebody else replays it too, and is further
                continue
            if not waiting:
                self._asked.pop((source, stream), None)
            return waiting

    async def _replay_once(self, source: str, stream: UUID) -> int:
        async with self._database.acquire() as connection:
            waiting = await parking.waiting_messages(connection, source, stream)
            standing = (await standings(connection, [(source, stream)]))[source, stream]
        for number, parked in enumerate(waiting):
            match place(standing, parked.message):
                case Place.NEXT:
                    try:
                        await self.take([(standing, self._decode(parked.message))])
                    except Exception as error:
                        if will_pass(error):
                            raise
                        _log.error("parked_message_fails_again", **_named(parked.message), error=repr(error))
                        return len(waiting) - number
                    standing = standing.after(parked.message)
                case Place.HOLE:
                    await self._ask_for(source, stream, standing.version + 1)
                    return len(waiting) - number
                case Place.ALARM:
                    return len(waiting) - number
                case Place.REPEAT:
                    pass
            async with self._database.acquire() as connection:
                await parking.unpark(connection, parked.message)
        return 0

    async def _take_stream(self, standing: Standing, messages: Sequence[Message], parked: bool) -> None:
        facts: list[tuple[Standing, Received]] = []
        for message in messages:
            where = place(standing, message)
            if where is Place.REPEAT:
                continue
            found = self._fact_or_obstacle(message, where, standing, parked)
            if isinstance(found, Received):
                facts.append((standing, found))
                standing = standing.after(message)
                continue
            await self._take_or_park(facts)
            await self._park(message, *found)
            facts, parked = [], True
        await self._take_or_park(facts)
        if parked:
            await self._replay(messages[0].source, messages[0].stream)

    def _fact_or_obstacle(
        self, message: Message, where: Place, standing: Standing, parked: bool
    ) -> Received | tuple[Reason, str]:
        """What is to be taken next; or why the message must be parked, and in which words."""
        if where is Place.ALARM:
            return Reason.ALARM, f"version {standing.version} was taken as event {standing.event_id}"
        if parked:
            return _BEHIND_ANOTHER
        if where is Place.HOLE:
            return Reason.HOLE, f"version {standing.version + 1} is missing"
        try:
            return self._decode(message)
        except Exception as error:
            return Reason.POISON, repr(error)

    async def _take_or_park(self, facts: list[tuple[Standing, Received]]) -> None:
        """Take facts; where taking them together fails for good, one by one, so that only the guilty one is parked."""
        if not facts:
            return
        try:
            await self.take(facts)
        except Exception as error:
            if will_pass(error):
                raise
            if len(facts) == 1:
                await self._park(facts[0][1].message, Reason.POISON, repr(error))
                return
            for number, fact in enumerate(facts):
                await self._take_or_park([fact])
                async with self._database.acquire() as connection:
                    key = (fact[1].message.source, fact[1].message.stream)
                    if await parking.parked_streams(connection, [key]):
                        for _, later in facts[number + 1 :]:
                            await self._park(later.message, *_BEHIND_ANOTHER)
                        return

    async def _ask_for(self, source: str, stream: UUID, version: int) -> None:
        """Ask once per hole: what comes again for an answer must not itself be a reason to ask, or it never ends."""
        if self._asked.get((source, stream)) != version:
            await self._ask_again(source, stream, version)
            self._asked[source, stream] = version

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
        self, headers: Sequence[tuple[str, bytes | None]], body: bytes | None, error: Undecodable
    ) -> None:
        """A record that does not say which fact it is has no stream: it is kept for operators and holds nothing up."""
        content = repr((headers, body))
        identity, now = uuid5(_NAMESPACE, content), datetime.now(UTC)
        stand_in = Message(
            source=UNREADABLE,
            stream=identity,
            epoch=1,
            version=1,
            event_id=identity,
            type=UNREADABLE,
            schema_version=1,
            occurred_at=now,
            recorded_at=now,
            body=content,
        )
        await self._park(stand_in, Reason.POISON, repr(error))


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
