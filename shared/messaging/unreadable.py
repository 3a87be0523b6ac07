"""Records that do not say which fact they are: each is kept alone for operators, and holds up no stream."""

from collections.abc import Container
from datetime import UTC, datetime
from uuid import UUID, uuid5

from shared.messaging.cloudevents import Message, concerns_of, read
from shared.messaging.errors import Undecodable
from shared.messaging.kafka_record import Record
from shared.messaging.parking import Obstacle, Reason

UNREADABLE = "unreadable"
"""The source under which records are parked that do not say which fact they are."""
LARGEST_KEPT = 4 * 1024 * 1024
"""Number of characters that are kept of an unreadable record."""
_NAMESPACE = UUID("6f1f6c0e-6f0a-4c3b-9d5e-2b8f6a5d1c77")


def read_record(record: Record, sources: Container[str] | None) -> Message:
    """Reads the message of a record.

    Raises Undecodable if that fails, or if its source may not publish on this topic.
    """
    if record.unreadable is not None:
        raise Undecodable(f"the record does not read: {record.unreadable}")
    message = read(record.headers, record.value)
    if sources is not None and message.source not in sources:
        raise Undecodable(f"{message.source} publishes nothing on this topic")
    return message


def unreadable(record: Record, sources: Container[str] | None, error: Exception) -> Obstacle:
    """Returns the record as it is parked, in a stream of its own.

    Keeps what the record says that it concerns, so that it is held back (R8), if its source may publish on this topic.
    """
    content = repr((record.where, record.headers, record.value))[:LARGEST_KEPT]
    identity, now = uuid5(_NAMESPACE, content), datetime.now(UTC)
    believed = sources is None or record.header("ce_source") in sources
    stand_in = Message(
        source=UNREADABLE,
        stream=identity,
        epoch=1,
        version=1,
        event_id=identity,
        type=UNREADABLE,
        schema_version=1,
        occurred_at=now,
        recorded_at=now,
        body=content,
        concerns=concerns_of(record.headers) if believed else {},
    )
    return Obstacle(stand_in, Reason.POISON, f"{record.where}: {error!r}")


def not_told_by_its_source(message: Message) -> Obstacle:
    """Returns the message as it is parked if its source does not confirm it.

    Somebody else may have written it in the name of the source.
    """
    record = Record(message.headers(), message.body.encode())
    return unreadable(record, (), Undecodable(f"{message.source} does not tell of this epoch or event"))
