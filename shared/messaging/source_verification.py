"""Asks a source whether it published what its records claim: a new epoch, or another event at a known version."""

import time
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog

from shared.eventstore.database import Database
from shared.messaging.cloudevents import Message
from shared.messaging.errors import SourceUnreachable
from shared.messaging.heads import STREAMS_AT_ONCE, Head, HeadsOfSources
from shared.messaging.inbox import Place, Standing, StreamKey, place, stream_of
from shared.messaging.reconciliation_state import known_epochs

SILENT_SECONDS = 60.0
"""How long a source that did not answer is not asked again: its records must not delay those of others."""
FIRST_EPOCH = 1
_log = structlog.get_logger()

Believed = Callable[[Message, Standing], bool]


class SourceVerification:
    """Asks sources to confirm doubtful records, because a record alone is never reason enough to believe it.

    With `ce_epoch=2147483647`, a single forged record would silence its stream for ever.
    """

    def __init__(self, database: Database) -> None:
        self.heads: HeadsOfSources | None = None
        """Asks sources for their heads. If None, no source can be asked, and all records are believed."""
        self._database = database
        self._epochs: dict[str, int] | None = None
        self._silent_until: dict[str, float] = {}

    async def about(self, messages: Sequence[Message], standing: Mapping[StreamKey, Standing]) -> Believed:
        """Returns a function that says whether a message is believed, given the newest processed fact of its stream.

        Asks the sources of doubtful messages: of a new epoch, or with another event at a known version. Without
        `heads`, all messages are believed.
        """
        if self.heads is None:
            return lambda _, __: True
        epochs = await self._known_epochs()
        doubtful = [one for one in messages if _is_doubtful(one, standing[stream_of(one)], epochs)]
        told = await self._told(doubtful) if doubtful else {}

        def believed(message: Message, stands: Standing) -> bool:
            if not _is_doubtful(message, stands, epochs):
                return True
            head = told.get(stream_of(message))
            return head is not None and _covers(head, message, stands)

        return believed

    async def _known_epochs(self) -> dict[str, int]:
        if self._epochs is None:
            async with self._database.acquire() as connection:
                self._epochs = await known_epochs(connection)
        return self._epochs

    async def _told(self, doubtful: Sequence[Message]) -> dict[StreamKey, Head]:
        told: dict[StreamKey, Head] = {}
        of_sources: dict[str, set[UUID]] = {}
        for message in doubtful:
            of_sources.setdefault(message.source, set()).add(message.stream)
        for source, streams in of_sources.items():
            if time.monotonic() < self._silent_until.get(source, 0.0):
                continue
            told |= {(source, head.stream): head for head in await self._ask(source, sorted(streams))}
        return told

    async def _ask(self, source: str, streams: Sequence[UUID]) -> list[Head]:
        """Also learns the epoch of the source, so that the next record of it is not doubted again."""
        assert self.heads is not None
        found: list[Head] = []
        try:
            for first in range(0, len(streams), STREAMS_AT_ONCE):
                answer = await self.heads.of_streams(source, streams[first : first + STREAMS_AT_ONCE])
                (await self._known_epochs())[source] = answer.epoch
                found.extend(answer.heads)
        except SourceUnreachable as error:
            self._silent_until[source] = time.monotonic() + SILENT_SECONDS
            _log.warning("source_does_not_say_whether_it_published", source=source, error=repr(error))
        return found


def _is_doubtful(message: Message, standing: Standing, epochs: Mapping[str, int]) -> bool:
    known = max(standing.epoch, epochs.get(message.source, FIRST_EPOCH), FIRST_EPOCH)
    return message.epoch > known or place(standing, message) is Place.ALARM


def _covers(head: Head, message: Message, standing: Standing) -> bool:
    """Whether a source tells of a message: of its epoch and version, and of its event where another one was taken."""
    if place(standing, message) is Place.ALARM:
        return (head.epoch, head.version, head.event_id) == (message.epoch, message.version, message.event_id)
    return message.epoch <= head.epoch and message.version <= head.version
