"""An event: a frozen fact with a public part, a private part, and the words to store and publish it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict

from shared.eventstore.errors import UnknownEventType
from shared.visibility import as_shown, is_shown, shown_json

MAX_EVENT_BYTES = 256 * 1024
OCCURRED = "occurred_at"
"""Value of `held` for facts without a time of their own: they hold from when they were recorded, in domain time."""


class Origin(StrEnum):
    """Where a fact comes from."""

    LIVE = "live"
    """Somebody acted, or a deadline passed, in this system."""
    IMPORTED = "imported"
    """It was brought in from another system."""
    REPLAYED = "replayed"
    """It was made up from published figures."""


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
        """Returns data of an older schema version in today's form; what is stored is never rewritten."""
        return data

    def seen_by_company(self) -> bool:
        """Returns whether a company may see a field of the fact; else it must not learn that the fact exists."""
        return is_shown(self)

    def as_company_sees(self) -> Self:
        """Returns the fact as the company concerned may know it; only for facts that it may know of."""
        return as_shown(self)

    def company_data(self) -> dict[str, Any]:
        """Returns what a company may know of the public part, JSON-ready; other fields are absent."""
        return shown_json(self, leave_out=frozenset(private_fields(type(self))))

    def left_out_of_dry_runs(self) -> frozenset[str]:
        """Returns the public fields that would be others the next time, as what is drawn at random (R18).

        A dry run leaves them out.
        """
        return frozenset()

    @classmethod
    def restore(cls, data: dict[str, Any], schema_version: int) -> Self:
        """Builds the event from stored or published data of any schema version up to this one."""
        if schema_version < cls.schema_version:
            data = cls.upcast(data, schema_version)
        return cls.model_validate(data)

    @classmethod
    def read(cls, body: str, schema_version: int) -> Self:
        """Builds the event from stored or published JSON; data of the newest schema version are parsed in one step."""
        if schema_version < cls.schema_version:
            return cls.restore(orjson.loads(body), schema_version)
        return cls.model_validate_json(body)

    def public_json(self, *, without: frozenset[str] = frozenset()) -> str:
        """Returns the JSON that may be published: ids, codes, dates and numbers, except the fields in `without`."""
        private = _private_names(type(self))
        return self.model_dump_json(exclude=(private or set()) | without if without else private)

    def public_form(self) -> Self:
        """Returns the event as states hold it: private fields are absent, and reading one raises AttributeError.

        None could mean that nothing was written or that nobody may read it, and a decision must not take one meaning
        for the other. An event of which nothing is private is returned itself.
        """
        markers = private_fields(type(self))
        if not any(name in self.__dict__ for name in markers):
            return self
        public = self.model_copy()
        for name in markers:
            public.__dict__.pop(name, None)
        return public

    def private_parts(self) -> dict[str, dict[str, Any]]:
        """Returns private values, JSON-ready, by the person they are about (`""` for the case itself).

        Absent values are left out.
        """
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


class TakenOver(Event):
    """Base of the facts by which a service takes over a case that was history until then."""

    live_from: datetime
    """The beginning of the day from which on deadlines of the case fall due; what fell due before stays as it is."""


@cache
def private_fields(event_type: type[Event]) -> Mapping[str, PrivatePart]:
    """Returns the fields of an event type that are marked private."""
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
        """Builds an event of the named type. Raises UnknownEventType, or pydantic's ValidationError.

        The latter means that the data do not fit the type.
        """
        return self.of(name).restore(data, schema_version)

    def read(self, name: str, body: str, schema_version: int) -> Event:
        """Builds an event of the named type from JSON. Raises UnknownEventType, or pydantic's ValidationError.

        The latter also means that the text is no JSON, or no object; with an older schema version, a text that is no
        JSON raises JSONDecodeError.
        """
        return self.of(name).read(body, schema_version)

    def of(self, name: str) -> type[Event]:
        """Returns the class of an event type. Raises UnknownEventType."""
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
    origin: Origin = Origin.LIVE
    """Where the facts come from; those of a case that was there before go on as that case stands (Liveness)."""

    def as_dict(self, origin: Origin = Origin.LIVE) -> dict[str, Any]:
        """Returns the metadata of facts of an origin, JSON-ready, without absent values; `live` is not written down."""
        values = {**self.__dict__, "command_id": str(self.command_id), "origin": origin}
        return {name: value for name, value in values.items() if value is not None and value is not Origin.LIVE}


@dataclass(frozen=True)
class Recorded:
    """An event as it is stored."""

    position: int
    stream: UUID
    version: int
    event: Event
    metadata_json: str
    """The metadata as JSON, with the ids that the fact concerns."""
    occurred_at: datetime
    recorded_at: datetime
    event_id: UUID

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Returns the metadata; they are parsed only on demand, because few who read a stream need them."""
        metadata: Mapping[str, Any] = orjson.loads(self.metadata_json)
        return metadata
