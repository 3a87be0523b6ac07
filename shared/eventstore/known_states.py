"""The states that this process has itself brought about last, so that the next command on them needs no reading."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.eventstore.decider import Decider

State = TypeVar("State")
SUBJECTS = 2_000
"""How many are remembered; one is a few kilobytes."""


@dataclass(frozen=True)
class Known(Generic[State]):
    """A subject at a version: the state that the public parts of its events fold to."""

    version: int
    state: State


class KnownStates:
    """What is known here may be old: it is good for a decision whose append names the version, and for nothing else.

    A subject that moved while it was known here is one that others write to. It is read each time from then on, until
    it is forgotten: a guess that is wrong costs an append in vain.
    """

    def __init__(self, subjects: int = SUBJECTS) -> None:
        self._subjects = subjects
        self._known: OrderedDict[tuple[str, UUID], Known[Any] | None] = OrderedDict()

    def get(self, decider: Decider[State, Any], stream: UUID) -> Known[State] | None:
        """The subject as it was last seen, if it can be hoped to stand so still."""
        return self._known.get((decider.name, stream))

    def keep(self, decider: Decider[State, Any], stream: UUID, known: Known[State]) -> None:
        """What this process has just recorded."""
        key = decider.name, stream
        if self._known.get(key, known) is not None:
            self._put(key, known)

    def moved(self, decider: Decider[Any, Any], stream: UUID) -> None:
        """Somebody else was first."""
        self._put((decider.name, stream), None)

    def _put(self, key: tuple[str, UUID], known: Known[Any] | None) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > self._subjects:
            self._known.popitem(last=False)
