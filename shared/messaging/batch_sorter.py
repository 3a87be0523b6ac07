"""Sorts a batch of messages by the inbox: what can be processed, what has to wait, and what is a duplicate."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.eventstore.database import Connection, Database
from shared.eventstore.events import EventTypes
from shared.messaging import parking
from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Place, Standing, StreamKey, place, standings, stream_of
from shared.messaging.parking import Obstacle, Reason
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.reconciliation_state import confirmed
from shared.messaging.source_verification import Believed, SourceVerification
from shared.messaging.unreadable import not_told_by_its_source

CAN_GO_ON = (Place.NEXT, Place.DUPLICATE)
"""Places of a message that let a parked stream resume.

A duplicate counts: an interrupted replay may have processed it but not its successors.
"""


@dataclass
class SortedBatch:
    """The messages of a batch, by what is to be done with them."""

    facts: list[Fact] = field(default_factory=list)
    """Facts that can be processed, in the order in which they were received."""
    aside: list[Obstacle] = field(default_factory=list)
    """Messages that have to be parked or set aside."""
    copies: list[Message] = field(default_factory=list)
    """Messages that replace the parked ones with the same ids."""
    duplicates: list[Message] = field(default_factory=list)
    """Duplicates of a fact of the same batch: whether they are needed shows once that fact was tried."""
    can_go_on: set[StreamKey] = field(default_factory=set)
    """Parked streams of which a message was received that may let them resume."""
    of_parked: list[Message] = field(default_factory=list)
    """Messages of streams that were already parked."""


@dataclass
class _Stage:
    """How far a batch is sorted, and what each message is sorted by."""

    before: dict[StreamKey, Standing]
    """Where the inbox stands."""
    standing: dict[StreamKey, Standing]
    """Where it will stand once what was sorted so far is taken."""
    parked: set[StreamKey]
    held: dict[parking.MessageKey, Obstacle]
    """What waits at the versions of the messages, in the database or in this batch."""
    believed: Believed
    batch: SortedBatch = field(default_factory=SortedBatch)


class Sorter:
    """Decides what is to be done with each message; processes and parks nothing itself."""

    def __init__(self, database: Database, types: EventTypes, verification: SourceVerification) -> None:
        self._database = database
        self._types = types
        self._verification = verification

    async def sort(self, messages: Sequence[Message]) -> SortedBatch:
        """Sorts messages by what is to be done with them; they keep the order in which they were received."""
        async with self._database.acquire() as connection:
            keys = dict.fromkeys(map(stream_of, messages))
            before = await standings(connection, keys)
            parked = await parking.parked_streams(connection, keys)
        believed = await self._verification.about(messages, before)
        of_parked = [message for message in messages if stream_of(message) in parked]
        async with self._database.acquire() as connection:
            held: dict[parking.MessageKey, Obstacle] = {}
            if of_parked:
                held.update(await parking.parked_at(connection, of_parked))
            stage = _Stage(before, dict(before), parked, held, believed, SortedBatch(of_parked=of_parked))
            for message in messages:
                await self._sort_in(connection, message, stage)
        return stage.batch

    async def _sort_in(self, connection: Connection, message: Message, stage: _Stage) -> None:
        key, batch = stream_of(message), stage.batch
        standing = stage.standing[key]
        where, is_parked = place(standing, message), key in stage.parked
        if where is not Place.DUPLICATE and not stage.believed(message, standing):
            batch.aside.append(not_told_by_its_source(message))
            return
        if is_parked and where in CAN_GO_ON:
            batch.can_go_on.add(key)
        if where is Place.DUPLICATE:
            if place(stage.before[key], message) is not Place.DUPLICATE:
                batch.duplicates.append(message)
            return
        waits = stage.held.get(parking.key_of(message)) if stage.held else None
        if waits is not None and await self._mends(connection, message, waits):
            batch.copies.append(message)
            batch.can_go_on.add(key)
            stage.held[parking.key_of(message)] = replace(waits, message=message, reason=Reason.WAITING)
            return
        found = self._fact_or_obstacle(message, where, standing, waits, parked=is_parked)
        if isinstance(found, ReceivedFact):
            batch.facts.append((standing, found))
            stage.standing[key] = standing.after(message)
            return
        batch.aside.append(found)
        stage.parked.add(key)
        if found.reason is not Reason.ALARM:
            stage.held.setdefault(parking.key_of(message), found)

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
            ReceivedFact.decoded(message, self._types)
        except Exception:
            return False
        return True

    def _fact_or_obstacle(
        self, message: Message, where: Place, standing: Standing, waits: Obstacle | None, *, parked: bool
    ) -> ReceivedFact | Obstacle:
        if where is Place.ALARM:
            return Obstacle(message, Reason.ALARM, f"version {standing.version} was taken as event {standing.event_id}")
        if waits is not None and waits.message.event_id != message.event_id:
            detail = f"version {message.version} came before as event {waits.message.event_id}, which waits"
            return Obstacle(message, Reason.ALARM, detail)
        if parked:
            return parking.behind_another(message)
        if where is Place.GAP:
            return Obstacle(message, Reason.GAP, f"version {standing.version + 1} is missing")
        try:
            return ReceivedFact.decoded(message, self._types)
        except Exception as error:
            return Obstacle(message, Reason.POISON, repr(error))


def _says_the_same(one: Message, other: Message) -> bool:
    """However it was traced: each publication may belong to another trace."""
    return replace(one, traceparent=other.traceparent) == other
