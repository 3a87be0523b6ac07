"""The decider: pure rules of one kind of subject, as data that the kernel can run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.eventstore.events import Event

State = TypeVar("State")
Command = TypeVar("Command")


class Refused(Exception):
    """A rule refuses a command. Carries the rule's id and the values that a reader needs to understand it."""

    def __init__(self, rule: str, reason: str, **values: Any) -> None:
        super().__init__(f"{rule}: {reason.format_map(values)}")
        self.rule = rule
        self.reason = reason
        self.values: Mapping[str, Any] = values

    @property
    def detail(self) -> str:
        """The reason with its values filled in."""
        return self.reason.format_map(self.values)


@dataclass(frozen=True)
class TimerDue:
    """The command that a due timer gives to its subject."""

    name: str
    due: datetime
    at: datetime
    """When it fired: `due`, or later after downtime."""


def no_timers(_: Any) -> Mapping[str, datetime]:
    """For subjects on which nothing falls due."""
    return {}


def no_reservations(_: Any) -> frozenset[str]:
    """For subjects that hold nothing that must be unique."""
    return frozenset()


def concerns_nothing(_: Any) -> Mapping[str, str]:
    """For subjects that no rule of another subject asks about."""
    return {}


def nobody(_: Any) -> str | None:
    """For subjects that nobody is responsible for."""
    return None


@dataclass(frozen=True)
class Decider(Generic[State, Command]):
    """Rules of one kind of subject. All functions are pure: no I/O, no clock.

    `decide` may raise Refused; `evolve` never fails, whatever facts it meets. It is given facts in their public form,
    so that no state holds a private part (R31): what a decision needs of one comes in the command. `timers` and
    `reservations` say what *should* stand for a state; the kernel arms, replaces and cancels by comparing the states
    before and after.
    `concerns` gives ids that travel beside every fact of the subject, for rules that reach over subjects.
    `responsible` names who is responsible: whoever else acts for the authority stands in for that person (R30).
    """

    name: str
    initial: State
    decide: Callable[[State, Command], Sequence[Event]]
    evolve: Callable[[State, Event], State]
    timers: Callable[[State], Mapping[str, datetime]] = no_timers
    reservations: Callable[[State], frozenset[str]] = no_reservations
    concerns: Callable[[State], Mapping[str, str]] = concerns_nothing
    responsible: Callable[[State], str | None] = nobody

    def fold(self, events: Sequence[Event], state: State | None = None) -> State:
        """The state after the public forms of these events, from `state` or from the beginning."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event.public_form())
        return current
