"""A fact as it is stored and folded into the view."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

from services.reporting.cases.case_projection import Understood, understood
from shared.eventstore.events import Event, Origin
from shared.messaging.received_fact import ReceivedFact


class Fact(NamedTuple):
    """What a fact says, when it held (occurred) and when it was known (recorded)."""

    position: int
    event: Event | None
    """None where reporting has no class for its type."""
    occurred_at: datetime
    recorded_at: datetime
    understood: Understood
    origin: Origin = Origin.LIVE

    @classmethod
    def of(
        cls,
        position: int,
        event: Event | None,
        occurred_at: datetime,
        recorded_at: datetime,
        origin: Origin = Origin.LIVE,
    ) -> Self:
        """Returns a fact with what today's classes understand of it."""
        known = Understood() if event is None else understood(event)
        return cls(position, event, occurred_at, recorded_at, known, origin)


def numbered(received: Sequence[ReceivedFact], first: int) -> list[Fact]:
    """Returns facts with consecutive positions, the first one at `first`."""
    return [
        Fact.of(position, fact.event, fact.message.occurred_at, fact.message.recorded_at, fact.message.origin)
        for position, fact in enumerate(received, first)
    ]
