"""Occasions on which somebody new has to do with a case, or cannot be reached (R4, R15, R34)."""

from collections.abc import Iterator
from dataclasses import replace

from services.notices.rules.occasion import COMPANY, INSPECTOR, Given, OccasionRule, When
from shared.contracts.notices import Occasion, Recipient
from shared.contracts.public_forms import ContactNamed, InspectorChanged, OfferReassigned


def _taken_over(fact: InspectorChanged | OfferReassigned, given: Given) -> Iterator[When]:
    """R15: the new inspector gets one message of what stands."""
    yield given.at_once(about=fact.inspector)


def _named(fact: ContactNamed, given: Given) -> Iterator[When]:
    """R34: the new contact gets one message of what stands."""
    yield replace(given.at_once(about=str(fact.contact_id)), only=Recipient(fact.role.value))


OCCASIONS = (
    OccasionRule(
        Occasion.CASE_TAKEN_OVER,
        "R15",
        INSPECTOR,
        raised_by=dict.fromkeys((InspectorChanged, OfferReassigned), _taken_over),
        at_once=True,
    ),
    OccasionRule(Occasion.CONTACT_NAMED, "R34", COMPANY, raised_by={ContactNamed: _named}),
    OccasionRule(Occasion.CONTACT_LACKS_ADDRESS, "R4, R5, R34", INSPECTOR, raised_by={}),
)
"""The last is raised by the case itself, when somebody of the company could not be told."""
