"""Cache of the latest states that this process produced, so that the next command need not reload the stream."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.eventstore.decider import Decider

State = TypeVar("State")
SUBJECTS = 2_000
"""How many are cached; one is a few kilobytes."""


@dataclass(frozen=True)
class VersionedState(Generic[State]):
    """A subject at a version: the state that the public parts of its events fold to."""

    version: int
    state: State


class StateCache:
    """Caches states that may be outdated: use one only if the append that follows checks the version.

    A subject that changed while it was cached is one that others write to. It is read each time from then on, until it
    drops out of the cache, because a wrong guess costs an append that fails.
    """

    def __init__(self, subjects: int = SUBJECTS) -> None:
        self._subjects = subjects
        self._states: OrderedDict[tuple[str, UUID], VersionedState[Any] | None] = OrderedDict()

    def get(self, decider: Decider[State, Any], stream: UUID) -> VersionedState[State] | None:
        """Returns the cached state of a subject, or None if there is none or others write to the subject."""
        return self._states.get((decider.name, stream))

    def keep(self, decider: Decider[State, Any], stream: UUID, known: VersionedState[State]) -> None:
        """Caches a state that this process has just recorded, unless others write to the subject."""
        key = decider.name, stream
        if self._states.get(key, known) is not None:
            self._put(key, known)

    def moved(self, decider: Decider[Any, Any], stream: UUID) -> None:
        """Marks a subject as one that others write to, because another command was recorded first."""
        self._put((decider.name, stream), None)

    def _put(self, key: tuple[str, UUID], known: VersionedState[Any] | None) -> None:
        self._states[key] = known
        self._states.move_to_end(key)
        if len(self._states) > self._subjects:
            self._states.popitem(last=False)
