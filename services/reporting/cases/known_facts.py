"""The fact types that reporting has classes for; others are kept, not folded."""

from shared.contracts import control, guidance, offers, orders, register
from shared.eventstore.events import EventTypes
from shared.visibility import rules_of_visibility

FACTS = (*offers.FACTS, *guidance.FACTS, *control.FACTS, *orders.FACTS, *register.FACTS)
KNOWN_FACTS = EventTypes(FACTS)
VISIBILITY = rules_of_visibility(FACTS)
"""R18: the rules of visibility by which this release folds the companies' rows."""
