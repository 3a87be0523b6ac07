"""What follows a no, and the orders that were asked for, as the authority sees them (R7, R22)."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.control.http.places_view import HoursView
from services.control.http.reasons_view import InspectorChangeView, UnitChangeView, inspector_changes, unit_changes
from services.control.rules.phases import AfterNo
from services.control.rules.requested_order_state import RequestedOrder
from shared.contracts.control import InvestigationConcluded, NewInspectionBooked, OrderRequested
from shared.contracts.vocabulary import AgreementKind, InvestigationOutcome
from shared.eventstore.events import Event, Recorded


class OrderView(BaseModel):
    """R7, R22: an order that was asked for."""

    request_id: UUID
    p_number: str
    requested_at: datetime
    reasons: str | None
    control_ids: tuple[UUID, ...] = ()
    """R22: the controls at the unit that found the violation; none after a no."""
    issued_as: UUID | None
    """Its case in the order system, once it is known to be issued."""


class NewInspectionView(BaseModel):
    """R7: the inspection that resumes the investigation."""

    inspection_id: UUID
    day: date
    late_reason: str | None = None
    """Code of the reason where no day within the policy's days after the no was chosen."""
    hours: HoursView | None = None
    """R17: from when to when it stands in the inspector's calendar."""


class AfterNoView(BaseModel):
    """R7: what follows a no; the authority's to see."""

    agreement_id: UUID
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    """R15: who is responsible now."""
    how: str
    """`declined` or `lapsed`."""
    new_inspection: NewInspectionView | None
    """The booked one."""
    outcome: InvestigationOutcome | None
    findings: str | None
    orders: list[OrderView]
    inspector_changes: list[InspectorChangeView]
    unit_changes: list[UnitChangeView] = []
    """R40: what became of the unit meanwhile; no inspection books itself there until it is settled."""


def view_after_no(state: AfterNo, recorded: list[Recorded]) -> AfterNoView:
    """Returns what follows an offer that was not accepted, from the facts that the asker may see."""
    events = [one.event for one in recorded]
    noted, booking = state.noted, state.booking
    concluded = next((event for event in events if isinstance(event, InvestigationConcluded)), None)
    return AfterNoView(
        agreement_id=noted.agreement_id,
        kind=noted.kind,
        cvr=noted.cvr,
        p_number=noted.p_number,
        topic=noted.topic,
        inspector=state.inspector,
        how=noted.how,
        new_inspection=_inspection_view(booking) if booking else None,
        outcome=concluded.outcome if concluded else None,
        findings=concluded.findings if concluded else None,
        orders=orders_view(state.orders, events),
        inspector_changes=inspector_changes(events),
        unit_changes=unit_changes(events),
    )


def _inspection_view(booking: NewInspectionBooked) -> NewInspectionView:
    return NewInspectionView.model_validate({**booking.model_dump(), "hours": HoursView.of(booking)})


def orders_view(orders: Iterable[RequestedOrder], events: Iterable[Event]) -> list[OrderView]:
    """Returns the requested orders, with their reasons where the asker may read them."""
    reasons = {event.request_id: event.reasons for event in events if isinstance(event, OrderRequested)}
    return [
        OrderView(
            request_id=order.request.request_id,
            p_number=order.request.p_number,
            requested_at=order.request.requested_at,
            reasons=reasons.get(order.request.request_id),
            control_ids=order.request.control_ids,
            issued_as=order.issued_as,
        )
        for order in orders
    ]
