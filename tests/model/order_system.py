"""The order system of the model: it issues what was asked for."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from shared.contracts import orders
from shared.contracts.orders import OrderIssued, OrderKind
from shared.deadlines.copenhagen import local_day
from shared.messaging.cloudevents import Message


def issued_order(at: datetime, agreement: str, cvr: str, unit: str, topic: str, request: str | None) -> OrderIssued:
    """On the topic of the agreement, at one of its units."""
    return OrderIssued(
        case_id=uuid4(),
        order_kind=OrderKind.WITH_DEADLINE,
        cvr=cvr,
        p_number=unit,
        topic=topic,
        issued_on=local_day(at),
        agreement_id=UUID(agreement),
        request_id=None if request is None else UUID(request),
    )


def message_of(order: OrderIssued, at: datetime) -> Message:
    """As it is published."""
    return Message(
        source=orders.SOURCE,
        stream=order.case_id,
        epoch=1,
        version=1,
        event_id=uuid4(),
        type=type(order).__name__,
        schema_version=order.schema_version,
        occurred_at=at,
        recorded_at=datetime.now(UTC),
        body=order.public_json(),
        actor=orders.SOURCE,
    )
