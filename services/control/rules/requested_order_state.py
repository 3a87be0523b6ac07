"""State of the requested orders, and how facts change it (R7, R22)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.control import (
    OrderIssueNoted,
    OrderRequestOverdue,
    OrderRequestReminded,
    OrderRequestResent,
    OrderRequestWithdrawn,
)
from shared.contracts.public_forms import OrderRequested
from shared.eventstore.events import Event


@dataclass(frozen=True)
class RequestedOrder:
    """R7, R22: a requested order, until the order system has issued it."""

    request: OrderRequested
    sent_at: datetime
    """When the order was requested last."""
    remind_at: datetime | None = None
    overdue_at: datetime | None = None
    reminded: bool = False
    overdue: bool = False
    issued_as: UUID | None = None
    """Id of the order's case in the order system, once it is issued."""


def orders_after(orders: tuple[RequestedOrder, ...], event: Event) -> tuple[RequestedOrder, ...]:
    """Returns the requested orders after a fact; facts that concern no order change nothing."""
    match event:
        case OrderRequested():
            return (*orders, RequestedOrder(event, event.requested_at, event.remind_at, event.overdue_at))
        case OrderRequestReminded():
            return _changed(orders, event.request_id, reminded=True)
        case OrderRequestOverdue():
            return _changed(orders, event.request_id, overdue=True)
        case OrderRequestResent():
            return _changed(
                orders,
                event.request_id,
                sent_at=event.resent_at,
                remind_at=event.remind_at,
                overdue_at=event.overdue_at,
                reminded=False,
                overdue=False,
            )
        case OrderRequestWithdrawn():
            return tuple(one for one in orders if one.request.request_id != event.request_id)
        case OrderIssueNoted():
            return _changed(orders, event.request_id, issued_as=event.order_case_id)
        case _:
            return orders


def _changed(orders: tuple[RequestedOrder, ...], request_id: UUID, **changes: Any) -> tuple[RequestedOrder, ...]:
    return tuple(replace(one, **changes) if one.request.request_id == request_id else one for one in orders)
