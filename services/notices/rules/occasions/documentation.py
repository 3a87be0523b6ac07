"""Occasions of documentation and of a longer deadline (R13, R16, R29)."""

from collections.abc import Iterator

from services.notices.rules.moments import days_before
from services.notices.rules.occasion import (
    INSPECTOR,
    WHO_DECIDES,
    Given,
    OccasionRule,
    When,
    ends,
)
from shared.contracts.control import Breached, ComplianceDeadlineSet, Fulfilled
from shared.contracts.notices import Occasion
from shared.contracts.offers import AcceptanceAnnulled
from shared.contracts.public_forms import (
    DocumentationReceived,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Terminated,
)

ENDED = (Fulfilled, Breached, Terminated, AcceptanceAnnulled)
"""The agreement does not run any more."""


def _due_soon(fact: ComplianceDeadlineSet | ExtensionGranted, given: Given) -> Iterator[When]:
    """R16, R29: at some distances from the compliance deadline."""
    deadline = fact.compliance_deadline
    for days in given.policy.notices.documentation_days:
        yield When(days_before(deadline.last_day, days, given.policy), deadline.ends_at, about=str(days))


def _received(fact: DocumentationReceived, given: Given) -> Iterator[When]:
    yield given.at_once(about=str(fact.part), code="complete" if fact.complete else "part")


def _asked(fact: ExtensionRequested, given: Given) -> Iterator[When]:
    yield given.at_once(about=str(fact.extension_id))


def _decided(fact: ExtensionGranted | ExtensionRefused, given: Given) -> Iterator[When]:
    code = "granted" if isinstance(fact, ExtensionGranted) else "refused"
    yield given.at_once(about=str(fact.extension_id), code=code)


def _the_extension(fact: ExtensionGranted | ExtensionRefused, about: str) -> bool:
    return about == str(fact.extension_id)


def _if_complete(fact: DocumentationReceived, _: str) -> bool:
    """R16: more is owed until the company says that it is complete."""
    return fact.complete


OCCASIONS = (
    OccasionRule(
        Occasion.DOCUMENTATION_DUE_SOON,
        "R16, R29",
        WHO_DECIDES,
        raised_by=dict.fromkeys((ComplianceDeadlineSet, ExtensionGranted), _due_soon),
        ended_by={DocumentationReceived: _if_complete, **ends(*ENDED)},
    ),
    OccasionRule(
        Occasion.DOCUMENTATION_RECEIVED,
        "R16, R29",
        INSPECTOR,
        raised_by={DocumentationReceived: _received},
        ended_by=ends(*ENDED),
    ),
    OccasionRule(
        Occasion.EXTENSION_ASKED,
        "R13, R29",
        INSPECTOR,
        raised_by={ExtensionRequested: _asked},
        ended_by={ExtensionGranted: _the_extension, ExtensionRefused: _the_extension, **ends(*ENDED)},
    ),
    OccasionRule(
        Occasion.EXTENSION_DECIDED,
        "R13, R29",
        WHO_DECIDES,
        raised_by=dict.fromkeys((ExtensionGranted, ExtensionRefused), _decided),
        ended_by=ends(*ENDED),
        has_legal_effect=True,
    ),
)
