"""Compares timers and reservations with what the deciders want for the current states, and corrects them.

The kernel arms and reserves by comparing the states before and after a command. If a new release wants other timers or
reservations for a state that no command changes, only a walk over all streams corrects its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from shared.eventstore.change import Change, Write
from shared.eventstore.commands import ATTEMPTS, timer_rows
from shared.eventstore.database import Database
from shared.eventstore.decider import Decider
from shared.eventstore.errors import StaleVersion
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Metadata
from shared.eventstore.liveness import liveness_of

_TIMERS = "select name, due from timers where stream = $1"
_RESERVATIONS = "select name from reservations where stream = $1"
_VERSION = "select version from streams where id = $1"
_STREAMS_AFTER = "select id from streams where ($1::uuid is null or id > $1) order by id limit $2"


@dataclass(frozen=True)
class Drift:
    """How a stream's timers and reservations differ from what its deciders want; not at all if `same`."""

    stream: UUID
    version: int
    arm: tuple[tuple[str, datetime], ...]
    """Timers that are missing, or due at another time."""
    cancel: tuple[str, ...]
    reserve: tuple[str, ...]
    release: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not (self.arm or self.cancel or self.reserve or self.release)


async def streams_after(database: Database, stream: UUID | None, limit: int) -> list[UUID]:
    """Returns up to `limit` streams of the service in the order of their ids, after `stream` or from the first."""
    async with database.acquire() as connection:
        return [row["id"] for row in await connection.fetch(_STREAMS_AFTER, stream, limit)]


async def drift_of(database: Database, store: EventStore, subjects: Sequence[Decider[Any, Any]], stream: UUID) -> Drift:
    """Returns how a stream's timers and reservations differ from what its deciders want.

    If a command is recorded in between, the stream is read again.
    """
    for _ in range(ATTEMPTS):
        before = await store.load(stream)
        async with database.acquire() as connection:
            armed = {row["name"]: row["due"] for row in await connection.fetch(_TIMERS, stream)}
            held = {row["name"] for row in await connection.fetch(_RESERVATIONS, stream)}
            version = await connection.fetchval(_VERSION, stream) or 0
        if version == before.version:
            break
    events = [recorded.event for recorded in before.events]
    states = [(subject, subject.fold(events)) for subject in subjects]
    wanted = {
        name: due
        for subject, state in states
        for name, due in timer_rows(subject, state, liveness_of(subject, before.events)).items()
    }
    needed = {name for subject, state in states for name in subject.reservations(state)}
    return Drift(
        stream,
        before.version,
        arm=tuple((name, due) for name, due in sorted(wanted.items()) if armed.get(name) != due),
        cancel=tuple(sorted(armed.keys() - wanted.keys())),
        reserve=tuple(sorted(needed - held)),
        release=tuple(sorted(held - needed)),
    )


async def mend(
    database: Database, store: EventStore, subjects: Sequence[Decider[Any, Any]], stream: UUID, *, actor: str
) -> bool:
    """Makes a stream's timers and reservations what its deciders want; returns whether anything was wrong.

    Raises NameReserved.
    """
    for attempt in range(1, ATTEMPTS + 1):
        drift = await drift_of(database, store, subjects, stream)
        if drift.same:
            return False
        change = Change(
            Metadata(command_id=uuid4(), actor=actor),
            (Write(stream, drift.version),),
            arm=tuple((stream, name, due) for name, due in drift.arm),
            cancel=tuple((stream, name) for name in drift.cancel),
            reserve=tuple((name, stream) for name in drift.reserve),
            release=tuple((name, stream) for name in drift.release),
        )
        try:
            await store.append(change)
        except StaleVersion:
            if attempt == ATTEMPTS:
                raise
        else:
            return True
    raise AssertionError("unreachable")
