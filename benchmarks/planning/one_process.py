"""The control service in one process: its own look-ups, deciders and timers, a store in memory and a clock of days."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from services.control.service import SERVICE
from shared.eventstore.change import Change
from shared.eventstore.commands import Decision, Intent, execute, read
from shared.eventstore.decider import Decider
from shared.eventstore.event_store import Loaded
from shared.eventstore.events import Event, EventTypes, Metadata
from shared.eventstore.randomness import RandomSource
from shared.eventstore.state_cache import StateCache
from shared.eventstore.timers import Due, TimerLoop
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.people.directory import Directory
from shared.policy.policies import Policies
from shared.service import Runtime, Settings
from tests.model.memory_store import MemoryDatabase, MemoryStore

_SUBJECTS = 100_000
"""States that are cached: those of all agreements, since nobody else writes."""
Written = tuple[tuple[UUID, tuple[Event, ...]], ...]
"""The facts of one append, by stream."""


@dataclass
class DayClock:
    """Stands still until it is moved; what is due judges by its own due time, as when a year is moved by days."""

    instant: datetime

    def now(self) -> datetime:
        """Returns the present instant."""
        return self.instant

    def fires_at(self, due: datetime) -> datetime:
        """Returns the time by which a timer judges."""
        return due


@dataclass
class YearStore(MemoryStore):
    """The store of the model, with the names in order, the timers in order, and every append in order."""

    ordered: list[str] = field(default_factory=list)
    due: list[tuple[datetime, str, UUID]] = field(default_factory=list)
    appended: list[Written] = field(default_factory=list)
    _loaded: dict[UUID, Loaded] = field(default_factory=dict)
    """What was loaded of streams that have not changed since."""

    async def load(self, stream: UUID, *, readable: bool = False) -> Loaded:
        """See EventStore.load."""
        if readable or stream not in self._loaded:
            loaded = await super().load(stream, readable=readable)
            if readable:
                return loaded
            self._loaded[stream] = loaded
        return self._loaded[stream]

    def _keep(self, change: Change) -> None:
        for name, stream in change.release:
            if self.reservations.get(name) == stream:
                del self.ordered[bisect_left(self.ordered, name)]
                del self.reservations[name]
        for name, _ in change.reserve:
            if name not in self.reservations:
                insort(self.ordered, name)
        super()._keep(change)
        for write in change.writes:
            self._loaded.pop(write.stream, None)
        for stream, name, due in change.arm:
            heappush(self.due, (due, name, stream))
        written = tuple((one.stream, tuple(two.event for two in one.events)) for one in change.writes if one.events)
        if written:
            self.appended.append(written)

    def next_due(self, without: str | None) -> Due | None:
        """Returns the timer that falls due first; passes over replaced and cancelled ones, and those of one name."""
        while self.due:
            due, name, stream = self.due[0]
            if self.timers.get((stream, name)) == due and name != without:
                return Due(stream, name, due)
            heappop(self.due)
        return None


class YearDatabase(MemoryDatabase):
    """Answers by the ordered names what the model's database answers by looking at all of them."""

    def _reserved_under(self, firsts: Sequence[str], before: Sequence[str]) -> list[dict[str, Any]]:
        store = cast(YearStore, self.store)
        found = []
        for place, (first, beyond) in enumerate(zip(firsts, before, strict=True), 1):
            names = store.ordered[bisect_left(store.ordered, first) : bisect_left(store.ordered, beyond)]
            found += [{"place": place, "name": name, "stream": store.reservations[name]} for name in names]
        return found

    def _names_between(self, first: str, beyond: str, last: str | None, limit: int) -> list[dict[str, Any]]:
        ordered = cast(YearStore, self.store).ordered
        names = ordered[bisect_left(ordered, first) : bisect_left(ordered, beyond)]
        return [{"name": name} for name in names if last is None or name > last][:limit]


class Control:
    """The control service, without HTTP and Kafka."""

    def __init__(self, begins: datetime, policies: Policies, people: Directory, chance: RandomSource) -> None:
        self.clock = DayClock(begins)
        cache = StateCache(_SUBJECTS)
        self.store = YearStore(SERVICE.name, EventTypes(SERVICE.facts), self.clock.now, _tell_nobody, state_cache=cache)
        store, database = cast(Any, self.store), cast(Any, YearDatabase(self.store, {}))
        nothing = cast(Any, None)  # neither HTTP nor Kafka takes part
        self.runtime = Runtime(
            SERVICE.name,
            Settings("", Kafka(""), Path(), virtual_clock=True),
            self.clock,
            policies,
            database,
            store,
            nothing,
            {},
            nothing,
            random_source=chance,
            people=people,
        )
        self._loop = TimerLoop(
            database,
            store,
            self.clock,
            SERVICE.subjects,
            actor=SERVICE.name,
            lookups=SERVICE.timer_lookups(self.runtime),
        )

    async def state_of(self, decider: Decider[Any, Any], stream: UUID) -> Any:
        """Returns the current state of a subject."""
        return (await read(cast(Any, self.store), decider, stream)).state

    async def run(self, *intents: Intent[Any, Any]) -> list[Decision[Any]]:
        """Decides and records commands now, in one append. Raises Refused."""
        metadata = Metadata(command_id=uuid4(), actor="benchmark")
        return await execute(cast(Any, self.store), intents, at=self.clock.now(), metadata=metadata)

    async def fire_until(self, instant: datetime, without: str | None = None) -> None:
        """Fires what is due by then, in order of due time; without timers of this name, which then never fire."""
        while (due := self.store.next_due(without)) is not None and due.due <= instant:
            self.clock.instant = max(self.clock.instant, due.due)
            await self._loop._fire_until_free(due)
        self.clock.instant = max(self.clock.instant, instant)


def _tell_nobody(_: Message) -> None:
    """Nothing is published: no other service takes part."""
