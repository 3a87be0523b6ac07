"""Given these facts, when this command comes, then these facts or this refusal: a sentence about any decider."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pytest

from shared.eventstore.decider import Decider
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event

Fact = TypeVar("Fact", bound=Event)


@dataclass(frozen=True)
class Outcome:
    """What a command led to: facts, or a refusal; and the state behind it."""

    decider: Decider[Any, Any]
    before: Any
    events: tuple[Event, ...] = ()
    refusal: Refused | None = None

    @property
    def state(self) -> Any:
        """After the facts that were recorded."""
        return self.decider.fold(self._accepted(), self.before)

    def then(self, *events: Event) -> None:
        """Exactly these facts, in this order; none where nothing is named."""
        assert self._accepted() == events

    def records(self, *facts: type[Event]) -> None:
        """Facts of exactly these types, in this order."""
        assert [type(event) for event in self._accepted()] == list(facts)

    def one(self, fact: type[Fact]) -> Fact:
        """The one fact of this type among those that were recorded."""
        (found,) = [event for event in self._accepted() if isinstance(event, fact)]
        return found

    def timers(self) -> Mapping[str, datetime]:
        """What should stand afterwards."""
        return self.decider.timers(self.state)

    def reservations(self) -> frozenset[str]:
        """What should be held afterwards."""
        return self.decider.reservations(self.state)

    def refused(self, rule: str, reason: str = "", **values: Any) -> None:
        """Refused by this rule, with a text that contains `reason`, and with at least these values."""
        assert self.refusal is not None, f"not refused, but recorded {self.events}"
        assert self.refusal.rule == rule, f"refused by another rule: {self.refusal}"
        assert reason in self.refusal.detail
        assert {name: self.refusal.values.get(name) for name in values} == values

    def _accepted(self) -> tuple[Event, ...]:
        if self.refusal is not None:
            pytest.fail(f"refused: {self.refusal}")
        return self.events


@dataclass(frozen=True)
class Given:
    """A subject with a history."""

    decider: Decider[Any, Any]
    history: Sequence[Event]

    @property
    def state(self) -> Any:
        """After the history."""
        return self.decider.fold(self.history)

    def when(self, command: Any) -> Outcome:
        """Decide one command."""
        state = self.state
        try:
            return Outcome(self.decider, state, tuple(self.decider.decide(state, command)))
        except Refused as refusal:
            return Outcome(self.decider, state, refusal=refusal)

    def timers(self) -> Mapping[str, datetime]:
        """What should stand for the history."""
        return self.decider.timers(self.state)

    def reservations(self) -> frozenset[str]:
        """What should be held for the history."""
        return self.decider.reservations(self.state)

    def concerns(self) -> Mapping[str, str]:
        """The ids that travel beside every fact of the history."""
        return self.decider.concerns(self.state)


def scenarios_of(decider: Decider[Any, Any]) -> Callable[..., Given]:
    """`given` for one decider: `given(fact, ...).when(command).then(fact, ...)` or `.refused(rule, ...)`."""

    def given(*history: Event) -> Given:
        return Given(decider, history)

    return given
