"""What each type of fact makes of a row, looked up by the fact's class: a chain of `case`s asks every class in turn."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from shared.kernel.events import Event

Row = TypeVar("Row")
Fact = TypeVar("Fact", bound=Event)


class Folds(Generic[Row]):
    """Rules by the facts that they are about; a fact without one leaves the row as it is, the same object."""

    def __init__(self, *parts: "Folds[Row]") -> None:
        """With the rules of `parts`: where several take a fact, one after the other, in this order."""
        self._rules: dict[type[Event], tuple[Callable[[Row, Any], Row], ...]] = {}
        for part in parts:
            for event_type, rules in part._rules.items():
                self._rules[event_type] = (*self._rules.get(event_type, ()), *rules)

    def on(self, rule: Callable[[Row, Fact], Row]) -> Callable[[Row, Fact], Row]:
        """Decorates a function of a row and a fact; the annotation of `event` says which types of facts it takes."""
        taken = get_type_hints(rule)["event"]
        for event_type in get_args(taken) or (taken,):
            self._rules[event_type] = (*self._rules.get(event_type, ()), rule)
        return rule

    def __contains__(self, event_type: object) -> bool:
        return event_type in self._rules

    def __call__(self, row: Row, event: Event) -> Row:
        """The row after one more fact."""
        for rule in self._rules.get(type(event), ()):
            row = rule(row, event)
        return row
