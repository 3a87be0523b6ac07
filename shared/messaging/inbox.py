"""Which fact of a stream comes next: duplicates, gaps and alarms are told apart by version, event id and epoch."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from shared.eventstore.change import Mark
from shared.eventstore.database import Connection
from shared.messaging.cloudevents import Message

StreamKey = tuple[str, UUID]
"""A source and one of its streams."""


NO_EVENT = UUID(int=0)


def stream_of(message: Message) -> StreamKey:
    """Returns the stream that a message belongs to, with its source."""
    return message.source, message.stream


class Standing(NamedTuple):
    """The newest fact of a stream that was processed; epoch and version are 0 before the first one."""

    epoch: int = 0
    version: int = 0
    event_id: UUID = NO_EVENT

    def after(self, message: Message) -> "Standing":
        """Returns the standing after this message was processed."""
        return Standing(message.epoch, message.version, message.event_id)

    def step(self, message: Message) -> Mark:
        """Returns the mark that, once stored, moves the inbox of the stream to this message."""
        return Mark(
            source=message.source,
            stream=message.stream,
            from_epoch=self.epoch,
            from_version=self.version,
            epoch=message.epoch,
            version=message.version,
            event_id=message.event_id,
        )


class Place(Enum):
    """How a message relates to the newest processed fact of its stream."""

    NEXT = "next"
    DUPLICATE = "duplicate"
    GAP = "gap"
    ALARM = "alarm"


def place(standing: Standing, message: Message) -> Place:
    """Returns how a message relates to the newest processed fact of its stream.

    A lower version is a duplicate, the same version with another id is an alarm, a jump is a gap. A higher epoch means
    that the source was restored from an older state: it may continue from any version up to the next.
    """
    if message.epoch < standing.epoch:
        return Place.DUPLICATE
    if message.version > standing.version + 1:
        return Place.GAP
    if message.epoch > standing.epoch or message.version == standing.version + 1:
        return Place.NEXT
    if message.version == standing.version and message.event_id != standing.event_id:
        return Place.ALARM
    return Place.DUPLICATE


async def standings(connection: Connection, streams: Iterable[StreamKey]) -> dict[StreamKey, Standing]:
    """Returns the newest processed fact of each of these streams; an empty Standing before the first one."""
    keys = list(streams)
    rows = await connection.fetch(
        """select i.source, i.stream, i.epoch, i.version, i.event_id
           from unnest($1::text[], $2::uuid[]) as asked(source, stream) join inbox i using (source, stream)""",
        [source for source, _ in keys],
        [stream for _, stream in keys],
    )
    found = {(r["source"], r["stream"]): Standing(r["epoch"], r["version"], r["event_id"]) for r in rows}
    return {key: found.get(key, Standing()) for key in keys}
