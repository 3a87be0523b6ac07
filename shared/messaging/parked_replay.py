"""Replays what is parked in a stream, and asks its source to publish again what is missing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.eventstore.database import Database
from shared.eventstore.errors import InboxMoved
from shared.eventstore.events import EventTypes
from shared.messaging import parking, republish_requests
from shared.messaging.backoff import StreamBackoff
from shared.messaging.batch_sorter import CAN_GO_ON
from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Place, Standing, StreamKey, place, standings, stream_of
from shared.messaging.parking import Obstacle, Parked, Reason
from shared.messaging.received_fact import Fact, ReceivedFact
from shared.messaging.reconciliation_state import AskAgain, confirmed, is_missing

RETAKE_SECONDS = 20.0
"""How long an operator waits for a source to publish again before the source counts as silent."""
_LOOK_SECONDS = 0.05
_log = structlog.get_logger()

FaultOf = Callable[[Sequence[Fact]], Awaitable[Exception | None]]
"""Processes facts of one stream; returns the permanent error, if there is one."""


@dataclass(frozen=True)
class Retaken:
    """The result of asking a source to publish a stream again."""

    from_version: int
    came: bool
    """Whether that version was received in time."""
    waiting: int
    """How many messages of the stream still wait."""


class ParkedReplay:
    """Replays parked streams: when an operator asks for it, and automatically with backoff."""

    def __init__(self, database: Database, types: EventTypes, fault_of: FaultOf, ask_again: AskAgain) -> None:
        self._database = database
        self._types = types
        self._fault_of = fault_of
        self._ask_again = ask_again
        self._asked: dict[StreamKey, int] = {}
        """From which version each stream was asked for last."""
        self._stream_backoff = StreamBackoff()

    async def replay(self, source: str, stream: UUID) -> int:
        """Replays the parked messages of a stream; returns how many still wait."""
        self._asked.pop((source, stream), None)
        await self._take_waiting(source, stream)
        async with self._database.acquire() as connection:
            return await parking.count_waiting(connection, source, stream)

    async def retake(self, source: str, stream: UUID, *, by: str) -> Retaken:
        """Asks a source to publish a stream again from the first version needed, and waits until it is received.

        Processes what is received before it returns. Raises LookupError if nothing of the stream is parked or missing,
        SourceUnreachable if the source cannot be asked.
        """
        async with self._database.acquire() as connection:
            waiting = await parking.waiting_messages(connection, source, stream, limit=1)
            if not waiting and not await is_missing(connection, source, stream):
                raise LookupError(f"a stream {source} {stream} of which something waits or is missing")
            stands = (await standings(connection, [(source, stream)]))[source, stream].version
            from_version = min([stands + 1, *(one.message.version for one in waiting)])
            await republish_requests.note_request(connection, source, stream, from_version, by=by)
        await self._ask_again(source, stream, from_version)
        self._asked[source, stream] = from_version
        came = await self._has_come(source, stream, stands)
        if came:
            await self._take_waiting(source, stream)
        async with self._database.acquire() as connection:
            return Retaken(from_version, came, await parking.count_waiting(connection, source, stream))

    async def replay_all(self, streams: Iterable[StreamKey]) -> None:
        """Replays streams concurrently.

        Raises the first error once all replays have ended, so that the batch can be tried again.
        """
        for result in await asyncio.gather(*(self._take_waiting(*key) for key in streams), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def due(self, streams: Iterable[StreamKey]) -> set[StreamKey]:
        """Returns those of these streams that may be tried again, because their backoff is over."""
        return {key for key in streams if self._stream_backoff.is_over(key)}

    async def replay_what_waits_for_nothing(self, parked: Sequence[Obstacle]) -> None:
        """Replays messages that were just parked, if nothing is missing or parked before them any more.

        While they were being parked, an operator may have let another process replay or discard what was before them.
        Each replay looks for parked messages after every step, so one of the two processes sees what the other has
        done.
        """
        held_back = [one.message for one in parked if one.reason in (Reason.WAITING, Reason.GAP)]
        if not held_back:
            return
        async with self._database.acquire() as connection:
            first = await parking.first_messages(connection, set(map(stream_of, held_back)))
            standing = await standings(connection, first)
        events = {message.event_id for message in held_back}
        free = [key for key, one in first.items() if one.event_id in events and place(standing[key], one) in CAN_GO_ON]
        await self.replay_all(free)

    async def _take_waiting(self, source: str, stream: UUID) -> None:
        """Take what is parked in a stream, as far as that goes."""
        while waiting := await self._waiting(source, stream):
            try:
                obstacle = await self._take_parked(source, stream, waiting)
            except InboxMoved:  # somebody else replays it too, and is further
                continue
            if obstacle:
                self._stream_backoff.failed((source, stream))
                return
        self._asked.pop((source, stream), None)
        self._stream_backoff.forget((source, stream))

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
                    if parked.reason is Reason.ALARM and not await self._is_confirmed(parked.message):
                        return True
                    error = await self._fault_of_parked(standing, parked.message)
                    if error is not None:
                        _log.error("parked_message_fails_again", **parked.message.log_fields(), error=repr(error))
                        async with self._database.acquire() as connection:
                            await parking.explain(connection, parked.message, repr(error))
                        return True
                    standing = standing.after(parked.message)
                case Place.GAP:
                    await self._ask_for(source, stream, standing.version + 1)
                    return True
                case Place.ALARM:
                    return True
                case Place.DUPLICATE:
                    pass
            async with self._database.acquire() as connection:
                await parking.unpark(connection, parked.message)
        return False

    async def _is_confirmed(self, message: Message) -> bool:
        async with self._database.acquire() as connection:
            return await confirmed(connection, *parking.key_of(message), message.event_id)

    async def _fault_of_parked(self, standing: Standing, message: Message) -> Exception | None:
        try:
            fact = ReceivedFact.decoded(message, self._types)
        except Exception as error:
            return error
        return await self._fault_of([(standing, fact)])

    async def _ask_for(self, source: str, stream: UUID, version: int) -> None:
        """Ask once per gap: what comes again for an answer must not itself be a reason to ask, or it never ends."""
        if self._asked.get((source, stream)) != version:
            await self._ask_again(source, stream, version)
            self._asked[source, stream] = version

    async def _has_come(self, source: str, stream: UUID, stood: int) -> bool:
        until = time.monotonic() + RETAKE_SECONDS
        while True:
            async with self._database.acquire() as connection:
                if await republish_requests.has_come(connection, source, stream, beyond=stood):
                    return True
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
