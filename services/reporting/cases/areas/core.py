"""What a list needs of a case: who, what, its status, what must happen next and by when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from services.reporting.cases.case_types import Audience, CaseType, Status
from services.reporting.cases.columns import ANALYSTS, DETAIL, LIST, Column
from services.reporting.cases.steps import Party, Step


@dataclass(frozen=True)
class Core:
    """The columns of the area."""

    audience: Annotated[
        Audience, Column("For whom the row is folded: the authority, or the company with what it may know of (R18).")
    ]
    case_id: Annotated[UUID, Column("The agreement, order or other case.", shown=LIST | ANALYSTS)]
    case_type: Annotated[CaseType, Column("agreement, order or other.", shown=LIST | ANALYSTS)]
    opened_at: Annotated[
        datetime,
        Column(
            "When it was offered, issued or opened.",
            of=(
                "OfferSent.sent_at",
                "OrderIssued.issued_on",
                "OtherCaseOpened.opened_on",
                "OtherCaseAnnounced.announced_on",
                "OtherCaseClosed.closed_on",
            ),
            shown=LIST | ANALYSTS,
        ),
    ]
    updated_at: Annotated[datetime, Column("Domain time of the newest fact that the audience may know of.", shown=LIST)]
    visible_version: Annotated[int, Column("How many facts of the case the audience may know of.", shown=DETAIL)] = 0
    status: Annotated[
        Status,
        Column(
            "Where the case stands, as the one view shows it.",
            of=(
                "OrderIssued",
                "OrderAppealed",
                "OrderCompliedWith",
                "OrderRevoked",
                "OtherCaseOpened",
                "OtherCaseAnnounced",
                "OtherCaseClosed",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = Status.UNKNOWN
    kind: Annotated[
        str | None,
        Column(
            "Agreement: suspicion, spread; order: immediate, with_deadline; other case: inspection, investigation ...",
            of=(
                "OfferSent.kind",
                "Accepted.kind",
                "OrderIssued.order_kind",
                "OtherCaseOpened.case_kind",
                "OtherCaseAnnounced.case_kind",
                "OtherCaseClosed.case_kind",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    cvr: Annotated[
        str | None,
        Column(
            "The legal entity, by its CVR number; null until a fact names it.",
            of=(
                "OfferSent.cvr",
                "Accepted.cvr",
                "ComplianceDeadlineSet.cvr",
                "OrderIssued.cvr",
                "OtherCaseOpened.cvr",
                "OtherCaseAnnounced.cvr",
                "OtherCaseClosed.cvr",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    p_number: Annotated[
        str | None,
        Column(
            "The production unit, by its P-number.",
            of=(
                "OfferSent.p_number",
                "Accepted.p_number",
                "ComplianceDeadlineSet.p_number",
                "OrderIssued.p_number",
                "OtherCaseOpened.p_number",
                "OtherCaseAnnounced.p_number",
                "OtherCaseClosed.p_number",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    topic: Annotated[
        str | None,
        Column(
            "Code of the topic.",
            of=(
                "OfferSent.topic",
                "Accepted.topic",
                "ComplianceDeadlineSet.topic",
                "OrderIssued.topic",
                "OtherCaseOpened.topic",
                "OtherCaseAnnounced.topic",
                "OtherCaseClosed.topic",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    problem_group: Annotated[
        str | None,
        Column(
            "Code of the problem group of the topic.",
            of=(
                "OfferSent.topic",
                "Accepted.topic",
                "ComplianceDeadlineSet.topic",
                "OrderIssued.topic",
                "OtherCaseOpened.topic",
                "OtherCaseAnnounced.topic",
                "OtherCaseClosed.topic",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    inspector: Annotated[
        str | None,
        Column(
            "Pseudonymous id of the responsible inspector.",
            of=(
                "OfferSent.inspector",
                "OfferReassigned.inspector",
                "Accepted.inspector",
                "GuidanceScheduled.inspector",
                "ComplianceDeadlineSet.inspector",
                "InspectorChanged.inspector",
                "OrderIssued.inspector",
                "OtherCaseOpened.inspector",
                "OtherCaseAnnounced.inspector",
                "OtherCaseClosed.inspector",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    centre: Annotated[
        str | None,
        Column(
            "Centre of the responsible inspector (R42): north, east, south or other; null where no fact says it.",
            of=(
                "OfferSent.centre",
                "OfferReassigned.centre",
                "InspectorChanged.centre",
                "OrderIssued.centre",
                "OtherCaseOpened.centre",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    inspection_id: Annotated[
        str | None,
        Column("The inspection that the offer arose from (R1).", of=("OfferSent.inspection_id",), shown=DETAIL),
    ] = None
    agreement_id: Annotated[
        UUID | None,
        Column(
            "The agreement that this follows from.",
            of=(
                "OfferSent.carries_over",
                "OrderIssued.agreement_id",
                "OtherCaseOpened.agreement_id",
                "OtherCaseAnnounced.agreement_id",
                "OtherCaseClosed.agreement_id",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    ended_at: Annotated[
        datetime | None,
        Column(
            "When the case ended; null while it is open.",
            of=("OrderCompliedWith.complied_on", "OrderRevoked.revoked_on", "OtherCaseClosed.closed_on"),
            shown=LIST | ANALYSTS,
        ),
    ] = None
    next_step: Annotated[Step | None, Column("What must happen next.", shown=LIST | ANALYSTS)] = None
    next_by: Annotated[
        Party | None, Column("Who must do it: company, inspector, authority or order-system.", shown=LIST | ANALYSTS)
    ] = None
    next_due: Annotated[datetime | None, Column("Until when, an exclusive end.", shown=LIST | ANALYSTS)] = None
    changed_units: Annotated[
        Mapping[str, Any],
        Column(
            "By P-number the units that are another's than the case says, or ceased: since when, and whether (R40).",
            of=(
                "OfferUnitChanged.p_number",
                "OfferUnitChanged.holds_from",
                "OfferUnitChanged.ceased",
                "OfferUnitChanged.settled",
                "AgreementUnitChanged.p_number",
                "AgreementUnitChanged.holds_from",
                "AgreementUnitChanged.ceased",
                "AgreementUnitChanged.settled",
            ),
            shown=DETAIL,
        ),
    ] = field(default_factory=dict)
    open_conflicts: Annotated[
        int,
        Column(
            "How many conflicts stand that nobody has looked into yet (R8, R41).",
            of=("AcceptanceConflictFlagged", "AcceptanceConflictEnded", "ConflictFlagged", "ConflictEnded"),
        ),
    ] = 0
    inspector_changes: Annotated[
        int,
        Column(
            "How often the responsible inspector changed.", of=("OfferReassigned", "InspectorChanged"), shown=ANALYSTS
        ),
    ] = 0
    corrections: Annotated[
        int,
        Column(
            "How often something recorded was corrected (R30).",
            of=(
                "DeliveryCorrected",
                "TimeCorrected",
                "OfferUnderstandingCorrected",
                "MeetingCorrected",
                "ControlCorrected",
            ),
            shown=DETAIL | ANALYSTS,
        ),
    ] = 0
    carried_over_to: Annotated[
        UUID | None,
        Column(
            "The agreement of the unit's new owner with which this one goes on (R40); "
            "whoever counts agreements leaves this row out.",
            of=("Terminated.carried_over_to",),
            shown=ANALYSTS,
        ),
    ] = None
    number: Annotated[
        str | None,
        Column(
            "By which people name the case: year and running number of an agreement; else its own system's number.",
            of=(
                "OfferSent.number",
                "OrderIssued.number",
                "OtherCaseOpened.number",
                "OtherCaseAnnounced.number",
                "OtherCaseClosed.number",
            ),
            shown=LIST | ANALYSTS,
        ),
    ] = None
