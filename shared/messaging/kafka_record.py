"""A record as Kafka holds it, before anything of it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.messaging.lenient_records import UNREADABLE_HEADER

LONGEST_EVENT_ID = 200


@dataclass(frozen=True, slots=True)
class Record:
    """Headers and value, and where they stand."""

    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    topic: str = ""
    partition: int = -1
    offset: int = -1
    timestamp: int = -1
    """Kafka's, in milliseconds."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """Of aiokafka's ConsumerRecord."""
        return cls(raw.headers, raw.value, raw.topic, raw.partition, raw.offset, raw.timestamp)

    def header(self, name: str) -> str | None:
        """The last header of that name, as text; None where there is none, or it has no value."""
        values = [value for key, value in self.headers if key == name and value is not None]
        return values[-1].decode("utf-8", "replace") if values else None

    @property
    def event_id(self) -> str:
        """`ce_id` as it came, cut to a length that a database takes; empty where there is none."""
        return (self.header("ce_id") or "")[:LONGEST_EVENT_ID].replace("\x00", "\ufffd")

    @property
    def unreadable(self) -> str | None:
        """Why the record itself could not be read; None where it could."""
        return self.header(UNREADABLE_HEADER)

    @property
    def where(self) -> str:
        """Topic, partition and offset, for people."""
        return f"{self.topic} {self.partition} at {self.offset}" if self.topic else "by hand"
