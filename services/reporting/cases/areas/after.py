"""How an agreement ended, and what comes of it: hearing, orders, inspection, follow-up (R7, R14, R20-R24)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column


@dataclass(frozen=True)
class After:
    """The columns of the area."""

    fulfilled_at: Annotated[
        datetime | None,
        Column(
            "When the agreement was found to be kept.",
            of=("DecisionRevoked", "Fulfilled.fulfilled_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    breached_at: Annotated[
        datetime | None,
        Column(
            "When it was found to be breached.", of=("DecisionRevoked", "Breached.breached_at"), shown=DETAIL | ANALYSTS
        ),
    ] = None
    terminated_at: Annotated[
        datetime | None,
        Column(
            "When the agreement was terminated (R14).",
            of=("AcceptanceAnnulled.annulled_at", "Terminated.terminated_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    terminated_by: Annotated[
        str | None,
        Column(
            "By whom: the company or the authority.",
            of=("AcceptanceAnnulled", "Terminated.by"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    termination_reason: Annotated[
        str | None, Column("Coded reason of the termination.", of=("Terminated.reason",), shown=DETAIL | ANALYSTS)
    ] = None
    hearing_opened_at: Annotated[
        datetime | None,
        Column(
            "When the company was asked for its comments (R22).",
            of=("DecisionRevoked", "HearingOpened.opened_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    hearing_ended_at: Annotated[
        datetime | None,
        Column(
            "When that hearing ended.",
            of=("DecisionRevoked", "HearingOpened", "HearingAnswered.answered_at", "HearingExpired.at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    order_requested_at: Annotated[
        datetime | None,
        Column(
            "When an order was asked for.",
            of=("DecisionRevoked", "OrderRequested.requested_at"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    orders: Annotated[
        Mapping[str, Any],
        Column(
            "By request the order that was asked for: at which unit, whether overdue, whether issued (R22).",
            of=(
                "DecisionRevoked",
                "OrderRequested.request_id",
                "OrderRequested.p_number",
                "OrderRequestOverdue.request_id",
                "OrderRequestResent.request_id",
                "OrderRequestWithdrawn.request_id",
                "OrderIssueNoted.request_id",
                "OrderIssued.request_id",
                "OrderIssued.p_number",
            ),
        ),
    ] = field(default_factory=dict)
    orders_requested: Annotated[
        int,
        Column(
            "How many orders were asked for (R7, R22).",
            of=(
                "DecisionRevoked",
                "OrderRequested",
                "OrderRequestOverdue",
                "OrderRequestResent",
                "OrderRequestWithdrawn",
                "OrderIssueNoted",
                "OrderIssued",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    orders_issued: Annotated[
        int,
        Column(
            "How many of them were issued.",
            of=(
                "DecisionRevoked",
                "OrderRequested",
                "OrderRequestOverdue",
                "OrderRequestResent",
                "OrderRequestWithdrawn",
                "OrderIssueNoted",
                "OrderIssued",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    order_reminded_at: Annotated[
        datetime | None,
        Column(
            "When the order system was reminded.",
            of=("DecisionRevoked", "OrderRequestReminded.at", "OrderRequestResent", "OrderIssueNoted", "OrderIssued"),
            shown=ANALYSTS,
        ),
    ] = None
    order_overdue_at: Annotated[
        datetime | None,
        Column(
            "When an order was overdue.",
            of=(
                "DecisionRevoked",
                "OrderRequested",
                "OrderRequestOverdue.at",
                "OrderRequestResent",
                "OrderRequestWithdrawn",
                "OrderIssueNoted",
                "OrderIssued",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    new_inspection_day: Annotated[
        date | None,
        Column(
            "The day of the inspection after a no (R7).",
            of=("NewInspectionBooked.day", "InvestigationConcluded"),
            shown=ANALYSTS,
        ),
    ] = None
    investigation_outcome: Annotated[
        str | None,
        Column("What an investigation led to.", of=("InvestigationConcluded.outcome",), shown=DETAIL | ANALYSTS),
    ] = None
    investigation_concluded_at: Annotated[
        datetime | None,
        Column("When the investigation was concluded.", of=("InvestigationConcluded.held_at",), shown=ANALYSTS),
    ] = None
    followed_by: Annotated[
        UUID | None,
        Column(
            "The order or other case that came of the agreement (R7, R22).",
            of=(
                "OfferSent.agreement_id",
                "OrderIssued.case_id",
                "OtherCaseOpened.case_id",
                "OtherCaseAnnounced.case_id",
                "OtherCaseClosed.case_id",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    followed_at: Annotated[
        datetime | None,
        Column(
            "When the order or other case that followed was opened.",
            of=(
                "OfferSent.sent_at",
                "OrderIssued.issued_on",
                "OtherCaseOpened.opened_on",
                "OtherCaseAnnounced.announced_on",
                "OtherCaseClosed.closed_on",
            ),
            shown=ANALYSTS,
        ),
    ] = None
    follow_up_on: Annotated[
        date | None,
        Column(
            "The day for which follow-up is planned (R24).",
            of=("DecisionRevoked", "Fulfilled.follow_up_on"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    follow_up_fell_due_at: Annotated[
        datetime | None, Column("When follow-up fell due (R24).", of=("DecisionRevoked", "FollowUpFellDue.at"))
    ] = None
    follow_up_held_at: Annotated[
        datetime | None, Column("When follow-up was held.", of=("FollowUpHeld.held_at",), shown=DETAIL | ANALYSTS)
    ] = None
    follow_up_minutes: Annotated[
        int | None, Column("Minutes of follow-up.", of=("FollowUpHeld.minutes_spent",), shown=ANALYSTS)
    ] = None
