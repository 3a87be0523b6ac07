"""Facts on Kafka: CloudEvents 1.0 in binary mode, one message per fact, keyed by its stream."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

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
)
_PREFIX = "ce_"
"""Attributes beyond those above say what a fact concerns: `ce_cvr`, `ce_pnumber`."""
LARGEST_VERSION = 2**31 - 1
_LARGEST_SCHEMA_VERSION = 2**15 - 1


class Undecodable(Exception):
    """A message is not a fact as the contract has it."""


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

    def headers(self) -> list[tuple[str, bytes]]:
        """As Kafka carries them."""
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
        if self.traceparent:
            traceparent = self.traceparent.encode()
            headers += [("traceparent", traceparent), ("ce_traceparent", traceparent)]
        headers += [(f"{_PREFIX}{name}", value.encode()) for name, value in self.concerns.items()]
        return headers

    def data(self) -> dict[str, Any]:
        """The public part. Raises Undecodable where the body is not a JSON object."""
        try:
            data = json.loads(self.body)
        except ValueError as error:
            raise Undecodable(f"the body of {self.type} {self.event_id} is not JSON: {error}") from error
        if not isinstance(data, dict):
            raise Undecodable(f"the body of {self.type} {self.event_id} is not a JSON object")
        return data


def source_of(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Who published a record, without reading the rest of it."""
    return next((value.decode(errors="replace") for name, value in headers if name == "ce_source" and value), None)


def read(headers: Iterable[tuple[str, bytes | None]], body: bytes | None) -> Message:
    """The fact in a Kafka record. Raises Undecodable; the body itself is read later, so that it can be parked."""
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
        )
    except ValueError as error:
        raise Undecodable(f"a header does not read: {error}") from error


def _count(text: str, largest: int = LARGEST_VERSION) -> int:
    number = int(text)
    if not 1 <= number <= largest:
        raise ValueError(f"{text} is not between 1 and {largest}")
    return number


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return instant
