"""What reporting answers about involvement, time and use (R33, R35, R37)."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.reporting.cases.case_types import CaseType
from shared.contracts.vocabulary import MeasureUse, Participation, ProposalKind, WorkPhase


class InvolvementRow(BaseModel):
    """R33: agreements in which one side was involved so far."""

    at: Literal["guidance", "control"]
    side: Literal["safety_representative", "safety_organisation", "employees"]
    involvement: Participation
    sector: str | None
    industry: str | None
    problem_group: str | None
    agreements: int


class InvolvementTable(BaseModel):
    """R33: by sector, industry and group."""

    rows: list[InvolvementRow]


class TimeRow(BaseModel):
    """R37: minutes of one phase."""

    case_type: CaseType
    phase: WorkPhase
    minutes: int
    cases: Annotated[int, Field(description="With any time in this phase.")]


class TimeTable(BaseModel):
    """R37: of agreements beside orders."""

    rows: list[TimeRow]


class VisitsSavedRow(BaseModel):
    """R18, R21: controls that did without a visit of their own."""

    kind: Annotated[ProposalKind, Field(description="How the visit was saved.")]
    problem_group: str | None
    controls: Annotated[int, Field(description="Controls that were held so.")]


class VisitsSavedTable(BaseModel):
    """R18, R21: by kind and problem group."""

    rows: list[VisitsSavedRow]


class UseRow(BaseModel):
    """R35: measures with one use and reason."""

    at: Literal["control", "follow_up"]
    problem_group: str | None
    use: MeasureUse
    reason: str | None
    measures: int
    verified: Annotated[int, Field(description="Approved, which is never taken for used.")]


class UseTable(BaseModel):
    """R35: at control and at follow-up."""

    rows: list[UseRow]
