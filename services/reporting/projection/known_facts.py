"""The fact types that reporting has classes for; others are kept, not folded."""

from shared.contracts import control, guidance, offers, orders, register
from shared.eventstore.events import EventTypes

KNOWN_FACTS = EventTypes((*offers.FACTS, *guidance.FACTS, *control.FACTS, *orders.FACTS, *register.FACTS))
