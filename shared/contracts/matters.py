"""How a matter stands at its owner, which notices ask right before somebody is told (R29)."""

from dataclasses import dataclass
from datetime import date, time

from shared.contracts.vocabulary import ContactForm
from shared.deadlines.deadline import Deadline


@dataclass(frozen=True)
class StandingMatter:
    """What a text needs of a matter that still stands."""

    deadline: Deadline | None = None
    """Until when something has to be done."""
    day: date | None = None
    """The day that it is about, where that is no deadline."""
    begins: time | None = None
    """In Copenhagen."""
    form: ContactForm | None = None


STANDS = StandingMatter()
"""It stands, and nothing more needs to be known of it."""
