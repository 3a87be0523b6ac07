"""A small subject to try the kernel with: it counts, up to a limit, and knows nothing of agreements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event, PrivatePart


class Counted(Event):
    """It went up."""

    by: int
    note: Annotated[str | None, PrivatePart()] = None
    person: str = ""
    remark: Annotated[str | None, PrivatePart(about="person")] = None


class AlarmSet(Event):
    """It is to ring."""

    at: datetime


class Rang(Event):
    """It rang."""

    at: datetime


FACTS: tuple[type[Event], ...] = (Counted, AlarmSet, Rang)


@dataclass(frozen=True)
class Count:
    by: int = 1
    note: str | None = None
    person: str = ""
    remark: str | None = None


@dataclass(frozen=True)
class Version:
    """Of a policy."""

    version: str


@dataclass(frozen=True)
class CountUnderPolicy(Count):
    """A command that a policy shapes."""

    policy: Version = Version("2024-01-01")


@dataclass(frozen=True)
class DueUnderPolicy(TimerDue):
    """What a lookup makes of a timer."""

    policy: Version = Version("2024-01-01")


@dataclass(frozen=True)
class SetAlarm:
    at: datetime


@dataclass(frozen=True)
class Counter:
    total: int = 0
    alarm: datetime | None = None
    rings: int = 0


def decide(state: Counter, command: Count | SetAlarm | TimerDue) -> Sequence[Event]:
    match command:
        case Count(by, note, person, remark):
            if state.total + by > 1000:
                raise Refused("R0", "more than {limit}", limit=1000)
            return (Counted(by=by, note=note, person=person, remark=remark),)
        case SetAlarm(at):
            return (AlarmSet(at=at),)
        case TimerDue():
            return (Rang(at=command.at),)


def evolve(state: Counter, event: Event) -> Counter:
    match event:
        case Counted():
            return replace(state, total=state.total + event.by)
        case AlarmSet():
            return replace(state, alarm=event.at)
        case Rang():
            return replace(state, alarm=None, rings=state.rings + 1)
        case _:
            return state


COUNTER: Decider[Counter, Count | SetAlarm | TimerDue] = Decider(
    name="counter",
    initial=Counter(),
    decide=decide,
    evolve=evolve,
    timers=lambda state: {"ring": state.alarm} if state.alarm else {},
    reservations=lambda state: frozenset({"the-hundred"}) if state.total == 100 else frozenset(),
    concerns=lambda state: {"size": "big" if state.total > 99 else "small"},
)
