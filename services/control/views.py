"""A course as an asker may see it."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.control.phases import Broken, Kept, Running, how_it_stands
from shared.contracts.control import (
    ControlCompleted,
    ControlTurnedIntoGuidance,
    DocumentationReceived,
    HearingAnswered,
    OrderRequested,
)
from shared.contracts.vocabulary import ContactForm, ControlOutcome, FileReference, Measure
from shared.deadlines.deadline import Deadline, Language
from shared.kernel.events import Event, Recorded


class DeadlineView(BaseModel):
    """R27: a deadline and why it is what it is."""

    last_day: date
    ends_at: datetime
    """Exclusive."""
    why: str

    @classmethod
    def of(cls, deadline: Deadline, language: Language) -> "DeadlineView":
        """In a language."""
        return cls(last_day=deadline.last_day, ends_at=deadline.ends_at, why=deadline.explain(language))


class MeasureView(BaseModel):
    """R16: a measure with its description."""

    measure_id: UUID
    kind: str
    description: str | None
    ladder_level: int
    psychosocial_level: int | None


class ControlView(BaseModel):
    """R17, R18: the booked control, where the asker may know of it."""

    control_id: UUID
    day: date
    form: ContactForm
    announced: bool
    late_reason: str | None


class PartView(BaseModel):
    """R16: a part of the documentation as it was sent."""

    part: int
    received_at: datetime
    complete: bool
    text: str | None
    files: tuple[FileReference, ...]


class HeldControlView(BaseModel):
    """R20, R21: a control that was held, with what was written about it."""

    held_at: datetime
    form: ContactForm
    outcome: ControlOutcome | None = None
    """None where it decided nothing and became guidance."""
    findings: str | None = None
    not_seen: str | None = None
    photos: tuple[FileReference, ...] | None = None
    summary: str | None = None
    """Of the guidance that it became."""


class AgreementView(BaseModel):
    """The course of an agreement."""

    agreement_id: UUID
    status: str
    cvr: str
    p_number: str
    topic: str
    inspector: str
    compliance_deadline: DeadlineView
    control_window: DeadlineView
    documentation: list[PartView]
    measures: list[MeasureView]
    control: ControlView | None
    held_controls: list[HeldControlView]
    hearing_deadline: DeadlineView | None
    hearing_answer: str | None
    """R22: what the company said."""
    order_reasons: str | None
    """R22: why an order was asked for."""
    follow_up_on: date | None
    is_a_decision: bool = False
    """R23: an agreement is not a decision and does not affect the smiley."""


def view(state: Running | Kept | Broken, recorded: list[Recorded], language: Language) -> AgreementView:
    """Made of what the asker may know, and of nothing else."""
    events = [one.event for one in recorded]
    parts = [event for event in events if isinstance(event, DocumentationReceived)]
    booking = state.booking if isinstance(state, Running) else None
    hearing = state.hearing if isinstance(state, Broken) else None
    started = state.started
    window = state.window if isinstance(state, Running) else started.control_window
    return AgreementView(
        agreement_id=started.agreement_id,
        status=how_it_stands(state),
        cvr=started.cvr,
        p_number=started.p_number,
        topic=started.topic,
        inspector=started.inspector,
        compliance_deadline=DeadlineView.of(started.compliance_deadline, language),
        control_window=DeadlineView.of(window, language),
        documentation=[
            PartView(
                part=part.part,
                received_at=part.received_at,
                complete=part.complete,
                text=part.text,
                files=part.files or (),
            )
            for part in parts
        ],
        measures=_measures(parts),
        control=ControlView.model_validate(booking.model_dump()) if booking else None,
        held_controls=_held_controls(events),
        hearing_deadline=DeadlineView.of(hearing.answer_deadline, language) if hearing else None,
        hearing_answer=next((event.answer for event in events if isinstance(event, HearingAnswered)), None),
        order_reasons=next((event.reasons for event in events if isinstance(event, OrderRequested)), None),
        follow_up_on=state.fulfilled.follow_up_on if isinstance(state, Kept) else None,
    )


def _held_controls(events: Iterable[Event]) -> list[HeldControlView]:
    held = [event for event in events if isinstance(event, ControlCompleted | ControlTurnedIntoGuidance)]
    return [HeldControlView.model_validate(event.model_dump()) for event in held]


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
