"""The deciders of the proof: walks of several steps, names that are held for a while, an echo in another service."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event

NAMES = 16
"""The number of names for which streams compete; each is held by one stream at a time."""
_HELD_FOR = timedelta(seconds=1)
"""How long a name is held before a timer frees it."""
LET_GO = "let-go"
NEIGHBOURS = "neighbours"
"""A source without a log: its facts are on the topic in one batch with unreadable records."""


class Stepped(Event):
    """A step of a walk was taken, but not the last."""

    number: int


class Arrived(Event):
    """The last step of a walk was taken."""

    number: int


class Claimed(Event):
    """The stream holds a name that must be unique."""

    name: str
    until: datetime


class Freed(Event):
    """The stream no longer holds the name."""

    name: str


class Echoed(Event):
    """Guidance has received the arrival with version `heard`, of the source's stream with the same id."""

    heard: int


FACTS: tuple[type[Event], ...] = (Stepped, Arrived, Claimed, Freed)
ECHOES: tuple[type[Event], ...] = (Echoed,)


@dataclass(frozen=True)
class Walk:
    """Take n steps, all or none."""

    at: datetime
    steps: int


@dataclass(frozen=True)
class Claim:
    """Hold a name, or free the one that is held."""

    at: datetime
    name: str


@dataclass(frozen=True)
class StreamState:
    """The state of a stream: its steps, and the name that it holds."""

    steps: int = 0
    held: Claimed | None = None


def _decide(state: StreamState, command: Walk | Claim | TimerDue) -> Sequence[Event]:
    match command:
        case Walk():
            last = state.steps + command.steps
            return (*(Stepped(number=number) for number in range(state.steps + 1, last)), Arrived(number=last))
        case Claim() if state.held is None:
            return (Claimed(name=command.name, until=command.at + _HELD_FOR),)
        case Claim() | TimerDue():
            return (Freed(name=state.held.name),) if state.held else ()


def _evolve(state: StreamState, event: Event) -> StreamState:
    match event:
        case Stepped() | Arrived():
            return replace(state, steps=event.number)
        case Claimed():
            return replace(state, held=event)
        case Freed():
            return replace(state, held=None)
        case _:
            return state


WALKS: Decider[StreamState, Walk | Claim | TimerDue] = Decider(
    name="walks",
    initial=StreamState(),
    decide=_decide,
    evolve=_evolve,
    timers=lambda state: {LET_GO: state.held.until} if state.held else {},
    reservations=lambda state: frozenset({state.held.name}) if state.held else frozenset(),
)


@dataclass(frozen=True)
class Echo:
    """React to a walk that ended in the other service."""

    heard: int


ECHO: Decider[int, Echo] = Decider(
    name="echo",
    initial=0,
    decide=lambda _, command: (Echoed(heard=command.heard),),
    evolve=lambda heard, _: heard + 1,
)
