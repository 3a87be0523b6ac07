"""How an agreement looks in the view: its dates and its status, folded from facts."""

from collections.abc import Mapping
from operator import attrgetter

from services.reporting.cases import (
    agreement_after,
    agreement_control,
    agreement_guidance,
    agreement_offer,
    changed_units,
)
from services.reporting.cases.case import Case, Columns
from services.reporting.cases.case_types import Status
from services.reporting.cases.fold_rules import Rules
from shared.contracts import control, offers
from shared.eventstore.events import Event

rules = Rules[Case, Columns](
    agreement_offer.rules, agreement_guidance.rules, agreement_control.rules, agreement_after.rules, changed_units.rules
)
"""What facts change, in whatever order those of different services come."""
_ENDINGS: Mapping[str, Status] = {
    "breached_at": Status.BREACHED,
    "fulfilled_at": Status.FULFILLED,
    "terminated_at": Status.TERMINATED,
    "withdrawn_at": Status.WITHDRAWN,
    "lapsed_at": Status.LAPSED,
    "declined_at": Status.DECLINED,
}
_SIGNS: Mapping[str, Status] = {
    **_ENDINGS,
    "documentation_complete_at": Status.AWAITING_CONTROL,
    "control_day": Status.AWAITING_CONTROL,
    "control_held_at": Status.AWAITING_CONTROL,
    "accepted_at": Status.RUNNING,
    "delivered_at": Status.DELIVERED,
    "inspection_id": Status.OFFERED,
}
"""The status that each column is a sign of; the first one that is known counts."""
_signs = attrgetter(*_SIGNS)
_STATUSES = tuple(_SIGNS.values())
_ENDED = frozenset(_ENDINGS.values())
_REACHES: Mapping[type[Event], Status] = {
    offers.OfferSent: Status.OFFERED,
    offers.OfferDelivered: Status.DELIVERED,
    offers.Accepted: Status.RUNNING,
    offers.Declined: Status.DECLINED,
    offers.Lapsed: Status.LAPSED,
    offers.Withdrawn: Status.WITHDRAWN,
    offers.AcceptanceAnnulled: Status.TERMINATED,
    control.DocumentationReceived: Status.AWAITING_CONTROL,
    control.ControlBooked: Status.AWAITING_CONTROL,
    control.Fulfilled: Status.FULFILLED,
    control.Breached: Status.BREACHED,
    control.Terminated: Status.TERMINATED,
    control.DecisionRevoked: Status.AWAITING_CONTROL,
}


def following(case: Case, changes: Columns) -> Columns:
    """Returns status and end of the case if the changes touch a column that they follow from; otherwise nothing."""
    if _SIGNS.keys().isdisjoint(changes):
        return {}
    return status_and_end(case)


def status_and_end(case: Case) -> Columns:
    """Returns the status, and when the course ended, for whatever reason; None while it goes on.

    They follow from the dates alone, so that a fact that comes late does not change them wrongly.
    """
    signs = _signs(case)
    known = next(filter(None, signs), None)
    status = Status.UNKNOWN if known is None else _STATUSES[signs.index(known)]
    return {"status": status, "ended_at": known if status in _ENDED else None}


def reaches(event: Event) -> Status | None:
    """Returns the status to which a fact moves a case, if any; documentation moves it only if complete."""
    reached = _REACHES.get(type(event))
    if reached is None or (isinstance(event, control.DocumentationReceived) and not event.complete):
        return None
    return reached
