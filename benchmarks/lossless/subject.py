"""The small subjects of the proof: walks of several steps, names that are held for a while, and an echo elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event

NAMES = 16
"""Names for which streams compete; each is held by one at a time."""
_HELD_FOR = timedelta(seconds=1)
"""After which a timer lets go of a name."""
LET_GO = "let-go"
NEIGHBOURS = "neighbours"
"""A source without a log of its own: its facts lie on the topic in one batch with records that do not read."""


class Stepped(Event):
    """A step of a walk was taken, not the last."""

    number: int


class Arrived(Event):
    """The last step of a walk was taken."""

    number: int


class Claimed(Event):
    """A name that must be unique is held."""

    name: str
    until: datetime


class Freed(Event):
    """It is held no more."""

    name: str


class Echoed(Event):
    """An arrival was heard of: the fact with this version of the stream of the same id."""

    heard: int


FACTS: tuple[type[Event], ...] = (Stepped, Arrived, Claimed, Freed)
ECHOES: tuple[type[Event], ...] = (Echoed,)


@dataclass(frozen=True)
class Walk:
    """Take so many steps, all or none."""

    at: datetime
    steps: int


@dataclass(frozen=True)
class Claim:
    """Hold a name, or let go of the one that is held."""

    at: datetime
    name: str


@dataclass(frozen=True)
class Way:
    """What a stream has come to."""

    steps: int = 0
    held: Claimed | None = None


def _decide(way: Way, command: Walk | Claim | TimerDue) -> Sequence[Event]:
    match command:
        case Walk():
            last = way.steps + command.steps
            return (*(Stepped(number=number) for number in range(way.steps + 1, last)), Arrived(number=last))
        case Claim() if way.held is None:
            return (Claimed(name=command.name, until=command.at + _HELD_FOR),)
        case Claim() | TimerDue():
            return (Freed(name=way.held.name),) if way.held else ()


def _evolve(way: Way, event: Event) -> Way:
    match event:
        case Stepped() | Arrived():
            return replace(way, steps=event.number)
        case Claimed():
            return replace(way, held=event)
        case Freed():
            return replace(way, held=None)
        case _:
            return way


WALKS: Decider[Way, Walk | Claim | TimerDue] = Decider(
    name="walks",
    initial=Way(),
    decide=_decide,
    evolve=_evolve,
    timers=lambda way: {LET_GO: way.held.until} if way.held else {},
    reservations=lambda way: frozenset({way.held.name}) if way.held else frozenset(),
)


@dataclass(frozen=True)
class Echo:
    """Reaction: a walk ended elsewhere."""

    heard: int


ECHO: Decider[int, Echo] = Decider(
    name="echo",
    initial=0,
    decide=lambda _, command: (Echoed(heard=command.heard),),
    evolve=lambda heard, _: heard + 1,
)
