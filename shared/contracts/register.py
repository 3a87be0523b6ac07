"""Facts of the business register: production units, with the day from which each fact holds."""

from datetime import date

from shared.eventstore.events import Event

SOURCE = "business-register"
"""The `ce_source` of these facts."""


class UnitRegistered(Event):
    """A unit as it is from `effective_from` on; a later fact about the same unit replaces it from its own day on."""

    p_number: str
    cvr: str
    name: str
    """Name of the unit, as the business register publishes it."""
    industry: str
    sector: str
    size_class: str
    effective_from: date


FACTS: tuple[type[Event], ...] = (UnitRegistered,)
