"""Cache of the states that a process produced or read last, so that the next command need not load a whole stream."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.eventstore.decider import Decider
from shared.eventstore.liveness import LIVE, Liveness

State = TypeVar("State")
Cached = TypeVar("Cached")
_Key = tuple[str, UUID]
"""The name of a decider, and a stream."""
SUBJECTS = 2_000
"""How many are cached; one is a few kilobytes."""


@dataclass(frozen=True)
class VersionedState(Generic[State]):
    """A subject at a version: the state that the public parts of its events fold to."""

    version: int
    state: State
    liveness: Liveness = LIVE


class StateCache:
    """Caches states that may be outdated: use one only if the append that follows checks the version.

    A read goes on from the latest state, whoever writes to the subject: events are never changed, so only those that
    came afterwards are missing in it.

    A subject that changed while it was cached is one that others write to. It is read each time from then on, until it
    drops out of the cache, because a wrong guess costs an append that fails.
    """

    def __init__(self, subjects: int = SUBJECTS) -> None:
        self._subjects = subjects
        self._states: OrderedDict[_Key, VersionedState[Any] | None] = OrderedDict()
        self._latest: OrderedDict[_Key, VersionedState[Any]] = OrderedDict()

    def get(self, decider: Decider[State, Any], stream: UUID) -> VersionedState[State] | None:
        """Returns the cached state of a subject, or None if there is none or others write to the subject."""
        return self._states.get((decider.name, stream))

    def keep(self, decider: Decider[State, Any], stream: UUID, known: VersionedState[State]) -> None:
        """Caches a state that this process has just recorded, unless others write to the subject."""
        key = decider.name, stream
        if self._states.get(key, known) is not None:
            self._put(self._states, key, known)
        self._put(self._latest, key, known)

    def latest(self, decider: Decider[State, Any], stream: UUID) -> VersionedState[State] | None:
        """Returns the state of a subject that was produced or read last, from which a read goes on; None if unknown."""
        return self._latest.get((decider.name, stream))

    def note_read(self, decider: Decider[State, Any], stream: UUID, known: VersionedState[State]) -> None:
        """Caches a state that this process has just read; no command is decided on it without reading again."""
        self._put(self._latest, (decider.name, stream), known)

    def moved(self, decider: Decider[Any, Any], stream: UUID) -> None:
        """Marks a subject as one that others write to, because another command was recorded first."""
        self._put(self._states, (decider.name, stream), None)

    def _put(self, states: "OrderedDict[_Key, Cached]", key: _Key, known: Cached) -> None:
        states[key] = known
        states.move_to_end(key)
        if len(states) > self._subjects:
            states.popitem(last=False)
