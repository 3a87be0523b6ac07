"""Facts of the business register: production units, with the day from which each fact holds."""

from datetime import date
from typing import ClassVar

from shared.eventstore.events import Event
from shared.visibility import Shown

SOURCE = "business-register"
"""The `ce_source` of these facts."""


class UnitRegistered(Event):
    """A unit as it is from `effective_from` on; a later fact about the same unit replaces it from its own day on."""

    held: ClassVar[str] = "effective_from"
    p_number: Shown[str]
    cvr: Shown[str]
    name: Shown[str]
    """Name of the unit, as the business register publishes it."""
    industry: Shown[str]
    sector: Shown[str]
    size_class: Shown[str]
    effective_from: Shown[date]
    postcode: Shown[str | None] = None
    """Four digits; None where the register does not say it, as in facts of before release 2026-12."""
    address: Shown[str | None] = None
    """Street and number, as the business register publishes them; None as the postcode."""


class UnitCeased(Event):
    """R40: the unit does not exist any more from `effective_from` on; a later fact may register it again."""

    held: ClassVar[str] = "effective_from"
    p_number: Shown[str]
    effective_from: Shown[date]


FACTS: tuple[type[Event], ...] = (UnitRegistered, UnitCeased)
