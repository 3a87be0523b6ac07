"""Take batches of facts from Kafka: in order per stream, at least once on the wire, exactly once in effect."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import structlog

from shared.eventstore.database import Connection, Database
from shared.eventstore.event_store import InboxMoved
from shared.eventstore.events import EventTypes
from shared.messaging import parking
from shared.messaging.cloudevents import Message, Undecodable, read, source_of
from shared.messaging.inbox import Place, Standing, StreamKey, place, standings, stream_of
from shared.messaging.parking import Obstacle, Parked, Reason
from shared.messaging.passing_faults import until_it_works, will_pass
from shared.messaging.received import Received
from shared.messaging.retry_pauses import Pauses

UNREADABLE = "unreadable"
"""The source under which a record is parked that does not say which fact it is."""
_GO_ON = (Place.NEXT, Place.REPEAT)
"""What lets a parked stream go on: a repeat, too, for a replay that was cut off has taken it, and left what follows."""
_NAMESPACE = UUID("6f1f6c0e-6f0a-4c3b-9d5e-2b8f6a5d1c77")
_log = structlog.get_logger()

AskAgain = Callable[[str, UUID, int], Awaitable[None]]
"""Ask a source to publish a stream again from a version on. Raises SourceUnreachable."""
Fact = tuple[Standing, Received]
"""A fact, and where the inbox stands before it."""
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
        self._pauses = Pauses()

    @abstractmethod
    async def take(self, facts: Sequence[Fact]) -> None:
        """Give facts of one stream their effect, with the inbox's steps, all or none.

        Raises a fault that `will_pass` where it is worth trying again: InboxMoved where another process was first.
        """

    async def take_records(self, records: Sequence[Record]) -> None:
        """Take a batch of Kafka records; returns once all are taken or parked, and never raises."""
        messages = []
        for headers, body in records:
            if source_of(headers) == self._own_source:
                continue
            try:
                messages.append(read(headers, body))
            except Undecodable as error:
                unreadable = _unreadable(headers, body, error)
                await until_it_works(partial(self._park, [unreadable]), service=self._own_source)
        if messages:
            await until_it_works(lambda: self.take_messages(messages), service=self._own_source)

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """Take messages, each stream in its own order; what cannot be taken is put aside, and what follows behind it.

        A parked stream is replayed where what it waited for has come, and else after growing pauses.
        """
        facts, aside, can_go_on = await self._sort(messages)
        await _all_of([self._park(aside), self.take_facts(facts)])
        tried_again = {key for key in map(stream_of, (one.message for one in aside)) if self._pauses.over(key)}
        await _all_of(self._replay(*key) for key in can_go_on | tried_again)

    async def take_facts(self, facts: Sequence[Fact]) -> None:
        """Take facts that come next in their streams, different cases at the same time; park what fails for good.

        The facts of a case have a stream in each of their sources, and are taken in the order in which they came: what
        one service says of a case may rest on what another one has said of it.
        """
        cases: dict[UUID, list[Fact]] = {}
        for fact in facts:
            cases.setdefault(fact[1].message.stream, []).append(fact)
        await _all_of(map(self._take_case, cases.values()))

    async def replay(self, source: str, stream: UUID) -> int:
        """Try what is parked in a stream again; returns how many messages still wait."""
        self._asked.pop((source, stream), None)
        await self._replay(source, stream)
        async with self._database.acquire() as connection:
            return await parking.count_waiting(connection, source, stream)

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        """Pass over the first message that waits in a stream, with what is missing before it, and go on.

        Raises LookupError where another message, or none, is the first: what stands before it would vanish with it.
        """
        async with self._database.acquire() as connection, connection.transaction():
            waiting = await parking.waiting_messages(connection, source, stream, limit=1)
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

    async def _sort(self, messages: Sequence[Message]) -> tuple[list[Fact], list[Obstacle], set[StreamKey]]:
        """Facts that can be taken, in the order in which they came; what has to wait; parked streams that can go on."""
        facts: list[Fact] = []
        aside: list[Obstacle] = []
        can_go_on: set[StreamKey] = set()
        async with self._database.acquire() as connection:
            keys = dict.fromkeys(map(stream_of, messages))
            standing = await standings(connection, keys)
            parked = await parking.parked_streams(connection, keys)
        for message in messages:
            key = stream_of(message)
            where = place(standing[key], message)
            if where in _GO_ON and key in parked:
                can_go_on.add(key)
            if where is Place.REPEAT:
                continue
            found = self._fact_or_obstacle(message, where, standing[key], parked=key in parked)
            if isinstance(found, Received):
                facts.append((standing[key], found))
                standing[key] = standing[key].after(message)
            else:
                aside.append(found)
                parked.add(key)
        return facts, aside, can_go_on

    def _fact_or_obstacle(
        self, message: Message, where: Place, standing: Standing, *, parked: bool
    ) -> Received | Obstacle:
        if where is Place.ALARM:
            return Obstacle(message, Reason.ALARM, f"version {standing.version} was taken as event {standing.event_id}")
        if parked:
            return _behind_another(message)
        if where is Place.HOLE:
            return Obstacle(message, Reason.HOLE, f"version {standing.version + 1} is missing")
        try:
            return Received.decoded(message, self._types)
        except Exception as error:
            return Obstacle(message, Reason.POISON, repr(error))

    async def _take_case(self, facts: Sequence[Fact]) -> None:
        parked: set[str] = set()
        for source, of_source in groupby(facts, key=lambda fact: fact[1].message.source):
            together = list(of_source)
            if source in parked:
                await self._park([_behind_another(received.message) for _, received in together])
            elif not await self._take_or_park(together):
                parked.add(source)

    async def _take_or_park(self, facts: Sequence[Fact]) -> bool:
        """Take facts of one stream; of those that fail for good together, the guilty one is parked with what follows.

        Returns whether all were taken.
        """
        error = await self._fault_of(facts)
        for number, fact in enumerate(facts if error is not None else ()):
            if len(facts) > 1:
                error = await self._fault_of([fact])
            if error is not None:
                later = [_behind_another(received.message) for _, received in facts[number + 1 :]]
                await self._park([Obstacle(fact[1].message, Reason.POISON, repr(error)), *later])
                return False
        return True

    async def _fault_of(self, facts: Sequence[Fact]) -> Exception | None:
        """Take facts of one stream; the fault that will not pass, if there is one."""
        try:
            await self.take(facts)
        except Exception as error:
            if will_pass(error):
                raise
            return error
        return None

    async def _replay(self, source: str, stream: UUID) -> None:
        """Take what is parked in a stream, as far as that goes."""
        while waiting := await self._waiting(source, stream):
            try:
                obstacle = await self._take_parked(source, stream, waiting)
            except InboxMoved:  # somebody else replays it too, and is further
                continue
            if obstacle:
                self._pauses.failed((source, stream))
                return
        self._asked.pop((source, stream), None)
        self._pauses.forget((source, stream))

    async def _waiting(self, source: str, stream: UUID) -> list[Parked]:
        async with self._database.acquire() as connection:
            return await parking.waiting_messages(connection, source, stream)

    async def _take_parked(self, source: str, stream: UUID, waiting: Sequence[Parked]) -> bool:
        """Take the first messages that wait in a stream; returns whether one of them has to wait on."""
        async with self._database.acquire() as connection:
            standing = (await standings(connection, [(source, stream)]))[source, stream]
        for parked in waiting:
            match place(standing, parked.message):
                case Place.NEXT:
                    error = await self._fault_of_parked(standing, parked.message)
                    if error is not None:
                        _log.error("parked_message_fails_again", **_named(parked.message), error=repr(error))
                        return True
                    standing = standing.after(parked.message)
                case Place.HOLE:
                    await self._ask_for(source, stream, standing.version + 1)
                    return True
                case Place.ALARM:
                    return True
                case Place.REPEAT:
                    pass
            async with self._database.acquire() as connection:
                await parking.unpark(connection, parked.message)
        return False

    async def _fault_of_parked(self, standing: Standing, message: Message) -> Exception | None:
        try:
            fact = Received.decoded(message, self._types)
        except Exception as error:
            return error
        return await self._fault_of([(standing, fact)])

    async def _ask_for(self, source: str, stream: UUID, version: int) -> None:
        """Ask once per hole: what comes again for an answer must not itself be a reason to ask, or it never ends."""
        if self._asked.get((source, stream)) != version:
            await self._ask_again(source, stream, version)
            self._asked[source, stream] = version

    async def _park(self, obstacles: Sequence[Obstacle]) -> None:
        if not obstacles:
            return
        for obstacle in obstacles:
            if obstacle.reason is not Reason.WAITING:
                reason = obstacle.reason.value
                _log.error("stream_parked", **_named(obstacle.message), reason=reason, detail=obstacle.detail)
        async with self._database.acquire() as connection:
            await parking.park(connection, obstacles)
        await self._take_what_waits_for_nothing(obstacles)

    async def _take_what_waits_for_nothing(self, parked: Sequence[Obstacle]) -> None:
        """While it was being parked, an operator may have let another process take, or pass over, what was before it.

        Whoever replays looks for what waits after each step; so of the two, one sees what the other has done.
        """
        held_back = [one.message for one in parked if one.reason in (Reason.WAITING, Reason.HOLE)]
        if not held_back:
            return
        async with self._database.acquire() as connection:
            first = await parking.first_messages(connection, set(map(stream_of, held_back)))
            standing = await standings(connection, first)
        events = {message.event_id for message in held_back}
        free = [key for key, one in first.items() if one.event_id in events and place(standing[key], one) in _GO_ON]
        await _all_of(self._replay(*key) for key in free)


async def _all_of(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """At the same time; raises the first fault once nothing runs any more, so that the batch can be tried again."""
    for result in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _behind_another(message: Message) -> Obstacle:
    return Obstacle(message, Reason.WAITING, "an earlier message of its stream is parked")


def _unreadable(headers: Sequence[tuple[str, bytes | None]], body: bytes | None, error: Undecodable) -> Obstacle:
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
    return Obstacle(stand_in, Reason.POISON, repr(error))


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
