"""Follows a requested order until it is issued: reminds, marks it overdue, requests it again (R7, R22, R25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.control.rules.phases import AfterNo, Broken
from services.control.rules.requested_order_state import RequestedOrder
from shared.contracts.control import (
    ComplianceDeadlineSet,
    OfferNotAcceptedNoted,
    OrderIssueNoted,
    OrderRequested,
    OrderRequestOverdue,
    OrderRequestReminded,
    OrderRequestResent,
    OrderRequestWithdrawn,
)
from shared.deadlines.deadlines import order_overdue_at, order_reminder_at
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class OrderTimer(StrEnum):
    """Prefixes of the names of the timers of a requested order; the request's id follows."""

    REMINDER = "order-reminder:"
    OVERDUE = "order-overdue:"


REMINDER = OrderTimer.REMINDER
OVERDUE = OrderTimer.OVERDUE


@dataclass(frozen=True)
class ResendOrderRequest:
    """The order is requested again, under the same id."""

    at: datetime
    policy: Policy
    request_id: UUID
    by: str


@dataclass(frozen=True)
class NoteOrderIssued:
    """Reaction: the order system has issued an order that names the agreement."""

    at: datetime
    request_id: UUID | None
    """None if the order system names only the agreement."""
    case_id: UUID
    p_number: str


Matter = ComplianceDeadlineSet | OfferNotAcceptedNoted
"""What an order is requested for: an agreement, or an offer that was not accepted."""


def requested(
    matter: Matter,
    p_number: str,
    *,
    request_id: UUID,
    by: str,
    rule: str,
    reasons: str | None,
    at: datetime,
    policy: Policy,
    control_ids: tuple[UUID, ...] = (),
) -> OrderRequested:
    """R7, R22: returns the request of an order with deadline on the topic for one unit, and when to ask about it."""
    return OrderRequested(
        agreement_id=matter.agreement_id,
        request_id=request_id,
        cvr=matter.cvr,
        p_number=p_number,
        topic=matter.topic,
        requested_at=at,
        requested_by=by,
        rule=rule,
        remind_at=order_reminder_at(at, policy),
        overdue_at=order_overdue_at(at, policy),
        control_ids=control_ids,
        reasons=reasons,
    )


def timers(orders: Sequence[RequestedOrder]) -> dict[str, datetime]:
    """R22: returns the timers of every requested order that is not issued yet: reminder and overdue."""
    wanted: dict[str, datetime] = {}
    for order in orders:
        if order.issued_as is not None:
            continue
        if order.remind_at is not None and not order.reminded:
            wanted[f"{REMINDER}{order.request.request_id}"] = order.remind_at
        if order.overdue_at is not None and not order.overdue:
            wanted[f"{OVERDUE}{order.request.request_id}"] = order.overdue_at
    return wanted


def fall_due(state: Broken | AfterNo, timer: TimerDue) -> Sequence[Event]:
    """R22: reminds the order system of a request; at the second timer marks it overdue, for somebody to look into."""
    kind, _, request_id = timer.name.partition(":")
    name = OrderTimer(f"{kind}:")
    match name:
        case OrderTimer.REMINDER:
            return (OrderRequestReminded(agreement_id=_agreement(state), request_id=UUID(request_id), at=timer.at),)
        case OrderTimer.OVERDUE:
            return (OrderRequestOverdue(agreement_id=_agreement(state), request_id=UUID(request_id), at=timer.at),)
        case _:
            assert_never(name)


def resend(rule: str, state: Broken | AfterNo, command: ResendOrderRequest) -> OrderRequestResent:
    """R7, R22: requests an order again that is not issued yet.

    Refuses an unknown or issued order, by the rule by which it was requested.
    """
    order = next((one for one in state.orders if one.request.request_id == command.request_id), None)
    if order is None:
        raise Refused(rule, "order {request_id} was not asked for", request_id=command.request_id)
    if order.issued_as is not None:
        raise Refused(rule, "the order is issued, as case {case_id}", case_id=order.issued_as)
    return OrderRequestResent(
        agreement_id=_agreement(state),
        request_id=command.request_id,
        resent_at=command.at,
        resent_by=command.by,
        remind_at=order_reminder_at(command.at, command.policy),
        overdue_at=order_overdue_at(command.at, command.policy),
    )


def withdraw(broken: Broken, *, at: datetime, by: str) -> tuple[OrderRequestWithdrawn, ...]:
    """R22, R30: withdraws every requested order that is not issued.

    The order system must not act on a request that rested on a mistake.
    """
    return tuple(
        OrderRequestWithdrawn(
            agreement_id=_agreement(broken), request_id=order.request.request_id, withdrawn_at=at, withdrawn_by=by
        )
        for order in broken.orders
        if order.issued_as is None
    )


def note_issued(state: Broken | AfterNo, command: NoteOrderIssued) -> Sequence[Event]:
    """R22, R25: notes that a requested order was issued, found by the request's id or else by its unit.

    Ignores an order that this service did not request.
    """
    waiting = [one for one in state.orders if one.issued_as is None]
    issued = next((one for one in waiting if _answers(command, one)), None)
    if issued is None:
        return ()
    return (
        OrderIssueNoted(
            agreement_id=_agreement(state),
            request_id=issued.request.request_id,
            order_case_id=command.case_id,
            noted_at=command.at,
        ),
    )


def _answers(command: NoteOrderIssued, order: RequestedOrder) -> bool:
    if command.request_id is not None:
        return order.request.request_id == command.request_id
    return order.request.p_number == command.p_number


def _agreement(state: Broken | AfterNo) -> UUID:
    return state.noted.agreement_id if isinstance(state, AfterNo) else state.course.started.agreement_id
