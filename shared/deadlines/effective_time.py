"""From when on a fact held, as its type says (R26)."""

from datetime import date, datetime

from shared.deadlines.copenhagen import start_of
from shared.eventstore.events import OCCURRED, Event


def held_from(event: Event, occurred_at: datetime) -> datetime | None:
    """Returns from when a fact held, a day from its beginning; None where the fact leaves the time open."""
    told: date | datetime | None = occurred_at if event.held == OCCURRED else getattr(event, event.held)
    return told if told is None or isinstance(told, datetime) else start_of(told)
