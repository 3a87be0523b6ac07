"""Orders as facts of the order system (R25): issued, moved, appealed, complied with, revoked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.reporting.cases.case import Case, Columns
from services.reporting.cases.case_types import Status
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.problem_group import problem_group
from services.reporting.cases.steps import Party, Pending, Step
from services.reporting.cases.time_spent import spent
from services.reporting.cases.unknown_codes import unknown_in_case
from shared.contracts import orders
from shared.deadlines.copenhagen import end_of, start_of
from shared.eventstore.events import Event

rules = Rules[Case, Columns]()
_REACHES: Mapping[type[Event], Status] = {
    orders.OrderIssued: Status.ISSUED,
    orders.OrderAppealed: Status.APPEALED,
    orders.OrderCompliedWith: Status.COMPLIED_WITH,
    orders.OrderRevoked: Status.REVOKED,
}
"""Facts of one order come in order, for one system says them all."""


@rules.on
def _issued(case: Case, event: orders.OrderIssued) -> Columns:
    return {
        "status": Status.ISSUED,
        "opened_at": start_of(event.issued_on),
        "kind": event.order_kind,
        "cvr": event.cvr,
        "p_number": event.p_number,
        "topic": event.topic,
        "problem_group": problem_group(event.topic),
        "inspector": event.inspector,
        "centre": event.centre,
        "agreement_id": event.agreement_id,
        "number": event.number,
        "unknown_codes": unknown_in_case(event.cvr, event.topic),
        "order_deadline": event.deadline,
    }


@rules.on
def _deadline_moved(case: Case, event: orders.OrderDeadlineMoved) -> Columns:
    return {"order_deadline": event.deadline}


@rules.on
def _appealed(case: Case, event: orders.OrderAppealed) -> Columns:
    """R25: an appeal in time suspends."""
    return {"status": Status.APPEALED, "appealed_at": start_of(event.appealed_on), "suspended": event.suspends}


@rules.on
def _time_recorded(case: Case, event: orders.OrderTimeRecorded) -> Columns:
    """R37: minutes that were recorded by hand count in their phase."""
    return spent(case, event.phase, event.minutes)


@rules.on
def _complied_with(case: Case, event: orders.OrderCompliedWith) -> Columns:
    return _ended(case, Status.COMPLIED_WITH, start_of(event.complied_on))


@rules.on
def _revoked(case: Case, event: orders.OrderRevoked) -> Columns:
    return _ended(case, Status.REVOKED, start_of(event.revoked_on))


def following(case: Case, changes: Columns) -> Columns:
    """Returns nothing, because each fact says itself what it changes."""
    return {}


def reaches(event: Event) -> Status | None:
    """Returns the status that a fact brings an order to, if any."""
    return _REACHES.get(type(event))


def pending(case: Case) -> Sequence[Pending]:
    """R25: returns that the company must comply by the deadline, unless an appeal suspends the order."""
    if case.status not in (Status.ISSUED, Status.APPEALED):
        return ()
    if case.suspended:
        return (Pending(Step.DECIDE_APPEAL, Party.AUTHORITY),)
    due = None if case.order_deadline is None else end_of(case.order_deadline)
    return (Pending(Step.COMPLY_WITH_ORDER, Party.COMPANY, due),)


def _ended(case: Case, status: Status, at: datetime) -> Columns:
    return {"status": status, "ended_at": at, "suspended": False}
