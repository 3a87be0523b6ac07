"""One process that writes: callers on hot and cold streams, timers, a relay. It journals the answers to callers."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import uvloop

from benchmarks.lossless.journal import Journal, Outcome
from benchmarks.lossless.subject import FACTS, NAMES, WALKS, Claim, Walk
from shared.eventstore.change import IdempotencyKey
from shared.eventstore.clock import RealClock
from shared.eventstore.commands import Intent, execute
from shared.eventstore.database import DATABASE_AWAY, Database, open_database
from shared.eventstore.errors import AlreadyHandled, NameReserved, StaleVersion, StoreUnavailable, VersionMismatch
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import EventTypes, Metadata
from shared.eventstore.timers import TimerLoop
from shared.messaging.bus import Bus, Kafka
from shared.messaging.relay import Relay
from shared.service import AGREEMENTS_TOPIC, republisher
from shared.telemetry.logs import configure_logs

SOURCE = ACTOR = "offers"
WRITER = "writer"
"""The actor of callers' commands."""
HOT = 8
"""The number of streams to which all callers of all processes write at a time."""
_HOT_FOR_SECONDS = 5
"""How long streams are hot. Then others replace them, so that no stream grows for ever."""
_COLD_STREAM_LENGTH = 3
"""The number of commands on a cold stream."""
_HOT_STEPS, _COLD_STEPS = (1, 3), (1, 100)
_PATIENCE_SECONDS = 0.05


def hot_stream(number: int) -> UUID:
    """Returns the current hot stream with this number; it is the same in every process."""
    return UUID(int=(int(time.time() / _HOT_FOR_SECONDS) << 8) + number)


@dataclass(frozen=True)
class CallerCommand:
    """One command of a caller."""

    stream: UUID
    key: UUID
    command: Walk | Claim
    expected: int | None

    @property
    def events(self) -> int:
        """How many events the command records."""
        return self.command.steps if isinstance(self.command, Walk) else 1


@dataclass
class Caller:
    """Gives commands one after the other. What it draws depends only on its seed, and not on timing."""

    database: Database
    store: EventStore
    journal: Journal
    hold: Path
    random: Random
    versions: dict[UUID, int]
    """The newest versions that callers of this process have seen, for commands that name a version."""
    pause_seconds: float
    """Seconds between two commands."""
    _cold: UUID | None = None
    _left: int = 0

    async def call_for_ever(self) -> None:
        """Gives commands until killed."""
        while True:
            while self.hold.exists():
                await asyncio.sleep(_PATIENCE_SECONDS)
            await asyncio.sleep(self.pause_seconds)
            await self._give(self._next(), cancelled=self.random.random() < 0.03, after=self.random.random() * 0.02)

    def _next(self) -> CallerCommand:
        hot, number, names_version = self.random.random() < 0.5, self.random.randrange(HOT), self.random.random() < 0.3
        claims, name = self.random.random() < 0.1, f"name-{self.random.randrange(NAMES)}"
        steps = self.random.randint(*(_HOT_STEPS if hot else _COLD_STEPS))
        key = self._id()
        stream = hot_stream(number) if hot else self._cold_stream()
        now = datetime.now(UTC)
        return CallerCommand(
            stream,
            key,
            Claim(now, name) if claims else Walk(now, steps),
            self.versions.get(stream) if hot and names_version else None,
        )

    def _cold_stream(self) -> UUID:
        if self._cold is None or self._left == 0:
            self._cold, self._left = self._id(), _COLD_STREAM_LENGTH
        self._left -= 1
        return self._cold

    def _id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    async def _give(self, given: CallerCommand, *, cancelled: bool, after: float) -> None:
        self.journal.note(Outcome.UNKNOWN, given.key, given.events)
        task = asyncio.create_task(self._until_answered(given))
        if cancelled:
            await asyncio.sleep(after)
            task.cancel()
        await asyncio.wait([task])
        self.journal.note(Outcome.CANCELLED if task.cancelled() else task.result(), given.key, given.events)

    async def _until_answered(self, given: CallerCommand) -> Outcome:
        """Repeats the command with the same key until there is an answer, as a service's client does."""
        unsure = False
        while True:
            with suppress(StoreUnavailable, *DATABASE_AWAY):
                outcome = await self._execute(given)
                if unsure and outcome is Outcome.REFUSED and await self._was_kept(given.key):
                    return Outcome.ACKNOWLEDGED  # refused because of its own first attempt
                return outcome
            unsure = True
            await asyncio.sleep(_PATIENCE_SECONDS)

    async def _execute(self, given: CallerCommand) -> Outcome:
        try:
            (decision,) = await execute(
                self.store,
                [Intent(WALKS, given.stream, given.command, expected=given.expected)],
                at=given.command.at,
                metadata=Metadata(command_id=given.key, actor=WRITER),
                key=lambda _: IdempotencyKey(given.key, "fingerprint"),
            )
        except AlreadyHandled:
            return Outcome.ACKNOWLEDGED
        except (StaleVersion, VersionMismatch, NameReserved):
            return Outcome.REFUSED
        self._saw(given.stream, decision.version)
        return Outcome.ACKNOWLEDGED

    async def _was_kept(self, key: UUID) -> bool:
        async with self.database.acquire() as connection:
            return bool(await connection.fetchval("select exists (select from handled where key = $1)", key))

    def _saw(self, stream: UUID, version: int) -> None:
        self.versions.pop(stream, None)
        self.versions[stream] = version
        if len(self.versions) > 2 * HOT:
            del self.versions[next(iter(self.versions))]


async def main(
    postgres: str, kafka: str, folder: Path, seed: str, number: str, callers: int, pause_seconds: float, start: str
) -> None:
    """Writes until killed. Without callers it only relays what was written, and fires timers."""
    cluster = Kafka(kafka)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(postgres, SOURCE))
        store = await stack.enter_async_context(EventStore(database, EventTypes(FACTS)))
        bus = Bus(cluster, SOURCE)
        bus.republish_on_request(republisher(database), database)
        await stack.enter_async_context(bus.connected())
        relay = Relay(dsn=postgres, source=SOURCE, topic=AGREEMENTS_TOPIC, kafka=cluster, store=store)
        timers = TimerLoop(database, store, RealClock(), [WALKS], actor=ACTOR)
        journal, versions = Journal(folder, number), dict[UUID, int]()
        async with asyncio.TaskGroup() as running:  # an unexpected error ends the process, as it ends a service
            running.create_task(relay.run())
            running.create_task(timers.run())
            for caller in range(callers):
                random = Random(f"{seed} {number} {start} {caller}")
                asking = Caller(database, store, journal, folder / "hold", random, versions, pause_seconds)
                running.create_task(asking.call_for_ever())


if __name__ == "__main__":
    configure_logs()
    _postgres, _kafka, _folder, _seed, _number, _callers, _pause, _start = sys.argv[1:]
    uvloop.run(main(_postgres, _kafka, Path(_folder), _seed, _number, int(_callers), float(_pause), _start))
