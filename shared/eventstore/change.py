"""Everything that one command writes to the event store: events, keys, marks, timers and reservations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.eventstore.events import Event, Metadata, Origin


@dataclass(frozen=True)
class Occurred:
    """An event that is about to be written, with its domain time."""

    event: Event
    at: datetime


@dataclass(frozen=True)
class Write:
    """Events for one stream at an expected version. Without events it is a guard: the stream must not have changed."""

    stream: UUID
    expected: int
    events: tuple[Occurred, ...] = ()
    concerns: Mapping[str, str] = field(default_factory=dict)
    """Ids that travel beside the events, see Decider.concerns."""
    origin: Origin = Origin.LIVE


@dataclass(frozen=True)
class Mark:
    """A step of the inbox: from the state that the reader found to the fact that was now processed."""

    source: str
    stream: UUID
    from_epoch: int
    from_version: int
    epoch: int
    version: int
    event_id: UUID


@dataclass(frozen=True)
class IdempotencyKey:
    """The key of a command, the request that used it, and the answer that a repeated request gets."""

    key: UUID
    fingerprint: str
    answer: str | None = None


@dataclass(frozen=True)
class Change:
    """Everything that one command writes; it is stored completely or not at all."""

    metadata: Metadata
    writes: tuple[Write, ...] = ()
    key: IdempotencyKey | None = None
    mark: Mark | None = None
    arm: tuple[tuple[UUID, str, datetime], ...] = ()
    cancel: tuple[tuple[UUID, str], ...] = ()
    reserve: tuple[tuple[str, UUID], ...] = ()
    release: tuple[tuple[str, UUID], ...] = ()
