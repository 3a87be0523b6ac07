"""One process that writes: callers on hot and cold streams, timers, and a relay; acknowledged commands go to a file."""

import asyncio
import os
import random
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import uvloop

from benchmarks.lossless.subject import CLAIMS, FACTS, STEPS, Claim, Step
from shared.kernel.bus import Bus, Kafka
from shared.kernel.clock import RealClock
from shared.kernel.commands import Intent, VersionMismatch, execute
from shared.kernel.database import open_database
from shared.kernel.event_store import (
    AlreadyHandled,
    EventStore,
    IdempotencyKey,
    NameReserved,
    StaleVersion,
    StoreUnavailable,
)
from shared.kernel.events import EventTypes, Metadata
from shared.kernel.relay import Relay
from shared.kernel.timers import TimerLoop
from shared.service import AGREEMENTS_TOPIC, republisher

SOURCE = "offers"
HOT_STREAMS = tuple(UUID(int=number) for number in range(1, 9))
_COLD_STREAM_LENGTH = 12
_PATIENCE = 0.05


class Writer:
    """Runs until it is killed."""

    def __init__(self, store: EventStore, journal: int, seed: int) -> None:
        self._store = store
        self._journal = journal
        self._random = random.Random(seed)

    async def call_for_ever(self) -> None:
        """Commands one after the other; some are cancelled, and what is not known is asked again with its key."""
        stream, left = uuid4(), _COLD_STREAM_LENGTH
        while True:
            hot = self._random.random() < 0.5
            target = self._random.choice(HOT_STREAMS) if hot else stream
            if not hot:
                stream, left = (stream, left - 1) if left > 1 else (uuid4(), _COLD_STREAM_LENGTH)
            await self._command(target)

    async def _command(self, stream: UUID) -> None:
        key = uuid4()
        claim = f"name-{self._random.randrange(CLAIMS)}" if self._random.random() < 0.2 else None
        self._note("asked", key, stream)
        if self._random.random() < 0.03:
            await self._cancelled(stream, key, claim)
            return
        while True:
            try:
                version = await self._execute(stream, key, claim)
            except AlreadyHandled:
                self._note("acknowledged", key, stream)
                return
            except (StaleVersion, VersionMismatch, NameReserved):
                self._note("lost", key, stream)
                return
            except StoreUnavailable:
                await asyncio.sleep(_PATIENCE)  # whether it was kept is not known: the same key again
                continue
            self._note("acknowledged", key, stream, version)
            return

    async def _cancelled(self, stream: UUID, key: UUID, claim: str | None) -> None:
        task = asyncio.create_task(self._execute(stream, key, claim))
        await asyncio.sleep(self._random.random() * 0.01)
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task

    async def _execute(self, stream: UUID, key: UUID, claim: str | None) -> int:
        now = datetime.now(UTC)
        command: Step | Claim = Claim(now, key, claim) if claim else Step(now, key)
        (decision,) = await execute(
            self._store,
            [Intent(STEPS, stream, command)],
            at=now,
            metadata=Metadata(command_id=key, actor="writer"),
            key=lambda _: IdempotencyKey(key, "fingerprint"),
        )
        return decision.version

    def _note(self, what: str, key: UUID, stream: UUID, version: int = 0) -> None:
        # One write at a time, at once: a killed process has written what it acknowledged.
        os.write(self._journal, f"{what} {key} {stream} {version}\n".encode())


async def main(postgres: str, kafka: str, journal: Path, callers: int, seed: int) -> None:
    """Until killed. Without callers only what was written is relayed, and timers fire."""
    file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    cluster = Kafka(kafka)
    async with open_database(postgres, SOURCE) as database, EventStore(database, EventTypes(FACTS)) as store:
        bus = Bus(cluster, SOURCE)
        bus.republish_on_request(republisher(database))
        await bus.broker.start()
        relay = Relay(dsn=postgres, source=SOURCE, topic=AGREEMENTS_TOPIC, kafka=cluster, store=store)
        timers = TimerLoop(database, store, RealClock(), [STEPS], actor=SOURCE)
        writer = Writer(store, file, seed)
        await asyncio.gather(relay.run(), timers.run(), *(writer.call_for_ever() for _ in range(callers)))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
