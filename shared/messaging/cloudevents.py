"""Facts on Kafka: CloudEvents 1.0 in binary mode, one message per fact, keyed by its stream."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.eventstore.events import Origin
from shared.messaging.errors import Undecodable

_REQUIRED = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_sequence", "ce_epoch", "ce_schemaversion")
_OPTIONAL = (
    "ce_specversion",
    "ce_recordedtime",
    "ce_actor",
    "ce_onbehalfof",
    "ce_policy",
    "ce_traceparent",
    "ce_causation",
    "ce_commandid",
    "ce_origin",
)
_PREFIX = "ce_"
"""Attributes beyond those above say what a fact concerns: `ce_cvr`, `ce_pnumber`."""
LARGEST_VERSION = 2**31 - 1
MOST_HEADERS = 64
LONGEST_HEADER = 16_000
"""Bytes of a header's name or value."""
LONGEST_NAME = 200
"""Characters of a source or a type: they are keys of tables."""
LARGEST_BODY_BYTES = 1024 * 1024
DEEPEST_NESTING = 64
_YEARS = range(1900, 2201)
_LARGEST_SCHEMA_VERSION = 2**15 - 1
_IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Message:
    """One published fact, its public part still as text."""

    source: str
    stream: UUID
    epoch: int
    version: int
    event_id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    body: str
    actor: str = ""
    on_behalf_of: str | None = None
    """For whom the actor acted: a company's CVR, or the colleague for whom somebody stood in (R30)."""
    policy: str | None = None
    traceparent: str | None = None
    causation: str | None = None
    """Source, stream and version of the fact that the producer reacted to."""
    command_id: UUID | None = None
    """The command that recorded it, so that a restored producer knows a command that it has carried out already."""
    concerns: Mapping[str, str] = field(default_factory=dict)
    origin: Origin = Origin.LIVE
    """Whether the fact is of a live case; of another nobody is told, and nothing is booked or falls due."""

    def headers(self) -> list[tuple[str, bytes]]:
        """Returns the fact's attributes as headers of a Kafka record."""
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(self.event_id).encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_subject", str(self.stream).encode()),
            ("ce_time", self.occurred_at.astimezone(UTC).isoformat().encode()),
            ("ce_recordedtime", self.recorded_at.astimezone(UTC).isoformat().encode()),
            ("ce_sequence", b"%d" % self.version),
            ("ce_epoch", b"%d" % self.epoch),
            ("ce_schemaversion", b"%d" % self.schema_version),
            ("ce_actor", self.actor.encode()),
            ("content-type", b"application/json"),
        ]
        if self.on_behalf_of:
            headers.append(("ce_onbehalfof", self.on_behalf_of.encode()))
        if self.policy:
            headers.append(("ce_policy", self.policy.encode()))
        if self.causation:
            headers.append(("ce_causation", self.causation.encode()))
        if self.command_id:
            headers.append(("ce_commandid", str(self.command_id).encode()))
        if self.origin is not Origin.LIVE:
            headers.append(("ce_origin", self.origin.encode()))
        if self.traceparent:
            traceparent = self.traceparent.encode()
            headers += [("traceparent", traceparent), ("ce_traceparent", traceparent)]
        headers += [(f"{_PREFIX}{name}", value.encode()) for name, value in self.concerns.items()]
        return headers

    def log_fields(self) -> dict[str, str | int]:
        """Returns the fields by which a log event names this fact."""
        return {"fact": self.type, "origin": self.source, "stream": str(self.stream), "version": self.version}

    def data(self) -> dict[str, Any]:
        """Returns the public part. Raises Undecodable if the body is not a JSON object."""
        try:
            refuse_deep_nesting(self.body)
            data = json.loads(self.body)
        except ValueError as error:
            raise Undecodable(f"the body of {self.type} {self.event_id} is not JSON: {error}") from error
        if not isinstance(data, dict):
            raise Undecodable(f"the body of {self.type} {self.event_id} is not a JSON object")
        return data


def refuse_deep_nesting(body: str) -> None:
    """Raises ValueError for a JSON text that is nested deeper than any fact: a parser would run out of stack."""
    if body.count("{") + body.count("[") <= DEEPEST_NESTING:
        return
    depth = 0
    for character in _IN_QUOTES.sub("", body):
        if character in "[{":
            depth += 1
            if depth > DEEPEST_NESTING:
                raise ValueError(f"it is nested more than {DEEPEST_NESTING} levels deep")
        elif character in "]}":
            depth -= 1


def source_of(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Returns the source of a record, without reading the rest of it; None if it names none."""
    return next((value.decode(errors="replace") for name, value in headers if name == "ce_source" and value), None)


def concerns_of(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Returns what a record concerns, as far as it can be read, also if the record is no fact as a whole."""
    return {
        name.removeprefix(_PREFIX): value.decode(errors="replace").replace("\x00", "\ufffd")
        for name, value in headers
        if value is not None and name.startswith(_PREFIX) and name not in _REQUIRED and name not in _OPTIONAL
        if len(name) <= LONGEST_NAME and len(value) <= LONGEST_HEADER
    }


def read(headers: Iterable[tuple[str, bytes | None]], body: bytes | None) -> Message:
    """Reads the fact in a Kafka record. Raises Undecodable.

    Leaves the body as text, which is decoded later, so that the message can be parked.
    """
    _refuse_excess(list(headers), body)
    values = {name: value.decode(errors="replace") for name, value in headers if value is not None}
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        raise Undecodable(f"headers are missing: {', '.join(missing)}")
    if any("\x00" in text for header in values.items() for text in header):
        raise Undecodable("a header holds a NUL character")
    try:
        return Message(
            source=values["ce_source"],
            stream=UUID(values["ce_subject"]),
            epoch=_count(values["ce_epoch"]),
            version=_count(values["ce_sequence"]),
            event_id=UUID(values["ce_id"]),
            type=values["ce_type"],
            schema_version=_count(values["ce_schemaversion"], largest=_LARGEST_SCHEMA_VERSION),
            occurred_at=_instant(values["ce_time"]),
            recorded_at=_instant(values.get("ce_recordedtime", values["ce_time"])),
            # No JSON holds a NUL character, and no text column takes one: the body could not even be parked.
            body=(body or b"").decode(errors="replace").replace("\x00", "\ufffd"),
            actor=values.get("ce_actor", ""),
            on_behalf_of=values.get("ce_onbehalfof"),
            policy=values.get("ce_policy"),
            traceparent=values.get("traceparent") or values.get("ce_traceparent"),
            causation=values.get("ce_causation"),
            command_id=UUID(values["ce_commandid"]) if "ce_commandid" in values else None,
            concerns={
                name.removeprefix(_PREFIX): value
                for name, value in values.items()
                if name.startswith(_PREFIX) and name not in _REQUIRED and name not in _OPTIONAL
            },
            origin=Origin(values.get("ce_origin", Origin.LIVE)),
        )
    except (ValueError, OverflowError) as error:
        raise Undecodable(f"a header does not read: {error}") from error


def _refuse_excess(headers: Sequence[tuple[str, bytes | None]], body: bytes | None) -> None:
    if len(headers) > MOST_HEADERS:
        raise Undecodable(f"{len(headers)} headers are more than {MOST_HEADERS}")
    for name, value in headers:
        longest = LONGEST_NAME if name in ("ce_source", "ce_type") else LONGEST_HEADER
        if len(name) > LONGEST_NAME or len(value or b"") > longest:
            raise Undecodable(f"the header {name[:50]} is longer than {longest} bytes")
    if len(body or b"") > LARGEST_BODY_BYTES:
        raise Undecodable(f"a body of {len(body or b'')} bytes is larger than {LARGEST_BODY_BYTES}")


def _count(text: str, largest: int = LARGEST_VERSION) -> int:
    number = int(text)
    if not 1 <= number <= largest:
        raise ValueError(f"{text} is not between 1 and {largest}")
    return number


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    if instant.year not in _YEARS:
        raise ValueError(f"{text} is not between {_YEARS.start} and {_YEARS.stop - 1}")
    return instant.astimezone(UTC)
