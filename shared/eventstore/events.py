"""An event: a frozen fact with a public part, a private part, and the words to store and publish it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict

from shared.eventstore.errors import UnknownEventType
from shared.visibility import as_shown, is_shown, shown_json

MAX_EVENT_BYTES = 256 * 1024
OCCURRED = "occurred_at"
"""Of facts that hold from when they were recorded, in domain time, and name no time of their own."""


@dataclass(frozen=True)
class PrivatePart:
    """Marks a top-level field as private: a name, free text or a reference to a file.

    It is stored encrypted under the key of the case and of the person whom it is about, and never published.
    `about` names the field that holds that person's id; without it the text belongs to the case itself.
    A private field is None where the reader has no key: on Kafka, in reporting, and once the key is destroyed.
    """

    about: str | None = None


class Event(BaseModel):
    """Base of every fact. Subclasses are named in the past tense; the class name is the type on the wire.

    A field that a company may know is marked (shared/visibility.py); a fact without one is hidden from companies.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_version: ClassVar[int] = 1
    held: ClassVar[str]
    """R26: the field with the time, or the day, from which on the fact held; or OCCURRED. Each type says it."""

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Lift data written under an older schema version; what is stored is never rewritten."""
        return data

    def seen_by_company(self) -> bool:
        """Whether the company concerned may know that this fact exists: that it may know any field of it."""
        return is_shown(self)

    def as_company_sees(self) -> Self:
        """As the company concerned may know it; only of facts that it may know of."""
        return as_shown(self)

    def company_data(self) -> dict[str, Any]:
        """What a company may know of the public part, JSON-ready; what it may not is absent."""
        return shown_json(self, leave_out=frozenset(private_fields(type(self))))

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """The public fields that chance decides: a dry run does not tell them, for they would be drawn again (R18)."""
        return frozenset()

    @classmethod
    def restore(cls, data: dict[str, Any], schema_version: int) -> Self:
        """Build the event from stored or published data of any schema version up to this one."""
        if schema_version < cls.schema_version:
            data = cls.upcast(data, schema_version)
        return cls.model_validate(data)

    @classmethod
    def read(cls, body: str, schema_version: int) -> Self:
        """The same from JSON; in one go, where nothing must be lifted."""
        if schema_version < cls.schema_version:
            return cls.restore(orjson.loads(body), schema_version)
        return cls.model_validate_json(body)

    def public_json(self, *, without: frozenset[str] = frozenset()) -> str:
        """The part that may be published: ids, codes, dates and numbers; without some fields, where any are named."""
        private = _private_names(type(self))
        return self.model_dump_json(exclude=(private or set()) | without if without else private)

    def public_form(self) -> Self:
        """As states hold it: a private field is not None but absent, and reading one raises AttributeError.

        None could mean that nothing was written or that nobody may read it, and a decision must not take the one for
        the other. The event itself where nothing of it is private.
        """
        markers = private_fields(type(self))
        if not any(name in self.__dict__ for name in markers):
            return self
        public = self.model_copy()
        for name in markers:
            public.__dict__.pop(name, None)
        return public

    def private_parts(self) -> dict[str, dict[str, Any]]:
        """Private values by the person they are about (`""` for the case itself), JSON-ready; absent ones left out."""
        markers = private_fields(type(self))
        if not markers:
            return {}
        values = self.model_dump(mode="json", include=set(markers))
        parts: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if value is not None:
                about = markers[name].about
                parts.setdefault("" if about is None else str(getattr(self, about)), {})[name] = value
        return parts


@cache
def private_fields(event_type: type[Event]) -> Mapping[str, PrivatePart]:
    """The fields of an event type that are marked private."""
    return {
        name: marker
        for name, info in event_type.model_fields.items()
        for marker in info.metadata
        if isinstance(marker, PrivatePart)
    }


@cache
def _private_names(event_type: type[Event]) -> set[str] | None:
    return set(private_fields(event_type)) or None


class EventTypes:
    """The event classes that a reader knows, by their name on the wire."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        self._by_name = {event_type.__name__: event_type for event_type in types}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._by_name.values())

    def restore(self, name: str, data: dict[str, Any], schema_version: int) -> Event:
        """Raises UnknownEventType, or pydantic's ValidationError where the data do not fit the type."""
        return self.of(name).restore(data, schema_version)

    def read(self, name: str, body: str, schema_version: int) -> Event:
        """The same from JSON, whatever it holds: ValidationError also where it is none, or no object."""
        return self.of(name).read(body, schema_version)

    def of(self, name: str) -> type[Event]:
        """The class of a type. Raises UnknownEventType."""
        event_type = self._by_name.get(name)
        if event_type is None:
            raise UnknownEventType(name)
        return event_type


@dataclass(frozen=True)
class Metadata:
    """Who did what, for whom, why and under which policy; travels with every event."""

    command_id: UUID
    actor: str
    """Pseudonymous id of the person or process that acted, never a name."""
    on_behalf_of: str | None = None
    """CVR of the legal entity for which the actor acted, or the colleague for whom the actor stood in (R30)."""
    causation: str | None = None
    """Source, stream and version of the fact that this reacts to."""
    traceparent: str | None = None
    policy: str | None = None
    """Version of the policy that shaped the facts; the command's own one counts, where it has one (see execute)."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without what is absent."""
        values = {**self.__dict__, "command_id": str(self.command_id)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Recorded:
    """An event as it stands in a store."""

    position: int
    stream: UUID
    version: int
    event: Event
    metadata_json: str
    """As Metadata says it, with what the fact concerns."""
    occurred_at: datetime
    recorded_at: datetime
    event_id: UUID

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Read when asked for: hardly any reader of a stream needs it."""
        metadata: Mapping[str, Any] = orjson.loads(self.metadata_json)
        return metadata
