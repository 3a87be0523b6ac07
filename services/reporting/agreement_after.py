"""How an agreement's row changes once it is decided, or was not accepted: hearing, orders, follow-up (R7, R20-R25)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.reporting.agreement_control import without_booking
from services.reporting.case import Case, changed, with_deadline
from services.reporting.time_spent import spent
from shared.contracts import control, offers, orders
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import WorkPhase
from shared.deadlines.copenhagen import start_of
from shared.kernel.events import Event


def fold(case: Case, event: Event) -> Case:
    """The row after one more fact of what follows."""
    match event:
        case control.Fulfilled():
            ended = over(case)
            return changed(ended, fulfilled_at=event.fulfilled_at, follow_up_on=event.follow_up_on)
        case control.Breached():
            return changed(over(case), breached_at=event.breached_at)
        case control.DecisionRevoked():
            return _revoked(case)
        case control.HearingOpened():
            opened = changed(case, hearing_opened_at=event.opened_at, hearing_ended_at=None)
            return with_deadline(opened, "hearing", event.answer_deadline)
        case control.HearingAnswered():
            return changed(case, hearing_ended_at=event.answered_at)
        case control.HearingExpired():
            return changed(case, hearing_ended_at=event.at)
        case control.FollowUpFellDue():
            return changed(case, follow_up_fell_due_at=event.at)
        case control.FollowUpHeld():
            held = changed(
                case,
                follow_up_held_at=event.held_at,
                follow_up_minutes=event.minutes_spent,
                spread_further=case.spread_further if event.spread_further is None else event.spread_further,
            )
            return spent(held, WorkPhase.CONTROL, event.minutes_spent)
        case orders.OrderIssued():
            followed = _followed(case, event.case_id, start_of(event.issued_on))
            return _order(followed, event.request_id or _awaited_at(case, event.p_number), issued=True)
        case orders.OtherCaseOpened():
            return _followed(case, event.case_id, start_of(event.opened_on))
        case offers.OfferSent() if event.follows == case.case_id:
            return _followed(case, event.agreement_id, event.sent_at)
    return _ordered(case, event)


def _ordered(case: Case, event: Event) -> Case:
    """R7, R22: orders that were asked for, and the inspection after a no."""
    match event:
        case control.OrderRequested():
            return _order(changed(case, order_requested_at=event.requested_at), event.request_id, unit=event.p_number)
        case control.OrderRequestReminded():
            return changed(case, order_reminded_at=event.at)
        case control.OrderRequestOverdue():
            return _order(changed(case, order_overdue_at=event.at), event.request_id, overdue=True)
        case control.OrderRequestResent():
            return _order(changed(case, order_reminded_at=None), event.request_id, overdue=False)
        case control.OrderRequestWithdrawn():
            standing = {request: order for request, order in case.orders.items() if request != str(event.request_id)}
            return _with_orders(case, standing)
        case control.OrderIssueNoted():
            return _order(case, event.request_id, issued=True)
        case control.NewInspectionBooked():
            return changed(case, new_inspection_day=event.day)
        case control.InvestigationConcluded():
            concluded = changed(
                case,
                new_inspection_day=None,
                investigation_outcome=event.outcome,
                investigation_concluded_at=event.held_at,
            )
            return spent(concluded, WorkPhase.INVESTIGATION, event.minutes_spent)
    return case


def _awaited_at(case: Case, p_number: str) -> str | None:
    """R22: the order system may name the agreement and the unit alone."""
    awaited = (request for request, order in case.orders.items() if not order.get("issued"))
    return next((request for request in awaited if case.orders[request].get("unit") == p_number), None)


def _order(case: Case, request_id: UUID | str | None, **told: Any) -> Case:
    """R22: what is known of one order; whichever of its facts comes first. None is an order that nobody asked for."""
    if request_id is None:
        return case
    known = {**case.orders, str(request_id): {**case.orders.get(str(request_id), {}), **told}}
    case = _with_orders(case, known)
    return changed(case, order_reminded_at=None) if told.get("issued") else case


def _with_orders(case: Case, known: Mapping[str, Any]) -> Case:
    asked = [order for order in known.values() if "unit" in order]
    overdue = any(order.get("overdue") and not order.get("issued") for order in asked)
    return changed(
        case,
        orders=known,
        orders_requested=len(asked),
        orders_issued=sum(order.get("issued", False) for order in asked),
        order_overdue_at=case.order_overdue_at if overdue else None,
    )


def over(case: Case) -> Case:
    """Nothing is booked or due any more; the row goes on naming the day of the control that decided."""
    return changed(case, bookings={}, guidance_stands=GuidanceStands.CLOSED)


def _revoked(case: Case) -> Case:
    """R30: the agreement runs again; what was decided stays in the history of its statuses."""
    deadlines = {name: deadline for name, deadline in case.deadlines.items() if name != "hearing"}
    return changed(
        without_booking(case),
        fulfilled_at=None,
        breached_at=None,
        follow_up_on=None,
        follow_up_fell_due_at=None,
        hearing_opened_at=None,
        hearing_ended_at=None,
        order_requested_at=None,
        orders={},
        orders_requested=0,
        orders_issued=0,
        order_reminded_at=None,
        order_overdue_at=None,
        deadlines=deadlines,
    )


def _followed(case: Case, by: UUID, at: datetime) -> Case:
    """R7, R22: the order or inspection that came of an agreement; the first one counts."""
    return case if case.followed_by is not None else changed(case, followed_by=by, followed_at=at)
