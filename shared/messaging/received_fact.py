"""A fact that a consumer received: its message, and the event decoded from it."""

from typing import NamedTuple, Self

from shared.eventstore.events import Event, EventTypes
from shared.messaging.cloudevents import Message
from shared.messaging.inbox import Standing


class ReceivedFact(NamedTuple):
    """A message with its event; the event is None where the reader has no class for its type."""

    message: Message
    event: Event | None

    @classmethod
    def decoded(cls, message: Message, types: EventTypes) -> Self:
        """Decodes a message; the event is None if there is no class for its type.

        Raises ValidationError if the body does not fit its type, Undecodable if there is no class for the type and the
        body is not a JSON object.
        """
        if message.type not in types:
            message.data()
            return cls(message, None)
        return cls(message, types.read(message.type, message.body, message.schema_version))


Fact = tuple[Standing, ReceivedFact]
"""A fact, and the newest processed fact of its stream before it."""
