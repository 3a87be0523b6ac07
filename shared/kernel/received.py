"""A fact as a consumer has it in hand."""

from dataclasses import dataclass

from shared.kernel.cloudevents import Message
from shared.kernel.events import Event


@dataclass(frozen=True)
class Received:
    """A message with its event; the event is None where the reader has no class for its type."""

    message: Message
    event: Event | None
