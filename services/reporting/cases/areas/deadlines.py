"""The dates that a case runs to, and why they are what they are (R3, R10, R13, R17, R22, R27)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from services.reporting.cases.columns import ANALYSTS, DETAIL, Column
from shared.eventstore.events import Origin


@dataclass(frozen=True)
class Deadlines:
    """The columns of the area."""

    period_months: Annotated[
        int | None,
        Column(
            "The compliance period that was offered, in months.",
            of=("OfferSent.period_months", "Accepted.period_months"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    deadlines: Annotated[
        Mapping[str, Any],
        Column(
            "By name, each with its anchor, rule, policy and skipped days (R27).",
            of=(
                "OfferDelivered.response_deadline",
                "DeliveryCorrected.response_deadline",
                "ResponseDeadlineRecounted.response_deadline",
                "GuidanceScheduled.due",
                "GuidanceDueRecounted.due",
                "ComplianceDeadlineSet.compliance_deadline",
                "ComplianceDeadlineSet.control_window",
                "ExtensionGranted.compliance_deadline",
                "ExtensionGranted.control_window",
                "ComplianceDeadlineRecounted.compliance_deadline",
                "ComplianceDeadlineRecounted.control_window",
                "ControlWindowRecounted.control_window",
                "DocumentationReceived.control_window",
                "ControlBooked.window",
                "DecisionRevoked",
                "HearingOpened.answer_deadline",
                "HearingDeadlineRecounted.answer_deadline",
            ),
            shown=DETAIL,
        ),
    ] = field(default_factory=dict)
    extension_requested_at: Annotated[
        datetime | None,
        Column(
            "When a longer deadline was asked for; null unless an answer is awaited (R13).",
            of=("ExtensionRequested.requested_at", "ExtensionGranted", "ExtensionRefused"),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
    extensions: Annotated[
        int, Column("How often the deadline was extended.", of=("ExtensionGranted",), shown=DETAIL | ANALYSTS)
    ] = 0
    origin: Annotated[
        Origin,
        Column(
            "Where the case comes from: live, imported or replayed; one that is not live is history.",
            shown=DETAIL | ANALYSTS,
        ),
    ] = Origin.LIVE
    live_from: Annotated[
        datetime | None,
        Column(
            "From when on a case that was history goes on here; null until it is taken over (R28).",
            of=("CaseTakenOver.live_from",),
            shown=DETAIL | ANALYSTS,
        ),
    ] = None
