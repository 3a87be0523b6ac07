"""A record as Kafka holds it, before anything of it is believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.messaging.lenient_records import UNREADABLE_HEADER

LONGEST_EVENT_ID = 200


@dataclass(frozen=True, slots=True)
class Record:
    """The headers and value of a record, and its place on Kafka."""

    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    topic: str = ""
    partition: int = -1
    offset: int = -1
    timestamp: int = -1
    """Kafka's timestamp, in milliseconds."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """Converts aiokafka's ConsumerRecord."""
        return cls(raw.headers, raw.value, raw.topic, raw.partition, raw.offset, raw.timestamp)

    def header(self, name: str) -> str | None:
        """Returns the last header of that name as text; None if there is none with a value."""
        values = [value for key, value in self.headers if key == name and value is not None]
        return values[-1].decode("utf-8", "replace") if values else None

    @property
    def event_id(self) -> str:
        """Returns `ce_id` as received, cut to a length that a database accepts; empty if there is none."""
        return (self.header("ce_id") or "")[:LONGEST_EVENT_ID].replace("\x00", "\ufffd")

    @property
    def unreadable(self) -> str | None:
        """Returns why the record itself could not be read; None if it could."""
        return self.header(UNREADABLE_HEADER)

    @property
    def where(self) -> str:
        """Returns topic, partition and offset, for people."""
        return f"{self.topic} {self.partition} at {self.offset}" if self.topic else "by hand"
