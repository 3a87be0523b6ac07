"""How an agreement's row changes once it is decided, or was not accepted: hearing, orders, follow-up (R7, R20-R25)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.reporting.cases.agreement_control import EVERY_PLACE_FOUND, WITHOUT_BOOKING
from services.reporting.cases.case import Case, Columns, changed, with_deadlines
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.time_spent import spent
from shared.contracts import control, offers, orders
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import WorkPhase
from shared.deadlines.copenhagen import start_of

rules = Rules[Case, Columns]()
_OVER: Columns = {"bookings": {}, "guidance_stands": GuidanceStands.CLOSED} | EVERY_PLACE_FOUND
"""Nothing is booked or due any more; the row goes on naming the day of the control that decided."""


@rules.on
def _fulfilled(case: Case, event: control.Fulfilled) -> Columns:
    """R20, R24: the agreement ends as kept, and its follow-up gets a day."""
    return _OVER | {"fulfilled_at": event.fulfilled_at, "follow_up_on": event.follow_up_on}


@rules.on
def _breached(case: Case, event: control.Breached) -> Columns:
    """R20, R22: the agreement ends as breached."""
    return _OVER | {"breached_at": event.breached_at}


@rules.on
def _revoked(case: Case, event: control.DecisionRevoked) -> Columns:
    """R30: the agreement runs again; what was decided stays in the history of its statuses."""
    deadlines = {name: deadline for name, deadline in case.deadlines.items() if name != "hearing"}
    return WITHOUT_BOOKING | {
        "fulfilled_at": None,
        "breached_at": None,
        "follow_up_on": None,
        "follow_up_fell_due_at": None,
        "hearing_opened_at": None,
        "hearing_ended_at": None,
        "order_requested_at": None,
        "orders": {},
        "orders_requested": 0,
        "orders_issued": 0,
        "order_reminded_at": None,
        "order_overdue_at": None,
        "deadlines": deadlines,
    }


@rules.on
def _hearing_opened(case: Case, event: control.HearingOpened) -> Columns:
    """R22: the company is heard until the deadline of its answer."""
    opened = {"hearing_opened_at": event.opened_at, "hearing_ended_at": None}
    return opened | with_deadlines(case, hearing=event.answer_deadline)


@rules.on
def _hearing_recounted(case: Case, event: control.HearingDeadlineRecounted) -> Columns:
    """R22, R27: the corrected calendar gives a later day to be heard."""
    return with_deadlines(case, hearing=event.answer_deadline)


@rules.on
def _hearing_answered(case: Case, event: control.HearingAnswered) -> Columns:
    """R22: the answer of the company ends the hearing."""
    return {"hearing_ended_at": event.answered_at}


@rules.on
def _hearing_expired(case: Case, event: control.HearingExpired) -> Columns:
    """R22: a deadline that passed without an answer ends the hearing."""
    return {"hearing_ended_at": event.at}


@rules.on
def _follow_up_fell_due(case: Case, event: control.FollowUpFellDue) -> Columns:
    """R24: the day of the follow-up has come."""
    return {"follow_up_fell_due_at": event.at}


@rules.on
def _follow_up_held(case: Case, event: control.FollowUpHeld) -> Columns:
    """R24, R39: the follow-up was held, and told whether anything spread further."""
    held = {
        "follow_up_held_at": event.held_at,
        "follow_up_minutes": event.minutes_spent,
        "spread_further": case.spread_further if event.spread_further is None else event.spread_further,
    }
    return held | spent(case, WorkPhase.CONTROL, event.minutes_spent)


@rules.on
def _order_issued(case: Case, event: orders.OrderIssued) -> Columns:
    """R7, R22: an order that came of this agreement."""
    followed = _followed(case, event.case_id, start_of(event.issued_on))
    return followed | _order(case, event.request_id or _awaited_at(case, event.p_number), issued=True)


@rules.on
def _other_case_opened(case: Case, event: orders.OtherCaseOpened) -> Columns:
    """R7: an inspection that came of this agreement."""
    return _followed(case, event.case_id, start_of(event.opened_on))


@rules.on
def _other_case_announced(case: Case, event: orders.OtherCaseAnnounced) -> Columns:
    """R18: the company learns of it only now."""
    return _followed(case, event.case_id, start_of(event.announced_on))


@rules.on
def _other_case_closed(case: Case, event: orders.OtherCaseClosed) -> Columns:
    """R18: the same, of one that was not announced."""
    return _followed(case, event.case_id, start_of(event.closed_on))


@rules.on
def _offer_that_follows(case: Case, event: offers.OfferSent) -> Columns:
    """R2, R7: an offer that follows from this agreement."""
    return _followed(case, event.agreement_id, event.sent_at) if event.follows == case.case_id else {}


@rules.on
def _order_requested(case: Case, event: control.OrderRequested) -> Columns:
    """R7, R22: the order system was asked for an order at a unit."""
    return {"order_requested_at": event.requested_at} | _order(case, event.request_id, unit=event.p_number)


@rules.on
def _order_reminded(case: Case, event: control.OrderRequestReminded) -> Columns:
    """R22: the order system was reminded of the order that it was asked for."""
    return {"order_reminded_at": event.at}


@rules.on
def _order_overdue(case: Case, event: control.OrderRequestOverdue) -> Columns:
    """R22: the order that was asked for did not come in time."""
    overdue: Columns = {"order_overdue_at": event.at}
    return overdue | _order(changed(case, overdue), event.request_id, overdue=True)


@rules.on
def _order_asked_again(case: Case, event: control.OrderRequestResent) -> Columns:
    """R22: a request that is sent again is no longer overdue."""
    return {"order_reminded_at": None} | _order(case, event.request_id, overdue=False)


@rules.on
def _order_request_withdrawn(case: Case, event: control.OrderRequestWithdrawn) -> Columns:
    """R22: a request that was withdrawn no longer counts."""
    withdrawn = str(event.request_id)
    return _with_orders(case, {request: order for request, order in case.orders.items() if request != withdrawn})


@rules.on
def _order_issue_noted(case: Case, event: control.OrderIssueNoted) -> Columns:
    """R22: the order that was asked for is issued."""
    return _order(case, event.request_id, issued=True)


@rules.on
def _new_inspection_booked(case: Case, event: control.NewInspectionBooked) -> Columns:
    """R7: an inspection that resumes the investigation has a day."""
    return {"new_inspection_day": event.day} | EVERY_PLACE_FOUND


@rules.on
def _investigation_concluded(case: Case, event: control.InvestigationConcluded) -> Columns:
    """R7: the inspection after a no was held, and said what it ended in."""
    concluded = {
        "new_inspection_day": None,
        "investigation_outcome": event.outcome,
        "investigation_concluded_at": event.held_at,
    } | EVERY_PLACE_FOUND
    return concluded | spent(case, WorkPhase.INVESTIGATION, event.minutes_spent)


def _awaited_at(case: Case, p_number: str) -> str | None:
    """R22: the order system may name the agreement and the unit alone."""
    awaited = (request for request, order in sorted(case.orders.items()) if not order.get("issued"))
    return next((request for request in awaited if case.orders[request].get("unit") == p_number), None)


def _order(case: Case, request_id: UUID | str | None, **told: Any) -> Columns:
    """R22: what is known of one order; whichever of its facts comes first. None is an order that nobody asked for."""
    if request_id is None:
        return {}
    known = {**case.orders, str(request_id): {**case.orders.get(str(request_id), {}), **told}}
    orders_now = _with_orders(case, known)
    return orders_now | {"order_reminded_at": None} if told.get("issued") else orders_now


def _with_orders(case: Case, known: Mapping[str, Any]) -> Columns:
    asked = [order for order in known.values() if "unit" in order]
    overdue = any(order.get("overdue") and not order.get("issued") for order in asked)
    return {
        "orders": known,
        "orders_requested": len(asked),
        "orders_issued": sum(order.get("issued", False) for order in asked),
        "order_overdue_at": case.order_overdue_at if overdue else None,
    }


def _followed(case: Case, by: UUID, at: datetime) -> Columns:
    """R7, R22: the order or inspection that came of an agreement; the first one counts."""
    return {} if case.followed_by is not None else {"followed_by": by, "followed_at": at}
