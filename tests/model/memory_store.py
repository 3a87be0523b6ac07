"""The event store's promises kept in memory: with append.sql's faults, and a database that answers few selects."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID, uuid4

from shared.eventstore.change import Change, IdempotencyKey, Mark, Occurred
from shared.eventstore.errors import AlreadyHandled, InboxMoved, NameReserved, StaleVersion, StoreUnavailable
from shared.eventstore.event_store import Loaded
from shared.eventstore.events import EventTypes, Metadata, Origin, Recorded
from shared.eventstore.state_cache import StateCache
from shared.messaging.cloudevents import Message

_NO_UNIT = {"p_number": None, "cvr": None, "industry": None, "name": None}

_FIRST_DAY = date(2020, 1, 1)
"""From which the register gives each unit to its legal entity; the model has none change hands."""

Fault = Literal["before", "after"]
"""Whether the database goes away before a change is kept, or after, when nobody hears of it."""


@dataclass
class _Fact:
    recorded: Recorded
    readable: Recorded


@dataclass
class MemoryStore:
    """Appends and loads the events of one service, whole changes or nothing."""

    source: str
    types: EventTypes
    now: Callable[[], datetime]
    publish: Callable[[Message], None]
    streams: dict[UUID, list[_Fact]] = field(default_factory=dict)
    keys: dict[UUID, IdempotencyKey] = field(default_factory=dict)
    inbox: dict[tuple[str, UUID], Mark] = field(default_factory=dict)
    timers: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    reservations: dict[str, UUID] = field(default_factory=dict)
    state_cache: StateCache = field(default_factory=StateCache)
    concerned: dict[UUID, set[str]] = field(default_factory=dict)
    """The legal entities that the facts of each stream were about."""
    fault: Fault | None = None
    """What happens to the next append."""
    faults_met: int = 0

    async def append(self, change: Change) -> int:
        """See EventStore.append."""
        fault, self.fault = self.fault, None
        self.faults_met += fault is not None
        if fault == "before":
            raise StoreUnavailable("the model has it so")
        self._refuse(change)
        self._keep(change)
        if fault == "after":
            raise StoreUnavailable("the model has it so")
        return 0

    async def load(self, stream: UUID, *, readable: bool = False) -> Loaded:
        """See EventStore.load."""
        facts = self.streams.get(stream, ())
        return Loaded(tuple(fact.readable if readable else fact.recorded for fact in facts))

    async def load_newer(self, stream: UUID, than: int) -> tuple[Recorded, ...] | None:
        """See EventStore.load_newer."""
        facts = self.streams.get(stream, [])
        return None if len(facts) < than else tuple(fact.recorded for fact in facts[than:])

    async def may_concern(self, stream: UUID, cvr: str) -> bool:
        """See EventStore.may_concern."""
        return cvr in self.concerned.get(stream, ())

    def version(self, stream: UUID) -> int:
        """The newest version of a stream; 0 where there is none."""
        return len(self.streams.get(stream, ()))

    def _refuse(self, change: Change) -> None:
        if change.key is not None and change.key.key in self.keys:
            raise AlreadyHandled("repeated")
        mark = change.mark
        if mark is not None:
            standing = self.inbox.get((mark.source, mark.stream))
            if (mark.from_epoch, mark.from_version) != ((standing.epoch, standing.version) if standing else (0, 0)):
                raise InboxMoved("moved")
        if any(self.version(write.stream) != write.expected for write in change.writes):
            raise StaleVersion("stale")
        released, taken = set(change.release), dict[str, UUID]()
        for name, stream in change.reserve:
            holder = self.reservations.get(name, stream)
            if taken.setdefault(name, stream if (name, holder) in released else holder) != stream:
                raise NameReserved("reserved")

    def _keep(self, change: Change) -> None:
        if change.key is not None:
            self.keys[change.key.key] = change.key
        if change.mark is not None:
            self.inbox[change.mark.source, change.mark.stream] = change.mark
        for name, stream in change.release:
            if self.reservations.get(name) == stream:
                del self.reservations[name]
        self.reservations.update(dict(change.reserve))
        for stream, name in change.cancel:
            self.timers.pop((stream, name), None)
        self.timers.update({(stream, name): due for stream, name, due in change.arm})
        for write in change.writes:
            if write.events and "cvr" in write.concerns:
                self.concerned.setdefault(write.stream, set()).add(write.concerns["cvr"])
            for number, occurred in enumerate(write.events, write.expected + 1):
                self._record(write.stream, number, occurred, change.metadata, write.origin)

    def _record(self, stream: UUID, version: int, occurred: Occurred, told: Metadata, origin: Origin) -> None:
        """As JSON and back, as it goes through a table and Kafka."""
        event, at = occurred.event, occurred.at
        name, body, event_id = type(event).__name__, event.public_json(), uuid4()
        data = json.loads(body)
        private = {name: value for part in event.private_parts().values() for name, value in part.items()}
        public = self.types.restore(name, data, event.schema_version)
        assert public.public_form() == event.public_form(), "a state would be another one after it was read"
        whole = self.types.restore(name, data | private, event.schema_version) if private else public
        metadata, now = json.dumps(told.as_dict(origin)), self.now()
        recorded = Recorded(0, stream, version, public, metadata, at, now, event_id)
        readable = Recorded(0, stream, version, whole, metadata, at, now, event_id)
        self.streams.setdefault(stream, []).append(_Fact(recorded, readable))
        message = Message(self.source, stream, 1, version, event_id, name, event.schema_version, at, now, body)
        self.publish(replace(message, origin=origin))


@dataclass
class MemoryDatabase:
    """Answers what the services select beside their streams."""

    store: MemoryStore
    units: dict[str, dict[str, str]]
    """Of the business register, by P-number."""
    changes: dict[str, list[tuple[date, str | None]]] = field(default_factory=dict)
    """R40: the legal entities that a unit gets later, by their days; None where it ceases."""
    numbers: Counter[int] = field(default_factory=Counter)
    """R26: how many numbers of agreements were taken in each year."""

    schema = "memory"

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["MemoryDatabase"]:
        """Itself, as its own connection."""
        yield self

    async def fetch(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the tables that are read so. Raises LookupError for a statement that is new."""
        if "join reservations held" in statement:
            return _by_place(self._reserved_under(*values))
        if "from reservations where name >= $1 and name < $2" in statement:
            return self._names_between(*values)
        if "join inbox i using" in statement:
            return self._standings(*values)
        if "from units owned" in statement:
            return [
                {"p_number": unit, "effective_from": since, "cvr": cvr}
                for unit in values[0]
                if unit in self.units
                for since, cvr in self._owners(unit)
            ]
        if "from units" in statement:
            return [self._unit_on(unit, day) for unit, day in zip(values[0], values[1], strict=True)]
        if "held_units" in statement:
            return [{"place": place, "source": None, "held": False} for place, _ in enumerate(values[0], 1)]
        if "parked" in statement:
            return []
        raise LookupError(statement)

    async def fetchrow(self, statement: str, *values: Any) -> dict[str, Any] | None:
        """One row. Raises LookupError for a statement that is new."""
        if "from handled where key = $1" in statement:
            handled = self.store.keys.get(values[0])
            return None if handled is None else {"fingerprint": handled.fingerprint, "answer": handled.answer}
        raise LookupError(statement)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        """One value. Raises LookupError for a statement that is new."""
        if "insert into agreement_numbers" in statement:
            self.numbers[values[0]] += values[1]
            return self.numbers[values[0]]
        if "count(*) from reservations where name = any($1::text[]) and stream <> $2" in statement:
            return sum(self.store.reservations.get(name, values[1]) != values[1] for name in values[0])
        raise LookupError(statement)

    def ask(self, question: Any, key: Any) -> "asyncio.Future[Any]":
        """See Database.ask."""

        async def answer() -> Any:
            (found,) = await question(self, [key])
            return found

        return asyncio.ensure_future(answer())

    def _owners(self, unit: str) -> list[tuple[date, str | None]]:
        return [(_FIRST_DAY, self.units[unit]["cvr"]), *sorted(self.changes.get(unit, []), key=itemgetter(0))]

    def _unit_on(self, unit: str, day: date) -> dict[str, Any]:
        if unit not in self.units:
            return dict(_NO_UNIT)
        cvr = [owner for since, owner in self._owners(unit) if since <= day][-1]
        return {**self.units[unit], "cvr": cvr}

    def _names_between(self, first: str, beyond: str, last: str | None, limit: int) -> list[dict[str, Any]]:
        names = sorted(
            name for name in self.store.reservations if first <= name < beyond and (last is None or name > last)
        )
        return [{"name": name} for name in names[:limit]]

    def _reserved_under(self, firsts: Sequence[str], before: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"place": place, "name": name, "stream": stream}
            for place, (first, beyond) in enumerate(zip(firsts, before, strict=True), 1)
            for name, stream in sorted(self.store.reservations.items())
            if first <= name < beyond
        ]

    def _standings(self, sources: Sequence[str], streams: Sequence[UUID]) -> list[dict[str, Any]]:
        marks = (self.store.inbox.get(key) for key in zip(sources, streams, strict=True))
        names = ("source", "stream", "epoch", "version", "event_id")
        return [{name: getattr(mark, name) for name in names} for mark in marks if mark is not None]


def _by_place(names: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each place that has names, as `reserved_under` selects them."""
    return [
        {"place": place, "names": [one["name"] for one in group], "streams": [one["stream"] for one in group]}
        for place, group in ((place, list(rows)) for place, rows in groupby(names, key=itemgetter("place")))
    ]
