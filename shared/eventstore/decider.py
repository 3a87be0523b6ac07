"""The decider: pure rules of one kind of subject, as data that the kernel can run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from shared.eventstore.errors import Refused
from shared.eventstore.events import Event

State = TypeVar("State")
Command = TypeVar("Command")
Asked = ParamSpec("Asked")


class Checks:
    """Notes what refuses a command, one check after the other: `check(refuse_late, offer, at)`, or `with check:`."""

    def __init__(self) -> None:
        self._found: list[Refused] = []

    def __call__(self, check: Callable[Asked, object], *args: Asked.args, **kwargs: Asked.kwargs) -> None:
        """Runs one check; its refusal ends that check only."""
        try:
            check(*args, **kwargs)
        except Refused as refusal:
            self.note(refusal)

    def __enter__(self) -> None:
        """A check of several lines begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """The same as a call."""
        if not isinstance(error, Refused):
            return False
        self.note(error)
        return True

    def note(self, refusal: Refused) -> None:
        """Adds a refusal with all that it carries; skips what was noted before with the same rule and text."""
        for fault in refusal.every_fault:
            if all((fault.rule, fault.detail) != (known.rule, known.detail) for known in self._found):
                self._found.append(fault)

    def refuse(self) -> None:
        """Raises Refused with everything that was noted, if anything was."""
        if self._found:
            first, *others = self._found
            first.also = tuple(others)
            raise first


@contextmanager
def every_fault() -> Iterator[Checks]:
    """Runs checks that do not depend on each other, and refuses with everything that they find.

    What is computed inside is complete after the block, since a block in which a check refused raises.
    """
    checks = Checks()
    try:
        yield checks
    except Refused as refusal:
        checks.note(refusal)
    checks.refuse()


@dataclass(frozen=True)
class Guard:
    """A stream that a decision relied on, at the version that was read."""

    stream: UUID
    version: int


@dataclass(frozen=True)
class TimerDue:
    """The command that a due timer gives to its subject."""

    name: str
    due: datetime
    at: datetime
    """When it fired: `due`, or later after downtime."""


def no_timers(_: Any) -> Mapping[str, datetime]:
    """Returns no timers, for subjects on which nothing falls due."""
    return {}


def no_reservations(_: Any) -> frozenset[str]:
    """Returns no names, for subjects that hold nothing that must be unique."""
    return frozenset()


def concerns_nothing(_: Any) -> Mapping[str, str]:
    """Returns no ids, for subjects that no rule of another subject asks about."""
    return {}


def nobody(_: Any) -> str | None:
    """Returns None, for subjects that nobody is responsible for."""
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
    `of_a_case` says that its streams are cases: nothing falls due of one that is history (see Liveness). `catches_up`
    names the timers that stand for what a live case still needs, and that fall due with a take-over if they are over.
    `changes_nothing` names the facts of its streams that leave every state as it is; a test finds each fact either
    there or in `evolve`, since a fact that `evolve` forgot would change nothing unseen.
    """

    name: str
    initial: State
    decide: Callable[[State, Command], Sequence[Event]]
    evolve: Callable[[State, Event], State]
    timers: Callable[[State], Mapping[str, datetime]] = no_timers
    reservations: Callable[[State], frozenset[str]] = no_reservations
    concerns: Callable[[State], Mapping[str, str]] = concerns_nothing
    responsible: Callable[[State], str | None] = nobody
    changes_nothing: frozenset[type[Event]] = frozenset()
    of_a_case: bool = False
    catches_up: frozenset[str] = frozenset()

    def fold(self, events: Sequence[Event], state: State | None = None) -> State:
        """Returns the state after the public forms of these events, from `state` or from the beginning."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event.public_form())
        return current
