"""What reporting answers over HTTP."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.reporting.cases.case_types import CaseType, Status
from services.reporting.cases.links import LinkKind
from services.reporting.cases.steps import Party, Step, TaskKind
from services.reporting.view.queries import Found
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import Centre, ContactForm, ControlOutcome, MakesRoom, MeasureUse, PlanCause
from shared.deadlines.deadline import Deadline
from shared.eventstore.events import Origin

NO_DECISION_DA = (
    "En aftale er frivillig. Den er ikke en afgørelse eller et påbud, og den påvirker ikke virksomhedens smiley."
)
NextPage = Annotated[str | None, Field(description="Asks for the next page; null on the last.")]
NO_DECISION_EN = "An agreement is voluntary. It is neither a decision nor an order, and it does not affect the smiley."


STEPS = (
    "offer_to_answer",
    "acceptance_to_guidance",
    "acceptance_to_documentation",
    "documentation_to_control",
    "acceptance_to_control",
    "breach_to_order_request",
)


class Notice(BaseModel):
    """R23: the notice beside an agreement, which says what it must not be taken for."""

    da: str = NO_DECISION_DA
    en: str = NO_DECISION_EN


class NextStep(BaseModel):
    """What must happen next (R26)."""

    step: Annotated[Step, Field(description="Code of the step.")]
    by: Annotated[Party, Field(description="Who must take it.")]
    due: Annotated[
        datetime | None, Field(description="By when: an exclusive end, UTC; null where nothing sets a date.")
    ]


class ExplainedDeadline(BaseModel):
    """R27: a deadline with why it is what it is."""

    name: Annotated[str, Field(description="response, guidance, compliance, control_window or hearing.")]
    deadline: Deadline
    explanation_da: str
    explanation_en: str


class CaseItem(BaseModel):
    """A case as a list shows it."""

    case_id: UUID
    case_type: CaseType
    number: Annotated[
        str | None,
        Field(description="By which people name the case: an agreement's year and running number; else its system's."),
    ] = None
    kind: Annotated[str | None, Field(description="suspicion or spread; of an order or other case, its own kind.")]
    status: Status
    cvr: Annotated[str | None, Field(description="The legal entity, as it was when the case was opened.")]
    p_number: str | None
    topic: Annotated[str | None, Field(description="Three-digit code of the working environment problem.")]
    problem_group: str | None
    industry: Annotated[str | None, Field(description="The unit's industry when the case was opened.")]
    sector: str | None
    size_class: str | None
    postcode: str | None
    address: str | None
    inspector: Annotated[str | None, Field(description="Pseudonymous id of the responsible inspector.")]
    centre: Annotated[
        Centre | None,
        Field(description="R42: of the responsible inspector; null where no fact says it, and in front of a company."),
    ] = None
    agreement_id: Annotated[
        UUID | None, Field(description="The agreement that an order, other case or agreement follows from.")
    ]
    opened_at: Annotated[datetime, Field(description="When it was offered, issued or opened, UTC.")]
    ended_at: datetime | None
    next: Annotated[NextStep | None, Field(description="Null where nothing more must happen.")]
    in_conflict: Annotated[bool, Field(description="R8, R41: a conflict with another case stands; see `conflicts`.")]
    updated_at: Annotated[datetime, Field(description="Domain time of the newest fact that the asker may know of.")]

    @classmethod
    def of(cls, row: Found) -> Self:
        return cls.model_validate({**row, "next": _next(row)})


class CaseList(BaseModel):
    """One page of cases, newest first."""

    cases: list[CaseItem]
    counts: Annotated[dict[Status, int], Field(description="Cases per status in the whole list, not only this page.")]
    next_cursor: Annotated[str | None, Field(description="Asks for the next page; null on the last.")]
    notice: Notice = Notice()


class TimelineEntry(BaseModel):
    """One fact of a case."""

    number: Annotated[int, Field(description="1 for the first that the asker may know of, dense.")]
    type: Annotated[str, Field(description="Name of the fact, see the services' contracts.")]
    occurred_at: datetime
    actor: Annotated[str, Field(description="Pseudonymous id of who or what acted.")]
    on_behalf_of: Annotated[
        str | None, Field(description="A company's CVR, or the inspector for whom somebody stood in (R30).")
    ]
    policy: str | None
    origin: Annotated[Origin, Field(description="Where the fact comes from.")]
    data: Annotated[
        dict[str, Any], Field(description="Ids, codes, dates and numbers; texts are with the owning service.")
    ]

    @classmethod
    def of(cls, row: Found | Mapping[str, Any]) -> Self:
        return cls.model_validate({**row, "data": json.loads(row["data"])})


class MeasureItem(BaseModel):
    """What the company did, and whether it was seen in use (R16, R35)."""

    measure_id: UUID
    kind: str | None
    ladder_level: int | None
    psychosocial_level: int | None
    reported_at: datetime | None
    verified: bool | None
    control_use: MeasureUse | None
    control_non_use_reason: str | None
    follow_up_use: MeasureUse | None
    follow_up_non_use_reason: str | None
    beyond_agreement: Annotated[bool, Field(description="R39: added beyond the agreement.")]
    carried_on: Annotated[bool, Field(description="R39: carried on to other departments.")]


class PlaceItem(BaseModel):
    """What is owed and was found at one place of an agreement (R10, R19, R20)."""

    place_id: UUID
    p_number: str | None
    is_department: bool
    sampled: Annotated[bool | None, Field(description="To be controlled; null in front of a company.")]
    documentation_parts: int
    measures: int
    control_day: Annotated[date | None, Field(description="Of the booked control that the asker may know of (R18).")]
    planned_on: Annotated[
        date | None,
        Field(
            description="R17: the day on which a control that is not booked yet stands in the inspector's calendar; "
            "null in front of a company (R18)."
        ),
    ]
    control_held_at: datetime | None
    outcome: ControlOutcome | None
    breached: bool


class ChangedUnit(BaseModel):
    """R40: a unit of the case that has another legal entity now, or ceased; the inspector decides what follows."""

    p_number: str
    since: Annotated[date, Field(description="The day from which the register's fact holds.")]
    ceased: bool


class MissingPlace(BaseModel):
    """R7, R17: that no day was found for the control of a place, or for the inspection after a no."""

    place_id: UUID
    since: Annotated[datetime, Field(description="When no day was found for the first time.")]
    last_day: Annotated[date, Field(description="The last day of the window.")]
    again_at: Annotated[datetime, Field(description="When a day is looked for again, if no calendar changes before.")]
    cause: Annotated[
        PlanCause | None, Field(description="R27: why a day was looked for; null for the inspection after a no.")
    ]
    would_make_room: Annotated[list[MakesRoom], Field(description="Codes of what would make room.")]
    late_too: Annotated[bool, Field(description="Days after the window were tried as well, for more than a year.")]


class ConflictItem(BaseModel):
    """R8, R41: another case that the authority has found in conflict with this one."""

    case_id: Annotated[UUID, Field(description="The other case.")]
    kind: Annotated[
        LinkKind,
        Field(description="An order on the topic, another agreement on it, or the breach behind a quarantine."),
    ]
    since: Annotated[datetime, Field(description="When it was flagged.")]
    ended_at: Annotated[datetime | None, Field(description="When either case ended; null while the conflict lasts.")]


class Timeline(BaseModel):
    """A page of what happened in a case, the first fact first."""

    timeline: list[TimelineEntry]
    next_cursor: NextPage = None


class RelatedCases(BaseModel):
    """One page of the cases that belong together with a case, oldest first."""

    related: list[CaseItem]
    next_cursor: NextPage = None


class Conflicts(BaseModel):
    """R8, R41: a page of the cases with which one is in conflict, or was."""

    conflicts: list[ConflictItem]
    next_cursor: NextPage = None


class CaseCursors(BaseModel):
    """Where the lists of a case go on that are longer than its own answer has them."""

    timeline: Annotated[str | None, Field(description="For `/v1/cases/{case_id}/timeline`; null: all is here.")] = None
    related: Annotated[str | None, Field(description="For `/v1/cases/{case_id}/related`; null: all is here.")] = None
    conflicts: Annotated[str | None, Field(description="For `/v1/cases/{case_id}/conflicts`; null: all is here.")] = (
        None
    )


class CaseDetail(CaseItem):
    """A case with its dates, deadlines, measures, what hangs together with it, and its timeline."""

    inspection_id: str | None
    followed_by: Annotated[UUID | None, Field(description="The order or other case that came of it (R7, R22).")]
    period_months: int | None
    delivered_at: datetime | None
    accepted_at: datetime | None
    declined_at: datetime | None
    lapsed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_rule: str | None
    guidance_stands: Annotated[GuidanceStands | None, Field(description="R12: null before the agreement runs.")]
    guidance_in_time: Annotated[
        bool | None,
        Field(description="R12: offered before its due day was over; null before, and for a company."),
    ]
    guidance_offered_at: datetime | None
    guidance_accepted_at: datetime | None
    guidance_declined_at: datetime | None
    guidance_held_at: datetime | None
    documentation_at: datetime | None
    documentation_complete_at: datetime | None
    control_day: Annotated[
        date | None, Field(description="Day of the booked control that the asker may know of (R18).")
    ]
    control_held_at: datetime | None
    control_form: ContactForm | None
    control_outcome: ControlOutcome | None
    within_60_days: bool | None
    fulfilled_at: datetime | None
    breached_at: datetime | None
    hearing_opened_at: datetime | None
    hearing_ended_at: datetime | None
    order_requested_at: datetime | None
    follow_up_on: date | None
    follow_up_held_at: datetime | None
    order_deadline: date | None
    appealed_at: datetime | None
    suspended: bool
    delivery_failures: int
    resent: int
    acceptance_conflict: Annotated[bool, Field(description="R8: accepted before a breach became known.")]
    terminated_at: datetime | None
    terminated_by: Literal["company", "authority"] | None
    termination_reason: str | None
    extension_requested_at: Annotated[datetime | None, Field(description="R13: awaits its answer.")]
    extensions: int
    informal_contacts: int
    included_places: int
    places_controlled: int
    other_findings: int
    corrections: Annotated[int, Field(description="R30: facts that corrected others.")]
    orders_requested: int
    orders_issued: int
    investigation_outcome: Annotated[str | None, Field(description="R7: what the inspection after a no ended in.")]
    spread_further: bool | None
    unknown_codes: Annotated[
        dict[str, str], Field(description="Codes of other systems that are not in the reference data, by column.")
    ]
    changed_units: Annotated[
        list[ChangedUnit], Field(description="R40: the units that are another's than this case says, or ceased.")
    ]
    origin: Annotated[Origin, Field(description="Where the case comes from; one that is not live is history.")]
    live_from: Annotated[
        datetime | None,
        Field(description="R28: from when on a case that was history goes on here; null until it is taken over."),
    ]
    places_not_found: Annotated[
        list[MissingPlace],
        Field(description="R17, R18: the places without a day in a calendar; none in front of a company."),
    ]
    version: Annotated[int, Field(description="How many facts of the case the asker may know of.")]
    deadlines: list[ExplainedDeadline]
    measures: list[MeasureItem]
    places: list[PlaceItem]
    related: list[CaseItem]
    conflicts: list[ConflictItem]
    timeline: list[TimelineEntry]
    next_cursors: CaseCursors = CaseCursors()
    notice: Annotated[Notice | None, Field(description="R23; null for orders and other cases.")]

    @classmethod
    def of_parts(
        cls,
        row: Found,
        *,
        measures: list[MeasureItem],
        places: list[PlaceItem],
        related: list[CaseItem],
        conflicts: list[ConflictItem],
        timeline: list[TimelineEntry],
        next_cursors: CaseCursors,
    ) -> Self:
        """Builds the case from its row and what belongs to it."""
        return cls.model_validate(
            {
                **row,
                "next": _next(row),
                "version": row["visible_version"],
                "deadlines": explained(json.loads(row["deadlines"])),
                "unknown_codes": json.loads(row["unknown_codes"]),
                "changed_units": [
                    {"p_number": p_number, **told} for p_number, told in json.loads(row["changed_units"]).items()
                ],
                "places_not_found": [
                    {"place_id": place, **told} for place, told in json.loads(row["places_not_found"]).items()
                ],
                "measures": measures,
                "places": places,
                "related": related,
                "conflicts": conflicts,
                "timeline": timeline,
                "next_cursors": next_cursors,
                "notice": Notice() if row["case_type"] == CaseType.AGREEMENT else None,
            }
        )


class TaskItem(BaseModel):
    """Something an inspector has to do."""

    case_id: UUID
    kind: TaskKind
    inspector: str | None
    due: Annotated[datetime | None, Field(description="Exclusive end, UTC; null where nothing sets a date.")]
    since: datetime
    cvr: str | None
    p_number: str | None
    topic: str | None
    status: Status


class TaskList(BaseModel):
    """A page of open tasks, the most urgent first."""

    tasks: list[TaskItem]
    next_cursor: NextPage = None


class UnitItem(BaseModel):
    """A production unit, as it was from a day on."""

    p_number: str
    name: str
    industry: str
    sector: str
    size_class: str
    postcode: str | None
    address: str | None
    effective_from: date
    effective_until: Annotated[date | None, Field(description="Exclusive; null where it still holds.")]


class QuarantineItem(BaseModel):
    """R22: no new agreements for a while."""

    agreement_id: Annotated[
        UUID | None, Field(description="The breached agreement; null in front of a company whose it was not (R40).")
    ]
    p_number: Annotated[str | None, Field(description="Null where every unit of the legal entity is in quarantine.")]
    imposed_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    policy: str | None
    reason: Annotated[
        Literal["breach", "breach_of_former_owner"],
        Field(description="Code: who breached: this legal entity, or who had the unit before."),
    ]


class Units(BaseModel):
    """A page of the units that a legal entity has or had, by P-number."""

    units: list[UnitItem]
    next_cursor: NextPage = None


class Quarantines(BaseModel):
    """R22, R40: a page of the quarantines of a legal entity's units, the first one first."""

    quarantines: list[QuarantineItem]
    next_cursor: NextPage = None


class CompanyCursors(BaseModel):
    """Where the lists of a company go on that are longer than its own answer has them; its cases have their own."""

    units: Annotated[str | None, Field(description="For `/v1/companies/{cvr}/units`; null: all is here.")] = None
    quarantines: Annotated[
        str | None, Field(description="For `/v1/companies/{cvr}/quarantines`; null: all is here.")
    ] = None


class Company(BaseModel):
    """A legal entity with all that is known of it here."""

    cvr: str
    units: list[UnitItem]
    quarantines: list[QuarantineItem]
    next_cursors: CompanyCursors = CompanyCursors()
    cases: CaseList


class LadderRow(BaseModel):
    """Measures on one level of one ladder in one problem group."""

    ladder: Literal["general", "psychosocial"]
    level: Annotated[int, Field(description="1 to 5; 5 is the most effective.")]
    problem_group: str | None
    measures: int
    agreements: Annotated[int, Field(description="Agreements with at least one such measure.")]
    verified: int
    in_use: Annotated[int, Field(description="Seen in use at the follow-up, or else at the control.")]
    limited: int
    not_in_use: int
    unknown: int


class LadderTable(BaseModel):
    """Measures by ladder level and problem group (R35)."""

    rows: list[LadderRow]


class DimensionRow(BaseModel):
    """Agreements with one value of one dimension, orders beside them."""

    dimension: Literal[
        "all", "status", "topic", "problem_group", "industry", "sector", "size_class", "kind", "inspector", "centre"
    ]
    value: Annotated[str | None, Field(description="Null where it is not known, and for `all`.")]
    agreements: int
    orders: int
    unanswered: int
    running: int
    fulfilled: int
    breached: int
    not_accepted: Annotated[int, Field(description="Declined, lapsed, withdrawn or terminated.")]


class Course(BaseModel):
    """What happened on the way, as known now. Shares are made with the base that the reader names."""

    offered: int
    accepted: int
    guidance_taken: int
    guidance_declined: int
    guidance_overdue: Annotated[int, Field(description="R12: so late that it escalated.")]
    guidance_late: Annotated[int, Field(description="R12: offered after its due day, or escalated and not offered.")]
    controlled: int
    controlled_within_60_days: int
    fulfilled: int
    breached: int
    terminated: Annotated[int, Field(description="R14: counted with what was not accepted or aborted.")]
    extended: Annotated[int, Field(description="R13: with a longer deadline than at first.")]
    breached_of_accepted: Annotated[float | None, Field(description="Share of the accepted ones.")]
    breached_of_controlled: Annotated[float | None, Field(description="Share of the controlled ones.")]
    days_from_offer_to_answer: Annotated[float | None, Field(description="Median, as all days here.")]
    days_from_acceptance_to_guidance: float | None
    days_from_acceptance_to_documentation: float | None
    days_from_documentation_to_control: float | None
    days_from_acceptance_to_control: float | None
    days_from_breach_to_order_request: float | None

    @classmethod
    def of(cls, row: Found) -> Self:
        days = {f"days_from_{step}": _days(row[step]) for step in STEPS}
        shares = {
            "breached_of_accepted": _share(row["breached"], row["accepted"]),
            "breached_of_controlled": _share(row["breached"], row["controlled"]),
        }
        return cls.model_validate({**row, **days, **shares})


class AgreementsTable(BaseModel):
    """Counts of agreements for each value of each dimension, such as topic or industry, and how agreements went."""

    rows: list[DimensionRow]
    course: Annotated[
        Course | None, Field(description="Null where a past state is asked for: it is kept for statuses.")
    ]
    notice: Notice = Notice()


def explained(deadlines: dict[str, Any]) -> list[ExplainedDeadline]:
    """R27: returns each deadline with its reason in both languages."""
    return [
        ExplainedDeadline(
            name=name, deadline=deadline, explanation_da=deadline.explain("da"), explanation_en=deadline.explain("en")
        )
        for name, deadline in ((name, Deadline.model_validate(value)) for name, value in deadlines.items())
    ]


def _next(row: Found) -> dict[str, Any] | None:
    return (
        None if row["next_step"] is None else {"step": row["next_step"], "by": row["next_by"], "due": row["next_due"]}
    )


def _share(part: int, base: int) -> float | None:
    return round(part / base, 4) if base else None


def _days(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration / timedelta(days=1), 2)
