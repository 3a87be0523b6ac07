"""Fires due timers: each is claimed by a committed lease, fired at least once, and effective once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import structlog

from shared.eventstore import canary
from shared.eventstore.change import Change, Write
from shared.eventstore.clock import Clock
from shared.eventstore.commands import ATTEMPTS, Intent, execute, folded, timer_rows
from shared.eventstore.database import DATABASE_AWAY, Database
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.errors import HoldBack, NameReserved, StaleVersion, StoreUnavailable, VersionMismatch
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Metadata
from shared.tasks import end_tasks
from shared.telemetry.context import span
from shared.telemetry.loops import Heartbeat
from shared.telemetry.measured import TIMER_LATE_SECONDS

HELD_BACK_FOR = timedelta(seconds=1)
"""Real time after which a timer that was held back is tried again."""
LEASE = timedelta(seconds=30)
"""Real time after which another process may take a claimed timer over."""
PAUSE_SECONDS = 0.1
"""Between two looks while nothing is due."""
BATCH = 200

_ONE_CLAIMS_AT_A_TIME = "select pg_advisory_xact_lock(hashtext($1))"
"""Else two could claim neighbours in one stream at the same moment, each blind to the other's lease."""
# The limit is no parameter: the plan for any limit reads every armed timer, and took 273 ms with a million of them.
_CLAIM = """
with due as (
  select stream, name from timers
  where timers.due <= $1 and (leased_until is null or leased_until < now())
    and not exists (
      select from timers earlier
      where earlier.stream = timers.stream and (earlier.due, earlier.name) < (timers.due, timers.name)
        and earlier.leased_until >= now()
      offset 0)  -- asked for each due timer; as a join it would read every timer that is armed
  order by timers.due, name, stream limit {batch} for update skip locked)
update timers set leased_until = now() + $2 from due
where timers.stream = due.stream and timers.name = due.name
returning timers.stream, timers.name, timers.due
"""
_FAILED = """
update timers
set failures = failures + 1, last_failure = $3, leased_until = now() + least(2 ^ failures, 300) * interval '1 s'
where stream = $1 and name = $2
"""
_HELD_BACK = "update timers set leased_until = now() + $3 where stream = $1 and name = $2"
_KEEP = """
update timers set leased_until = now() + $3
from unnest($1::uuid[], $2::text[]) as claimed (stream, name)
where timers.stream = claimed.stream and timers.name = claimed.name and timers.leased_until >= now()
"""
_NOT_TRIED = "update timers set leased_until = null where stream = $1 and name = any($2)"
_log = structlog.get_logger()


Lookup = Callable[[Any, TimerDue], Awaitable[Any]]
"""Makes a timer's command from its subject's state, where something must be looked up first; or several Together."""


@dataclass(frozen=True)
class Due:
    """A timer whose time has come; `name` is `<subject>:<timer>`."""

    stream: UUID
    name: str
    due: datetime


@dataclass(frozen=True)
class Together:
    """A timer's command, and commands for other subjects: all of them are recorded in one append, or none."""

    command: Any
    others: Sequence[Intent[Any, Any]]


class TimerLoop:
    """Gives each due timer to its subject as the command TimerDue."""

    def __init__(
        self,
        database: Database,
        store: EventStore,
        clock: Clock,
        subjects: Sequence[Decider[Any, Any]],
        *,
        actor: str,
        lookups: Mapping[str, Lookup] | None = None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._subjects = {subject.name: subject for subject in subjects}
        self._actor = actor
        self._lookups = lookups or {}
        self._heartbeat = heartbeat or Heartbeat("timers")
        self._canary = canary.Canary(database, store, clock, actor=actor)
        self._late = {
            of_canary: TIMER_LATE_SECONDS.labels(
                database.schema, self._heartbeat.name, "canary" if of_canary else "case"
            )
            for of_canary in (True, False)
        }

    async def run(self) -> None:
        """Fires due timers until cancelled; waits while the database is unreachable."""
        while True:
            try:
                await self._canary.keep_armed()
                fired = await self.fire_due()
                self._heartbeat.succeeded()
            except (*DATABASE_AWAY, StoreUnavailable) as error:
                self._heartbeat.waiting_for("postgres")
                _log.warning("timers_wait_for_the_database", error=str(error))
                fired = 0
            if not fired:
                await asyncio.sleep(PAUSE_SECONDS)

    async def fire_due(self) -> int:
        """R28: fires what is due now; returns how many timers were claimed.

        Timers of one stream fire in the order in which they fell due: one that another process is firing, or that
        failed and is postponed, delays the later ones of its stream.
        """
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_ONE_CLAIMS_AT_A_TIME, f"timers.{self._database.schema}")
            rows = await connection.fetch(_CLAIM.format(batch=BATCH), self._clock.now(), LEASE)
        claimed = sorted((Due(**row) for row in rows), key=lambda due: (due.stream, due.due, due.name))
        streams = [list(timers) for _, timers in groupby(claimed, key=lambda due: due.stream)]
        firing = set(claimed)
        keeping = asyncio.create_task(self._keep_leases(firing))
        try:
            await asyncio.gather(*(self._fire_in_order(timers, firing) for timers in streams))
        finally:
            await end_tasks([keeping])
        return len(claimed)

    async def _keep_leases(self, firing: AbstractSet[Due]) -> None:
        """Renews leases until cancelled: a lookup may send a message, and a mail server may take minutes to answer."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            streams, names = [due.stream for due in firing], [due.name for due in firing]
            with suppress(*DATABASE_AWAY):
                async with self._database.acquire() as connection:
                    await connection.execute(_KEEP, streams, names, LEASE)

    async def _fire_in_order(self, timers: Sequence[Due], firing: MutableSet[Due]) -> None:
        try:
            await self._fire_each(timers)
        finally:
            firing -= {*timers}

    async def _fire_each(self, timers: Sequence[Due]) -> None:
        for number, due in enumerate(timers):
            try:
                with span("timer", service=self._database.schema, case=str(due.stream), timer=due.name):
                    await self._fire_until_free(due)
                self._heartbeat.succeeded()  # a look that finds hundreds is not one step
            except StoreUnavailable:
                raise
            except HoldBack as reason:
                _log.info("timer_held_back", stream=str(due.stream), timer=due.name, reason=str(reason))
                async with self._database.acquire() as connection:
                    await connection.execute(_HELD_BACK, due.stream, due.name, HELD_BACK_FOR)
                    await connection.execute(_NOT_TRIED, due.stream, [later.name for later in timers[number + 1 :]])
                return
            except Exception as error:
                _log.error("timer_failed", stream=str(due.stream), timer=due.name, error=repr(error))
                async with self._database.acquire() as connection:
                    await connection.execute(_FAILED, due.stream, due.name, repr(error))
                    await connection.execute(_NOT_TRIED, due.stream, [later.name for later in timers[number + 1 :]])
                return

    async def _fire_until_free(self, due: Due) -> None:
        """Another command may take the name that a lookup found free, or write to the stream first: look again."""
        for _ in range(ATTEMPTS - 1):
            with suppress(NameReserved, StaleVersion, VersionMismatch):
                return await self._fire(due)
        return await self._fire(due)

    async def _fire(self, due: Due) -> None:
        if due.name == canary.NAME:
            await self._canary.fire()
            self._measure(due)
            return
        subject_name, _, name = due.name.partition(":")
        subject = self._subjects[subject_name]
        metadata = Metadata(command_id=uuid5(due.stream, f"{due.name}@{due.due.isoformat()}"), actor=self._actor)
        loaded = await self._store.load(due.stream)
        standing = folded(subject, loaded)
        state = standing.state
        wanted = timer_rows(subject, state, standing.liveness).get(due.name)
        if wanted is None:  # what it waited for has happened otherwise
            guard = (Write(due.stream, standing.version),)
            await self._store.append(Change(metadata, guard, cancel=((due.stream, due.name),)))
            return
        if wanted != due.due:
            # Replaced since it was claimed, or armed by a release that counted otherwise: as the state has it now.
            guard = (Write(due.stream, standing.version),)
            await self._store.append(Change(metadata, guard, arm=((due.stream, due.name, wanted),)))
            return
        # Not before what stands in its stream, which a jump of the clock may have passed as well.
        at = max([self._clock.fires_at(due.due), *(recorded.occurred_at for recorded in loaded.events[-1:])])
        timer = TimerDue(name, due.due, at)
        lookup = self._lookups.get(due.name)
        found = await lookup(state, timer) if lookup else timer
        command, others = (found.command, found.others) if isinstance(found, Together) else (found, ())
        intent = Intent(subject, due.stream, command, expected=standing.version, read=standing)
        decision, *_ = await execute(self._store, [intent, *others], at=timer.at, metadata=metadata)
        if timer_rows(subject, decision.state, decision.liveness).get(due.name) == due.due:
            raise RuntimeError(f"{due.name} is still wanted after it fired: its subject must record what it did")
        self._measure(due)

    def _measure(self, due: Due) -> None:
        """Observes how late a timer had its effect; one that a jump of the clock passed fired at its own time."""
        late = self._clock.fires_at(due.due) - due.due
        self._late[due.name == canary.NAME].observe(late.total_seconds())
