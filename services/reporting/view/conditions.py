"""Conditions of a query, with their values."""

from collections.abc import Sequence


class Conditions:
    """Conditions with their values, joined by `and`."""

    def __init__(self, first: str, values: Sequence[object]) -> None:
        self.values = list(values)
        self._conditions = [first]

    def add(self, condition: str, *values: object) -> None:
        """Adds a condition; each `{}` in it stands for a value."""
        self._conditions.append(condition.format(*(self.place(value) for value in values)))

    def place(self, value: object) -> str:
        """Adds a value and returns its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"

    def __str__(self) -> str:
        return " and ".join(self._conditions)
