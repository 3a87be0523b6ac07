"""The small subjects of the proof: steps that are taken here, and an echo of each in another service."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.kernel.decider import Decider, TimerDue
from shared.kernel.events import Event

TICK_EVERY = 3
"""After so many steps a timer is armed, which must fire once."""
CLAIMS = 16
"""Names for which streams compete; each is held by one at a time."""


class Stepped(Event):
    """A step was taken: the one of the command with this key."""

    number: int
    key: UUID


class Ticked(Event):
    """The timer of a step fired."""

    number: int


class Claimed(Event):
    """A name that must be unique is held."""

    name: str
    key: UUID


class Freed(Event):
    """It is held no more."""

    name: str
    key: UUID


class Echoed(Event):
    """A step was heard of."""

    number: int
    key: UUID


FACTS: tuple[type[Event], ...] = (Stepped, Ticked, Claimed, Freed)
ECHOES: tuple[type[Event], ...] = (Echoed,)


@dataclass(frozen=True)
class Step:
    """Take the next step."""

    at: datetime
    key: UUID


@dataclass(frozen=True)
class Claim:
    """Hold a name, or let go of the one that is held."""

    at: datetime
    key: UUID
    name: str


@dataclass(frozen=True)
class Steps:
    """What a stream has come to."""

    taken: int = 0
    ticks_wanted: tuple[tuple[int, datetime], ...] = ()
    held: str | None = None


def _decide(state: Steps, command: Step | Claim | TimerDue) -> Sequence[Event]:
    match command:
        case Step():
            return (Stepped(number=state.taken + 1, key=command.key),)
        case Claim() if state.held is None:
            return (Claimed(name=command.name, key=command.key),)
        case Claim():
            return (Freed(name=state.held or "", key=command.key),)
        case TimerDue():
            wanted = dict(state.ticks_wanted)
            number = int(command.name.removeprefix("tick-"))
            return (Ticked(number=number),) if number in wanted else ()


def _evolve(state: Steps, event: Event) -> Steps:
    match event:
        case Stepped():
            wanted = state.ticks_wanted
            if event.number % TICK_EVERY == 0:
                wanted = (*wanted, (event.number, _AT_ONCE))
            return replace(state, taken=event.number, ticks_wanted=wanted)
        case Ticked():
            left = tuple(one for one in state.ticks_wanted if one[0] != event.number)
            return replace(state, ticks_wanted=left)
        case Claimed():
            return replace(state, held=event.name)
        case Freed():
            return replace(state, held=None)
        case _:
            return state


_AT_ONCE = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
STEPS: Decider[Steps, Step | Claim | TimerDue] = Decider(
    name="steps",
    initial=Steps(),
    decide=_decide,
    evolve=_evolve,
    timers=lambda state: {f"tick-{number}": due for number, due in state.ticks_wanted},
    reservations=lambda state: frozenset({state.held}) if state.held else frozenset(),
)


@dataclass(frozen=True)
class Echo:
    """Reaction: a step was taken elsewhere."""

    fact: Stepped


ECHO: Decider[int, Echo] = Decider(
    name="echo",
    initial=0,
    decide=lambda _, command: (Echoed(number=command.fact.number, key=command.fact.key),),
    evolve=lambda heard, _: heard + 1,
)
