"""Why a course went as it did: what was asked, answered, changed and taken back, with reasons (R13-R15, R30, R40)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.control import (
    AgreementUnitChanged,
    AnnouncedControlCancelled,
    ComplianceDeadlineRecounted,
    ControlWindowRecounted,
    DecisionRevoked,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    HearingDeadlineRecounted,
    InspectorChanged,
    RedrawAsked,
    Terminated,
)
from shared.contracts.vocabulary import Decision, Side
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName
from shared.eventstore.events import Event
from shared.http.recount_view import RecountView

OF_THE_AUTHORITY = "For the authority only; null in front of a company."


class ExtensionRequestView(BaseModel):
    """R13: a longer deadline that the company asks for."""

    extension_id: UUID
    until: date
    requested_at: datetime
    requested_by: str
    reasons: str | None


class ExtensionAnswerView(BaseModel):
    """R13: what the inspector said to a longer deadline, also where nobody had asked for it."""

    extension_id: Annotated[UUID, Field(description="The request's, where there was one.")]
    granted: bool
    last_day: Annotated[date | None, Field(description="Of the longer deadline; null where it was refused.")]
    answered_at: datetime
    answered_by: str
    reasons: Annotated[str | None, Field(description="The company reads them.")]


class TerminationView(BaseModel):
    """R14: one side ended the agreement."""

    by: Side
    terminated_at: datetime
    terminated_by: str
    reason: Annotated[str | None, Field(description="R36: optional code.")]
    grounds: Annotated[str | None, Field(description="Both sides read them.")]


class InspectorChangeView(BaseModel):
    """R15: another inspector became responsible."""

    inspector: str
    previous: str
    changed_at: datetime
    changed_by: str
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


class CalledOffView(BaseModel):
    """R18: a control that the company was told of does not take place on that day."""

    control_id: UUID
    cancelled_at: Annotated[datetime, Field(description="When it was called off, UTC.")]
    reason: Annotated[str | None, Field(description="Why, as the company is told; null where nobody said so.")]


class RedrawView(BaseModel):
    """R18: another day was drawn for a hidden control."""

    place_id: UUID
    requested_at: Annotated[datetime, Field(description="When it was asked for, UTC.")]
    requested_by: Annotated[str, Field(description="Pseudonymous id of who asked for it.")]
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


class UnitChangeView(BaseModel):
    """R40: a unit of the agreement has another legal entity, or ceased, while it ran."""

    p_number: str
    holds_from: Annotated[date, Field(description="The day from which the register's fact holds.")]
    noted_at: datetime
    ceased: bool
    settled: Annotated[bool, Field(description="Whether nothing is left for the inspector to decide.")]
    cvr: Annotated[str | None, Field(description=f"Who has the unit now. {OF_THE_AUTHORITY}")]


class RevokedDecisionView(BaseModel):
    """R30: a decision that rested on a mistake."""

    decision: Decision
    revoked_at: datetime
    revoked_by: str
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


def extension_requests(events: Iterable[Event]) -> list[ExtensionRequestView]:
    """Returns every request for a longer deadline, answered or not."""
    return [
        ExtensionRequestView.model_validate(event.model_dump())
        for event in events
        if isinstance(event, ExtensionRequested)
    ]


def open_extension(events: Iterable[Event]) -> ExtensionRequestView | None:
    """R13: returns the request that is not answered yet; None if there is none."""
    awaited: ExtensionRequestView | None = None
    for event in events:
        match event:
            case ExtensionRequested():
                awaited = ExtensionRequestView.model_validate(event.model_dump())
            case ExtensionGranted() | ExtensionRefused() | Terminated():
                awaited = None
    return awaited


def extension_answers(events: Iterable[Event]) -> list[ExtensionAnswerView]:
    """Returns the answers to requests for a longer deadline, in the order in which they were given."""
    answers: list[ExtensionAnswerView] = []
    for event in events:
        match event:
            case ExtensionGranted():
                answers.append(
                    ExtensionAnswerView(
                        extension_id=event.extension_id,
                        granted=True,
                        last_day=event.compliance_deadline.last_day,
                        answered_at=event.granted_at,
                        answered_by=event.inspector,
                        reasons=event.reasons,
                    )
                )
            case ExtensionRefused():
                answers.append(
                    ExtensionAnswerView(
                        extension_id=event.extension_id,
                        granted=False,
                        last_day=None,
                        answered_at=event.refused_at,
                        answered_by=event.refused_by,
                        reasons=event.reasons,
                    )
                )
    return answers


def termination(events: Iterable[Event]) -> TerminationView | None:
    """Returns how one side ended the agreement; None if nobody did."""
    ended = next((event for event in events if isinstance(event, Terminated)), None)
    return TerminationView.model_validate(ended.model_dump()) if ended else None


def inspector_changes(events: Iterable[Event]) -> list[InspectorChangeView]:
    """Returns the changes of the responsible inspector, in the order in which they happened."""
    return [
        InspectorChangeView.model_validate(event.model_dump())
        for event in events
        if isinstance(event, InspectorChanged)
    ]


def called_off(events: Iterable[Event]) -> list[CalledOffView]:
    """Returns the announced controls that were called off, in the order in which that happened."""
    return [
        CalledOffView.model_validate(event.model_dump())
        for event in events
        if isinstance(event, AnnouncedControlCancelled)
    ]


def redraws(events: Iterable[Event]) -> list[RedrawView]:
    """Returns who had other days drawn, and why; nothing in front of a company, which sees none of these facts."""
    return [RedrawView.model_validate(event.model_dump()) for event in events if isinstance(event, RedrawAsked)]


def recounts(events: Iterable[Event], language: Language) -> list[RecountView]:
    """R27: returns the deadlines that a corrected calendar moved, in the order in which that happened."""
    shown: list[RecountView] = []
    for event in events:
        match event:
            case ComplianceDeadlineRecounted():
                shown.append(RecountView.of(DateName.COMPLIANCE, event, event.compliance_deadline, language))
            case ControlWindowRecounted():
                shown.append(RecountView.of(DateName.CONTROL_WINDOW, event, event.control_window, language))
            case HearingDeadlineRecounted():
                shown.append(RecountView.of(DateName.HEARING, event, event.answer_deadline, language))
    return shown


def unit_changes(events: Iterable[Event]) -> list[UnitChangeView]:
    """Returns the changes of the agreement's units, in the order in which they were noted."""
    return [
        UnitChangeView.model_validate(event.model_dump()) for event in events if isinstance(event, AgreementUnitChanged)
    ]


def revoked_decisions(events: Iterable[Event]) -> list[RevokedDecisionView]:
    """Returns the revoked decisions, in the order in which they were revoked."""
    return [
        RevokedDecisionView.model_validate(event.model_dump()) for event in events if isinstance(event, DecisionRevoked)
    ]
