"""What only orders and cases of other systems have (R25, R26)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column


@dataclass(frozen=True)
class Order:
    """The columns of the area."""

    order_deadline: Annotated[
        date | None,
        Column(
            "The deadline of an order.",
            of=("OrderIssued.deadline", "OrderDeadlineMoved.deadline"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    appealed_at: Annotated[
        datetime | None,
        Column("When an order was appealed.", of=("OrderAppealed.appealed_on",), shown=DETAIL | ANALYSTS),
    ] = None
    suspended: Annotated[
        bool,
        Column(
            "Whether an order is suspended by an appeal in time (R25).",
            of=("OrderAppealed.suspends", "OrderCompliedWith", "OrderRevoked"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = False
    unknown_codes: Annotated[
        Mapping[str, Any],
        Column(
            "Codes of the case that the reference data does not know, by field.",
            of=(
                "OrderIssued.cvr",
                "OrderIssued.topic",
                "OtherCaseOpened.cvr",
                "OtherCaseOpened.topic",
                "OtherCaseAnnounced.cvr",
                "OtherCaseAnnounced.topic",
                "OtherCaseClosed.cvr",
                "OtherCaseClosed.topic",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = field(default_factory=dict)
