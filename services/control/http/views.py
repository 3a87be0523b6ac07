"""A course as an asker may see it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from services.control.http.after_offer_not_accepted_view import OrderView, orders_view
from services.control.http.deadline_view import DeadlineView
from services.control.http.hearing_view import HearingView, hearing_view
from services.control.http.held_controls_view import HeldControlView, held_controls
from services.control.http.places_view import ControlView, PlaceView, booked_view, places_view
from services.control.http.reasons_view import (
    CalledOffView,
    ExtensionAnswerView,
    ExtensionRequestView,
    InspectorChangeView,
    RedrawView,
    RevokedDecisionView,
    TerminationView,
    UnitChangeView,
    called_off,
    extension_answers,
    extension_requests,
    inspector_changes,
    open_extension,
    recounts,
    redraws,
    revoked_decisions,
    termination,
    unit_changes,
)
from services.control.rules.phases import Broken, Kept, Running, Stopped, how_it_stands
from shared.contracts.control import (
    ControlCompleted,
    DocumentationReceived,
    FollowUpHeld,
    FreshInvestigationNeeded,
    HearingAnswered,
    OrderRequested,
    OtherFindingRecorded,
)
from shared.contracts.vocabulary import (
    AgreementKind,
    ContactForm,
    FileReference,
    Measure,
    MeasureObservation,
    SpokeWith,
)
from shared.deadlines.in_words import Language
from shared.eventstore.events import Event, Recorded
from shared.http.recount_view import RECOUNTS, RecountView

Value = TypeVar("Value")


class MeasureView(BaseModel):
    """R16: a measure with its description."""

    measure_id: UUID
    kind: str
    description: str | None
    ladder_level: int
    psychosocial_level: int | None
    not_psychosocial: bool = False
    """Said, on a psychosocial topic, to have no level on the psychosocial ladder."""
    places: tuple[UUID, ...] = ()
    """R19: where it is used; everywhere where none is named."""


class PartView(BaseModel):
    """R16: a part of the documentation as it was sent."""

    part: int
    received_at: datetime
    complete: bool
    text: str | None
    files: tuple[FileReference, ...]
    places: tuple[UUID, ...] = ()
    """R19: what it is evidence for; everything where none is named."""
    measures: list[MeasureView]
    """As they were told in this part, also those that a later part corrects."""


class OtherFindingView(BaseModel):
    """R20: something beside the topic, which decides nothing here."""

    finding_id: UUID
    control_id: UUID
    topic: str | None
    text: str | None


class FreshInvestigationView(BaseModel):
    """R21: a control found that the matter must be investigated afresh."""

    control_id: UUID
    place_id: UUID
    held_at: datetime
    later_visit: bool
    spoke_with: tuple[SpokeWith, ...] = ()
    reason: str | None


class FollowUpView(BaseModel):
    """R24, R35, R39: what was seen or told a year later."""

    held_at: datetime
    form: ContactForm
    spoke_with: tuple[SpokeWith, ...] = ()
    measures: tuple[MeasureObservation, ...]
    spread_further: bool | None


class AgreementView(BaseModel):
    """The course of an agreement."""

    agreement_id: UUID
    status: str
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    """R15: who is responsible now."""
    compliance_deadline: DeadlineView
    control_window: DeadlineView
    documentation: list[PartView]
    measures: list[MeasureView]
    added_measures: list[MeasureView]
    """R39: beyond the agreement, as told at a control or a follow-up."""
    control: ControlView | None
    """Of the place where the matter arose; those of all places are in the matrix."""
    matrix: list[PlaceView]
    held_controls: list[HeldControlView]
    fresh_investigations: list[FreshInvestigationView]
    other_findings: list[OtherFindingView]
    breached_units: list[str]
    """R20: the units where a violation was found, once that breached the agreement."""
    hearing: HearingView | None
    """R22: how the company is heard, and what it answered."""
    hearing_deadline: DeadlineView | None
    hearing_answer: str | None
    """R22: what the company said."""
    order_reasons: str | None
    """R22: why an order was asked for."""
    orders: list[OrderView]
    follow_up_on: date | None
    follow_up: FollowUpView | None
    """Once it was held."""
    open_extension: ExtensionRequestView | None
    """R13: the longer deadline that the company asks for, until it is answered."""
    extension_requests: list[ExtensionRequestView]
    extension_answers: list[ExtensionAnswerView]
    termination: TerminationView | None
    inspector_changes: list[InspectorChangeView]
    called_off: list[CalledOffView]
    revoked_decisions: list[RevokedDecisionView]
    recounts: Annotated[list[RecountView], Field(description=RECOUNTS)]
    unit_changes: list[UnitChangeView]
    redraws: list[RedrawView]
    is_a_decision: bool = False
    """R23: an agreement is not a decision and does not affect the smiley."""


def view(state: Running | Kept | Broken | Stopped, recorded: list[Recorded], language: Language) -> AgreementView:
    """Returns the course, from the facts that the asker may see and nothing else."""
    events = [one.event for one in recorded]
    parts = [event for event in events if isinstance(event, DocumentationReceived)]
    hearing = state.hearing if isinstance(state, Broken) else None
    course = state if isinstance(state, Running) else state.course
    started = course.started
    origin = started.agreement_id
    return AgreementView(
        agreement_id=origin,
        status=how_it_stands(state),
        kind=started.kind,
        cvr=started.cvr,
        p_number=started.p_number,
        topic=started.topic,
        inspector=course.inspector,
        compliance_deadline=DeadlineView.of(course.deadline, language),
        control_window=DeadlineView.of(course.window(origin), language),
        documentation=[
            PartView(
                part=part.part,
                received_at=part.received_at,
                complete=part.complete,
                text=part.text,
                files=part.files or (),
                places=part.places,
                measures=_measures([part]),
            )
            for part in parts
        ],
        measures=_measures(parts),
        added_measures=_added_measures(events),
        control=booked_view(course, origin),
        matrix=places_view(course, events, language),
        held_controls=held_controls(events),
        fresh_investigations=[
            FreshInvestigationView.model_validate(event.model_dump())
            for event in events
            if isinstance(event, FreshInvestigationNeeded)
        ],
        other_findings=[
            OtherFindingView.model_validate(event.model_dump())
            for event in events
            if isinstance(event, OtherFindingRecorded)
        ],
        breached_units=list(state.breached.breached_units) if isinstance(state, Broken) else [],
        hearing=hearing_view(events),
        hearing_deadline=DeadlineView.of(hearing.answer_deadline, language) if hearing else None,
        hearing_answer=_last(event.answer for event in events if isinstance(event, HearingAnswered)),
        order_reasons=_last(event.reasons for event in events if isinstance(event, OrderRequested)),
        orders=orders_view(state.orders, events) if isinstance(state, Broken) else [],
        follow_up_on=state.fulfilled.follow_up_on if isinstance(state, Kept) else None,
        follow_up=_last(
            FollowUpView.model_validate(event.model_dump()) for event in events if isinstance(event, FollowUpHeld)
        ),
        open_extension=open_extension(events),
        extension_requests=extension_requests(events),
        extension_answers=extension_answers(events),
        termination=termination(events),
        inspector_changes=inspector_changes(events),
        called_off=called_off(events),
        revoked_decisions=revoked_decisions(events),
        recounts=recounts(events, language),
        unit_changes=unit_changes(events),
        redraws=redraws(events),
    )


def _measures(parts: list[DocumentationReceived]) -> list[MeasureView]:
    measures: dict[UUID, Measure] = {}
    descriptions: dict[UUID, str] = {}
    for part in parts:
        measures |= {measure.measure_id: measure for measure in part.measures}
        descriptions |= part.measure_descriptions or {}
    return [
        MeasureView(description=descriptions.get(measure.measure_id), **measure.model_dump())
        for measure in measures.values()
    ]


def _added_measures(events: Iterable[Event]) -> list[MeasureView]:
    return [
        MeasureView(description=(event.measure_descriptions or {}).get(measure.measure_id), **measure.model_dump())
        for event in events
        if isinstance(event, ControlCompleted | FollowUpHeld)
        for measure in event.added_measures
    ]


def _last(values: Iterable[Value]) -> Value | None:
    """What was said last."""
    return next(reversed(list(values)), None)
