"""Take batches of facts from Kafka: in order per stream, at least once on the wire, exactly once in effect."""

from abc import ABC, abstractmethod
from collections.abc import Container, Sequence
from functools import partial
from typing import ClassVar
from uuid import UUID

import structlog

from shared.eventstore.database import Database
from shared.eventstore.events import EventTypes
from shared.messaging import parking, republish_requests
from shared.messaging.batch_sorter import Sorter
from shared.messaging.cloudevents import Message, source_of
from shared.messaging.discarding import Discarded, Discards, WhenDiscarded
from shared.messaging.errors import NotAboutOneStream, Undecodable
from shared.messaging.heads import HeadsOfSources
from shared.messaging.inbox import standings, stream_of
from shared.messaging.kafka_record import Record
from shared.messaging.parked_replay import ParkedReplay, Retaken
from shared.messaging.parking import Obstacle, Reason
from shared.messaging.poison import CaseByCase, failing_records
from shared.messaging.received_fact import Fact
from shared.messaging.reconciliation_state import AskAgain
from shared.messaging.source_verification import SourceVerification
from shared.messaging.transient_errors import is_transient, retry_while_transient
from shared.messaging.unreadable import read_record, unreadable

_log = structlog.get_logger()


class Consumer(ABC):
    """Processes facts, each stream in order, and parks what fails; subclasses say what processing a fact means."""

    isolation: ClassVar[type[CaseByCase]] = CaseByCase
    """How facts that cannot be processed are found among the others."""

    def __init__(self, database: Database, types: EventTypes, *, own_source: str, ask_again: AskAgain) -> None:
        self.database = database
        self._own_source = own_source
        self._verification = SourceVerification(database)
        self._sorter = Sorter(database, types, self._verification)
        self._isolation = self.isolation(lambda facts: self.take(facts))
        self._replays = ParkedReplay(database, types, self._isolation.fault_of, ask_again)
        self._discards = Discards(database, self._replays, own_source=own_source)

    def believe(self, heads: HeadsOfSources) -> None:
        """Sets the heads that sources are asked for before doubtful records are believed.

        A record is doubtful if it has a new epoch, or another event at a known version.
        """
        self._verification.heads = heads

    def record_discards(self, when_discarded: WhenDiscarded) -> None:
        """Sets what the service records on its own with each message that is discarded."""
        self._discards.when_discarded = when_discarded

    @abstractmethod
    async def take(self, facts: Sequence[Fact]) -> None:
        """Processes facts of one stream and moves the inbox past them, all or none.

        Raises an error that `is_transient` if a retry is worthwhile, as InboxMoved if another process was first.
        """

    async def take_records(self, records: Sequence[Record], sources: Container[str] | None = None) -> None:
        """Processes a batch of Kafka records; returns once each is processed or parked.

        A source is believed only on its own topic: a record of a source that is not among `sources` is set aside alone.
        Raises NotAboutOneStream if the error lies with this service; then nothing of the batch counts as processed.
        """
        try:
            await retry_while_transient(lambda: self._take_batch(records, sources), service=self._own_source)
        except NotAboutOneStream:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            _log.error("batch_is_taken_record_by_record", service=self._own_source, error=repr(error), exc_info=True)
            await self._take_one_by_one(records, sources)

    async def take_messages(self, messages: Sequence[Message]) -> None:
        """Processes messages, each stream in order; parks those that fail, and the later ones of their streams.

        Replays a parked stream if what it waited for was received, and otherwise with backoff.
        """
        batch = await self._sorter.sort(messages)
        await self._park(batch.aside)
        await self._put_in_place(batch.copies)
        failures = await self._isolation.take(batch.facts)
        await self._park([obstacle for failure in failures for obstacle in failure.obstacles()])
        if batch.duplicates:
            await self.take_messages(batch.duplicates)
        due = self._replays.due(stream_of(one.message) for one in batch.aside)
        await self._replays.replay_all(batch.can_go_on | due)
        if batch.of_parked:
            async with self.database.acquire() as connection:
                await republish_requests.note_arrivals(connection, batch.of_parked)

    async def replay(self, source: str, stream: UUID) -> int:
        """Replays the parked messages of a stream; returns how many still wait."""
        return await self._replays.replay(source, stream)

    async def retake(self, source: str, stream: UUID, *, by: str) -> Retaken:
        """Asks a source to publish a stream again; see ParkedReplay.retake."""
        return await self._replays.retake(source, stream, by=by)

    async def discard(self, source: str, stream: UUID, event_id: UUID, *, by: str, reason: str) -> Discarded:
        """Discards the first parked message of a stream; see Discards.discard."""
        return await self._discards.discard(source, stream, event_id, by=by, reason=reason)

    async def discard_unreadable(self, *, by: str, reason: str) -> int:
        """Discards all records that do not say which fact they are; returns how many there were."""
        return await self._discards.discard_unreadable(by=by, reason=reason)

    async def _take_batch(self, records: Sequence[Record], sources: Container[str] | None) -> None:
        messages, obstacles = [], []
        for record in records:
            if self._is_own(record, sources):
                continue
            try:
                messages.append(read_record(record, sources))
            except Undecodable as error:
                obstacles.append(unreadable(record, sources, error))
        await self._park(await self._not_passed_over(obstacles))
        if messages:
            await self.take_messages(messages)

    async def _not_passed_over(self, obstacles: Sequence[Obstacle]) -> list[Obstacle]:
        """Without records that an operator has discarded: one that is read once more must not hold anything back."""
        if not obstacles:
            return []
        async with self.database.acquire() as connection:
            known = await standings(connection, {stream_of(one.message) for one in obstacles})
        return [one for one in obstacles if not known[stream_of(one.message)].version]

    def _is_own(self, record: Record, sources: Container[str] | None) -> bool:
        return source_of(record.headers) == self._own_source and (sources is None or self._own_source in sources)

    async def _take_one_by_one(self, records: Sequence[Record], sources: Container[str] | None) -> None:
        """After a fault that nobody foresaw: the record that brings it is put aside alone, if others can be taken."""

        async def take(record: Record) -> None:
            await retry_while_transient(partial(self._take_batch, [record], sources), service=self._own_source)

        failed = await failing_records(records, take)
        obstacles = [unreadable(record, sources, error) for record, error in failed]

        async def park() -> None:
            await self._park(await self._not_passed_over(obstacles))

        await retry_while_transient(park, service=self._own_source)

    async def _put_in_place(self, copies: Sequence[Message]) -> None:
        if not copies:
            return
        async with self.database.acquire() as connection:
            await parking.put_in_place(connection, copies)
        for copy in copies:
            _log.info("parked_message_replaced", **copy.log_fields())

    async def _park(self, obstacles: Sequence[Obstacle]) -> None:
        if not obstacles:
            return
        for obstacle in obstacles:
            if obstacle.reason is not Reason.WAITING:
                reason = obstacle.reason.value
                _log.error("stream_parked", **obstacle.message.log_fields(), reason=reason, detail=obstacle.detail)
        async with self.database.acquire() as connection:
            await parking.park(connection, obstacles)
        await self._replays.replay_what_waits_for_nothing(obstacles)
