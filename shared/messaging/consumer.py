"""Take batches of facts from Kafka: in order per stream, at least once on the wire, exactly once in effect."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Container, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from traceback import extract_tb
from typing import Any
from uuid import UUID, uuid5

import structlog

from shared.eventstore.database import Connection, Database
from shared.eventstore.event_store import InboxMoved
from shared.eventstore.events import EventTypes
from shared.messaging import parking, retakes
from shared.messaging.cloudevents import Message, Undecodable, concerns_of, read, source_of
from shared.messaging.completeness import AskAgain, confirmed, is_missing
from shared.messaging.heads import HeadsOfSources
from shared.messaging.inbox import Place, Standing, StreamKey, place, standings, stream_of
from shared.messaging.parking import Obstacle, Parked, Reason
from shared.messaging.passing_faults import NotAboutOneStream, is_about_values, until_it_works, will_pass
from shared.messaging.received import Received
from shared.messaging.record import Record
from shared.messaging.retry_pauses import Pauses
from shared.messaging.sources_word import SourcesWord

UNREADABLE = "unreadable"
"""The source under which a record is parked that does not say which fact it is."""
_GO_ON = (Place.NEXT, Place.REPEAT)
"""What lets a parked stream go on: a repeat, too, for a replay that was cut off has taken it, and left what follows."""
IN_SUCCESSION = 3
"""So many streams that fail alike, and nothing that works between them, are no coincidence."""
RETAKE_SECONDS = 20.0
"""For which an operator waits for a source to publish again, before it counts as silent."""
_LOOK_SECONDS = 0.05
LARGEST_KEPT = 4 * 1024 * 1024
"""Characters of a record that does not read."""
_NAMESPACE = UUID("6f1f6c0e-6f0a-4c3b-9d5e-2b8f6a5d1c77")
_log = structlog.get_logger()

WhenDiscarded = Callable[[Connection, Message, str, str], Awaitable[Sequence[str]]]
"""What a service records, in the same transaction, about a message that was passed over, by whom and why.

Returns the P-numbers of units that are held from now on.
"""
Fact = tuple[Standing, Received]
"""A fact, and where the inbox stands before it."""


@dataclass(frozen=True)
class Failure:
    """A fact that cannot be taken for a reason that will not pass, and what follows it in its stream."""

    first: Received
    error: Exception
    behind: list[Received]

    @property
    def kind(self) -> str:
        """What failed and where in the code, without the values that were in hand."""
        trace = extract_tb(self.error.__traceback__)
        return f"{type(self.error).__name__} at {trace[-1].name}:{trace[-1].lineno}" if trace else repr(self.error)

    def obstacles(self) -> list[Obstacle]:
        """As they are parked."""
        behind = [_behind_another(received.message) for received in self.behind]
        return [Obstacle(self.first.message, Reason.POISON, repr(self.error)), *behind]


@dataclass
class _Sorted:
    """What a batch of messages is made of."""

    facts: list[Fact] = field(default_factory=list)
    """Can be taken, in the order in which they came."""
    aside: list[Obstacle] = field(default_factory=list)
    """Have to wait."""
    copies: list[Message] = field(default_factory=list)
    """Take the place of what waits under their ids."""
    duplicates: list[Message] = field(default_factory=list)
    """Follow a fact of the same batch at the same version: whether they are needed shows once that one was tried."""
    can_go_on: set[StreamKey] = field(default_factory=set)
    """Parked streams of which something came that may free them."""
    of_parked: list[Message] = field(default_factory=list)
    """What came of streams that were parked."""


@dataclass(frozen=True)
class Discarded:
    """What came of passing over a message."""

    waiting: int
    """How many messages of its stream still wait."""
    missing: range
    """Versions before it that had never come, and are passed over with it."""
    message: Message
    held: tuple[str, ...] = ()
    """P-numbers of units that are held from now on, as nobody knows what they missed (R8)."""


@dataclass(frozen=True)
class Retaken:
    """What came of asking a source for a stream again."""

    from_version: int
    came: bool
    """Whether that version came in time."""
    waiting: int
    """How many messages of the stream still wait."""


class Consumer(ABC):
    """Keeps each stream's order, and parks what cannot be taken; what taking a fact means is a subclass's."""

    def __init__(self, database: Database, types: EventTypes, *, own_source: str, ask_again: AskAgain) -> None:
        self.database = database
        self._types = types
        self._own_source = own_source
        self._ask_again = ask_again
        self._asked: dict[StreamKey, int] = {}
        self._pauses = Pauses()
        self._word = SourcesWord(database)
        self.when_discarded: WhenDiscarded | None = None
        self._failing: dict[str, set[StreamKey]] = {}
        """Streams that failed since something was taken last, by the kind of fault."""

    def believe(self, heads: HeadsOfSources) -> None:
        """Ask sources for their heads before a new epoch, or another event at a known version, is believed."""
        self._word.heads = heads

    @abstractmethod
    async def take(self, facts: Sequence[Fact]) -> None:
        """Give facts of one stream their effect, with the inbox's steps, all or none.

        Raises a fault that `will_pass` where it is worth trying again: InboxMoved where another process was first.
        """

    async def take_records(self, records: Sequence[Record], sources: Container[str] | None = None) -> None:
        """Take a batch of Kafka records; returns once all are taken or parked.

        A source is believed only from its own topic: records of others than `sources` are set aside, each alone.
        Raises NotAboutOneStream where the fault lies with this service; then nothing of the batch counts as taken.
        """
        try:
            await until_it_works(lambda: self._take_batch(records, sources), service=self._own_source)
        except NotAboutOneStream:
            raise
        except Exception as error:
            if will_pass(error):
                raise
            _log.error("batch_is_taken_record_by_record", service=self._own_source, error=repr(error), exc_info=True)
            await self._take_one_by_one(records, sources)

    async def _take_batch(self, records: Sequence[Record], sources: Container[str] | None) -> None:
        messages, unreadable = [], []
        for record in records:
            if self._is_own(record, sources):
                continue
            try:
                messages.append(_read(record, sources))
            except Undecodable as error:
                unreadable.append(_unreadable(record, sources, error))
        await self._park(await self._not_passed_over(unreadable))
        if messages:
            await self.take_messages(messages)

    async def _not_passed_over(self, unreadable: Sequence[Obstacle]) -> list[Obstacle]:
        """Without records that an operator has discarded: one that is read once more must not hold anything back."""
        if not unreadable:
            return []
        async with self.database.acquire() as connection:
            known = await standings(connection, {stream_of(one.message) for one in unreadable})
        return [one for one in unreadable if not known[stream_of(one.message)].version]

    def _is_own(self, record: Record, sources: Container[str] | None) -> bool:
        return source_of(record.headers) == self._own_source and (sources is None or self._own_source in sources)

    async def _take_one_by_one(self, records: Sequence[Record], sources: Container[str] | None) -> None:
        """After a fault that nobody foresaw: the record that brings it is put aside alone, if others can be taken."""
        failed: list[tuple[Record, Exception]] = []
        for record in records:
            try:
                await until_it_works(partial(self._take_batch, [record], sources), service=self._own_source)
            except Exception as error:
                if will_pass(error):
                    raise
                failed.append((record, error))
        if (len(failed) == len(records) and len(failed) >= IN_SUCCESSION) or not all(
            is_about_values(e) for _, e in failed
        ):
            raise NotAboutOneStream(f"{len(failed)} records fail with {failed[0][1]!r}") from failed[0][1]
        obstacles = [_unreadable(record, sources, error) for record, error in failed]

        async def park() -> None:
            await self._park(await self._not_passed_over(obstacles))

        await until_it_works(park, service=self._own_source)

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """Take messages, each stream in its own order; what cannot be taken is put aside, and what follows behind it.

        A parked stream is replayed where what it waited for has come, and else after growing pauses.
        """
        batch = await self._sort(messages)
        await self._park(batch.aside)
        await self._put_in_place(batch.copies)
        await self.take_facts(batch.facts)
        if batch.duplicates:
            await self.take_messages(batch.duplicates)
        tried_again = {key for key in map(stream_of, (one.message for one in batch.aside)) if self._pauses.over(key)}
        await _all_of(self._replay(*key) for key in batch.can_go_on | tried_again)
        if batch.of_parked:
            async with self.database.acquire() as connection:
                await retakes.note_arrivals(connection, batch.of_parked)

    async def take_facts(self, facts: Sequence[Fact]) -> None:
        """Take facts that come next in their streams, different cases at the same time; park what fails for good.

        The facts of a case have a stream in each of their sources, and are taken in the order in which they came: what
        one service says of a case may rest on what another one has said of it.
        """
        failures = await self._attempt(facts)
        self._refuse_to_park_what_fails_alike(facts, failures)
        await self._park([obstacle for failure in failures for obstacle in failure.obstacles()])

    async def _attempt(self, facts: Sequence[Fact]) -> list[Failure]:
        """Take what can be taken; what fails is not parked yet."""
        cases: dict[UUID, list[Fact]] = {}
        for fact in facts:
            cases.setdefault(fact[1].message.stream, []).append(fact)
        results = await asyncio.gather(*map(self._take_case, cases.values()), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [failure for result in results if not isinstance(result, BaseException) for failure in result]

    def _refuse_to_park_what_fails_alike(self, facts: Sequence[Fact], failures: Sequence[Failure]) -> None:
        """A fault that is not about one stream is never dealt out to streams.

        Where several streams fail in succession with the same fault, and nothing that was tried works, the fault is
        most likely ours. The batch comes again, with what has come after it: once something works, the rest is parked.
        """
        if len({stream_of(received.message) for _, received in facts}) > len(failures):
            self._failing.clear()
            return
        for failure in failures:
            self._failing.setdefault(failure.kind, set()).add(stream_of(failure.first.message))
        for kind, streams in self._failing.items():
            if len(streams) >= IN_SUCCESSION:
                raise NotAboutOneStream(f"{len(streams)} streams fail in succession with {kind}")

    async def replay(self, source: str, stream: UUID) -> int:
        """Try what is parked in a stream again; returns how many messages still wait."""
        self._asked.pop((source, stream), None)
        await self._replay(source, stream)
        async with self.database.acquire() as connection:
            return await parking.count_waiting(connection, source, stream)

    async def retake(self, source: str, stream: UUID, *, by: str) -> Retaken:
        """Ask a source to publish a stream again from where the inbox stands, and wait until it came.

        What came has its effect before this returns. Raises LookupError where nothing of the stream waits or is
        missing, SourceUnreachable where the source cannot be asked.
        """
        async with self.database.acquire() as connection:
            waiting = await parking.waiting_messages(connection, source, stream, limit=1)
            if not waiting and not await is_missing(connection, source, stream):
                raise LookupError(f"a stream {source} {stream} of which something waits or is missing")
            stands = (await standings(connection, [(source, stream)]))[source, stream].version
            from_version = min([stands + 1, *(one.message.version for one in waiting)])
            await retakes.note_request(connection, source, stream, from_version, by=by)
        await self._ask_again(source, stream, from_version)
        self._asked[source, stream] = from_version
        came = await self._has_come(source, stream, stands)
        if came:
            await self._replay(source, stream)
        async with self.database.acquire() as connection:
            return Retaken(from_version, came, await parking.count_waiting(connection, source, stream))

    async def _has_come(self, source: str, stream: UUID, stood: int) -> bool:
        until = time.monotonic() + RETAKE_SECONDS
        while True:
            async with self.database.acquire() as connection:
                if await retakes.has_come(connection, source, stream, beyond=stood):
                    return True
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_LOOK_SECONDS)

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        """Pass over the first message that waits in a stream, with what is missing before it, and go on.

        Raises LookupError where another message, or none, is the first: what stands before it would vanish with it.
        """
        async with self.database.acquire() as connection, connection.transaction():
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
        _log.warning("message_discarded", **_named(first), by=by, missing=len(missing), held=len(held))
        return Discarded(await self.replay(source, stream), missing, first, tuple(held))

    async def discard_unreadable(self, *, by: str, reason: str) -> int:
        """Pass over all records that do not say which fact they are; returns how many there were."""
        async with self.database.acquire() as connection:
            discarded = await parking.discard_all(connection, UNREADABLE, by=by, reason=reason)
        _log.warning("unreadable_records_discarded", service=self._own_source, records=discarded, by=by)
        return discarded

    async def _sort(self, messages: Sequence[Message]) -> _Sorted:
        batch = _Sorted()
        async with self.database.acquire() as connection:
            keys = dict.fromkeys(map(stream_of, messages))
            before = await standings(connection, keys)
            parked = await parking.parked_streams(connection, keys)
        believed = await self._word.about(messages, before)
        async with self.database.acquire() as connection:
            batch.of_parked = [message for message in messages if stream_of(message) in parked]
            held: dict[parking.MessageKey, Obstacle] = {}
            if batch.of_parked:
                held.update(await parking.parked_at(connection, batch.of_parked))
            standing = dict(before)
            for message in messages:
                key = stream_of(message)
                where = place(standing[key], message)
                if where is not Place.REPEAT and not believed(message, standing[key]):
                    batch.aside.append(_set_aside(message))
                    continue
                if where in _GO_ON and key in parked:
                    batch.can_go_on.add(key)
                if where is Place.REPEAT:
                    if place(before[key], message) is not Place.REPEAT:
                        batch.duplicates.append(message)
                    continue
                waits = held.get(parking.key_of(message))
                if waits is not None and await self._mends(connection, message, waits):
                    batch.copies.append(message)
                    batch.can_go_on.add(key)
                    held[parking.key_of(message)] = replace(waits, message=message, reason=Reason.WAITING)
                    continue
                found = self._fact_or_obstacle(message, where, standing[key], waits, parked=key in parked)
                if isinstance(found, Received):
                    batch.facts.append((standing[key], found))
                    standing[key] = standing[key].after(message)
                else:
                    batch.aside.append(found)
                    parked.add(key)
                    if found.reason is not Reason.ALARM:
                        held.setdefault(parking.key_of(message), found)
        return batch

    async def _mends(self, connection: Connection, copy: Message, waits: Obstacle) -> bool:
        """Whether a copy takes the place of a message that cannot be taken: it is sound, and its source confirms it."""
        same_event = copy.event_id == waits.message.event_id
        if not same_event or _says_the_same(copy, waits.message) or not self._reads(copy):
            return False
        if waits.reason is not Reason.POISON and self._reads(waits.message):
            return False
        return await confirmed(connection, *parking.key_of(copy), copy.event_id)

    def _reads(self, message: Message) -> bool:
        try:
            Received.decoded(message, self._types)
        except Exception:
            return False
        return True

    async def _put_in_place(self, copies: Sequence[Message]) -> None:
        if not copies:
            return
        async with self.database.acquire() as connection:
            await parking.put_in_place(connection, copies)
        for copy in copies:
            _log.info("parked_message_replaced", **_named(copy))

    def _fact_or_obstacle(
        self, message: Message, where: Place, standing: Standing, waits: Obstacle | None, *, parked: bool
    ) -> Received | Obstacle:
        if where is Place.ALARM:
            return Obstacle(message, Reason.ALARM, f"version {standing.version} was taken as event {standing.event_id}")
        if waits is not None and waits.message.event_id != message.event_id:
            detail = f"version {message.version} came before as event {waits.message.event_id}, which waits"
            return Obstacle(message, Reason.ALARM, detail)
        if parked:
            return _behind_another(message)
        if where is Place.HOLE:
            return Obstacle(message, Reason.HOLE, f"version {standing.version + 1} is missing")
        try:
            return Received.decoded(message, self._types)
        except Exception as error:
            return Obstacle(message, Reason.POISON, repr(error))

    async def _take_case(self, facts: Sequence[Fact]) -> list[Failure]:
        failures: dict[str, Failure] = {}
        for source, of_source in groupby(facts, key=lambda fact: fact[1].message.source):
            together = list(of_source)
            if source in failures:
                failures[source].behind.extend(received for _, received in together)
            elif (failure := await self._take_stream(together)) is not None:
                failures[source] = failure
        return list(failures.values())

    async def _take_stream(self, facts: Sequence[Fact]) -> Failure | None:
        """Take facts of one stream; of those that fail for good together, the guilty one with what follows it."""
        error = await self._fault_of(facts)
        for number, fact in enumerate(facts if error is not None else ()):
            if len(facts) > 1:
                error = await self._fault_of([fact])
            if error is not None:
                return Failure(fact[1], error, [received for _, received in facts[number + 1 :]])
        return None

    async def _fault_of(self, facts: Sequence[Fact]) -> Exception | None:
        """Take facts of one stream; the fault that will not pass, if there is one. Raises NotAboutOneStream."""
        try:
            await self.take(facts)
        except Exception as error:
            if will_pass(error):
                raise
            if not is_about_values(error):
                raise NotAboutOneStream(repr(error)) from error
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
        async with self.database.acquire() as connection:
            return await parking.waiting_messages(connection, source, stream)

    async def _take_parked(self, source: str, stream: UUID, waiting: Sequence[Parked]) -> bool:
        """Take the first messages that wait in a stream; returns whether one of them has to wait on."""
        async with self.database.acquire() as connection:
            standing = (await standings(connection, [(source, stream)]))[source, stream]
        for parked in waiting:
            match place(standing, parked.message):
                case Place.NEXT:
                    if parked.reason is Reason.ALARM and not await self._is_confirmed(parked.message):
                        return True
                    error = await self._fault_of_parked(standing, parked.message)
                    if error is not None:
                        _log.error("parked_message_fails_again", **_named(parked.message), error=repr(error))
                        async with self.database.acquire() as connection:
                            await parking.explain(connection, parked.message, repr(error))
                        return True
                    standing = standing.after(parked.message)
                case Place.HOLE:
                    await self._ask_for(source, stream, standing.version + 1)
                    return True
                case Place.ALARM:
                    return True
                case Place.REPEAT:
                    pass
            async with self.database.acquire() as connection:
                await parking.unpark(connection, parked.message)
        return False

    async def _is_confirmed(self, message: Message) -> bool:
        async with self.database.acquire() as connection:
            return await confirmed(connection, *parking.key_of(message), message.event_id)

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
        async with self.database.acquire() as connection:
            await parking.park(connection, obstacles)
        await self._take_what_waits_for_nothing(obstacles)

    async def _take_what_waits_for_nothing(self, parked: Sequence[Obstacle]) -> None:
        """While it was being parked, an operator may have let another process take, or pass over, what was before it.

        Whoever replays looks for what waits after each step; so of the two, one sees what the other has done.
        """
        held_back = [one.message for one in parked if one.reason in (Reason.WAITING, Reason.HOLE)]
        if not held_back:
            return
        async with self.database.acquire() as connection:
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


def _says_the_same(one: Message, other: Message) -> bool:
    """However it was traced: each publication may belong to another trace."""
    return replace(one, traceparent=other.traceparent) == other


def _read(record: Record, sources: Container[str] | None) -> Message:
    if record.unreadable is not None:
        raise Undecodable(f"the record does not read: {record.unreadable}")
    message = read(record.headers, record.value)
    if sources is not None and message.source not in sources:
        raise Undecodable(f"{message.source} publishes nothing on this topic")
    return message


def _unreadable(record: Record, sources: Container[str] | None, error: Exception) -> Obstacle:
    """A record that does not say which fact it is has no stream: it is kept for operators, and holds up no stream.

    What it says that it concerns is held back (R8), if it comes from a source that may say so here.
    """
    content = repr((record.where, record.headers, record.value))[:LARGEST_KEPT]
    identity, now = uuid5(_NAMESPACE, content), datetime.now(UTC)
    believed = sources is None or record.header("ce_source") in sources
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
        concerns=concerns_of(record.headers) if believed else {},
    )
    return Obstacle(stand_in, Reason.POISON, f"{record.where}: {error!r}")


def _set_aside(message: Message) -> Obstacle:
    """A record in the name of a source that does not tell of it: kept alone, and it holds nothing back."""
    record = Record(message.headers(), message.body.encode())
    return _unreadable(record, (), Undecodable(f"{message.source} does not tell of this epoch or event"))


async def missing_before(connection: Connection, source: str, stream: UUID) -> range:
    """The versions that have never come before the first message that waits in a stream."""
    waiting = await parking.waiting_messages(connection, source, stream, limit=1)
    standing = (await standings(connection, [(source, stream)]))[source, stream]
    if not waiting or place(standing, waiting[0].message) is not Place.HOLE:
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


def _named(message: Message) -> dict[str, str | int]:
    return {"fact": message.type, "origin": message.source, "stream": str(message.stream), "version": message.version}
