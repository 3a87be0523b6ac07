"""What each type of fact does to a row, looked up by the fact's class: a chain of `case`s asks every class in turn."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from shared.eventstore.events import Event

Row = TypeVar("Row")
Result = TypeVar("Result")
Fact = TypeVar("Fact", bound=Event)


class Rules(Generic[Row, Result]):
    """Functions of a row and a fact, by the facts that they are about."""

    def __init__(self, *parts: "Rules[Row, Result]") -> None:
        """Combines the rules of `parts`; if several are about a fact, they run one after the other, in this order."""
        self._by_type: dict[type[Event], tuple[Callable[[Row, Any], Result], ...]] = {}
        for part in parts:
            for event_type, rules in part._by_type.items():
                self._by_type[event_type] = (*self.about(event_type), *rules)

    def on(self, rule: Callable[[Row, Fact], Result]) -> Callable[[Row, Fact], Result]:
        """Decorates a rule; the annotation of its argument `event` says which types of facts it is about."""
        taken = get_type_hints(rule)["event"]
        for event_type in get_args(taken) or (taken,):
            self._by_type[event_type] = (*self.about(event_type), rule)
        return rule

    @property
    def facts(self) -> Sequence[type[Event]]:
        """Returns the types of facts that change the row."""
        return tuple(self._by_type)

    def about(self, event_type: type[Event]) -> Sequence[Callable[[Row, Any], Result]]:
        """Returns the rules for a type of facts, in order; most types have none, or one."""
        return self._by_type.get(event_type, ())
