"""How an agreement's row changes once it is decided, or was not accepted: hearing, orders, follow-up (R7, R20-R25)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.reporting.agreement_control import without_booking
from services.reporting.case import Case, changed, with_deadline
from services.reporting.folds import Folds
from services.reporting.time_spent import spent
from shared.contracts import control, offers, orders
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import WorkPhase
from shared.deadlines.copenhagen import start_of

fold = Folds[Case]()


@fold.on
def _fulfilled(case: Case, event: control.Fulfilled) -> Case:
    """R20, R24."""
    return changed(over(case), fulfilled_at=event.fulfilled_at, follow_up_on=event.follow_up_on)


@fold.on
def _breached(case: Case, event: control.Breached) -> Case:
    """R20, R22."""
    return changed(over(case), breached_at=event.breached_at)


@fold.on
def _revoked(case: Case, event: control.DecisionRevoked) -> Case:
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


@fold.on
def _hearing_opened(case: Case, event: control.HearingOpened) -> Case:
    """R22."""
    opened = changed(case, hearing_opened_at=event.opened_at, hearing_ended_at=None)
    return with_deadline(opened, "hearing", event.answer_deadline)


@fold.on
def _hearing_answered(case: Case, event: control.HearingAnswered) -> Case:
    """R22."""
    return changed(case, hearing_ended_at=event.answered_at)


@fold.on
def _hearing_expired(case: Case, event: control.HearingExpired) -> Case:
    """R22."""
    return changed(case, hearing_ended_at=event.at)


@fold.on
def _follow_up_fell_due(case: Case, event: control.FollowUpFellDue) -> Case:
    """R24."""
    return changed(case, follow_up_fell_due_at=event.at)


@fold.on
def _follow_up_held(case: Case, event: control.FollowUpHeld) -> Case:
    """R24, R39."""
    held = changed(
        case,
        follow_up_held_at=event.held_at,
        follow_up_minutes=event.minutes_spent,
        spread_further=case.spread_further if event.spread_further is None else event.spread_further,
    )
    return spent(held, WorkPhase.CONTROL, event.minutes_spent)


@fold.on
def _order_issued(case: Case, event: orders.OrderIssued) -> Case:
    """R7, R22: an order that came of this agreement."""
    followed = _followed(case, event.case_id, start_of(event.issued_on))
    return _order(followed, event.request_id or _awaited_at(case, event.p_number), issued=True)


@fold.on
def _other_case_opened(case: Case, event: orders.OtherCaseOpened) -> Case:
    """R7: an inspection that came of this agreement."""
    return _followed(case, event.case_id, start_of(event.opened_on))


@fold.on
def _offer_that_follows(case: Case, event: offers.OfferSent) -> Case:
    """R2, R7: an offer that follows from this agreement."""
    return _followed(case, event.agreement_id, event.sent_at) if event.follows == case.case_id else case


@fold.on
def _order_requested(case: Case, event: control.OrderRequested) -> Case:
    """R7, R22."""
    return _order(changed(case, order_requested_at=event.requested_at), event.request_id, unit=event.p_number)


@fold.on
def _order_reminded(case: Case, event: control.OrderRequestReminded) -> Case:
    """R22."""
    return changed(case, order_reminded_at=event.at)


@fold.on
def _order_overdue(case: Case, event: control.OrderRequestOverdue) -> Case:
    """R22."""
    return _order(changed(case, order_overdue_at=event.at), event.request_id, overdue=True)


@fold.on
def _order_asked_again(case: Case, event: control.OrderRequestResent) -> Case:
    """R22."""
    return _order(changed(case, order_reminded_at=None), event.request_id, overdue=False)


@fold.on
def _order_request_withdrawn(case: Case, event: control.OrderRequestWithdrawn) -> Case:
    """R22."""
    withdrawn = str(event.request_id)
    return _with_orders(case, {request: order for request, order in case.orders.items() if request != withdrawn})


@fold.on
def _order_issue_noted(case: Case, event: control.OrderIssueNoted) -> Case:
    """R22."""
    return _order(case, event.request_id, issued=True)


@fold.on
def _new_inspection_booked(case: Case, event: control.NewInspectionBooked) -> Case:
    """R7."""
    return changed(case, new_inspection_day=event.day)


@fold.on
def _investigation_concluded(case: Case, event: control.InvestigationConcluded) -> Case:
    """R7."""
    concluded = changed(
        case,
        new_inspection_day=None,
        investigation_outcome=event.outcome,
        investigation_concluded_at=event.held_at,
    )
    return spent(concluded, WorkPhase.INVESTIGATION, event.minutes_spent)


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


def _followed(case: Case, by: UUID, at: datetime) -> Case:
    """R7, R22: the order or inspection that came of an agreement; the first one counts."""
    return case if case.followed_by is not None else changed(case, followed_by=by, followed_at=at)
