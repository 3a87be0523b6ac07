"""An offer as an asker may see it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.offers.rules.letter import Named, letter
from services.offers.rules.phases import Ended, Open, Running, how_it_stands, places_of
from shared.contracts.offers import (
    Accepted,
    CaseTakenOver,
    ContactNamed,
    DeliveryCorrected,
    InternalNoteWritten,
    OfferDelivered,
    OfferReassigned,
    OfferSent,
    OfferUnitChanged,
    QuestionAsked,
    ResponseDeadlineRecounted,
    TimeCorrected,
    Withdrawn,
)
from shared.contracts.vocabulary import AgreementKind, ContactRole, FileReference, Grounds, WorkPhase
from shared.deadlines.deadline import Deadline
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName
from shared.eventstore.events import Event, Origin, Recorded
from shared.eventstore.liveness import origin_in
from shared.http.recount_view import RECOUNTS, RecountView
from shared.reference.reference import messages_to

OF_THE_AUTHORITY = "For the authority only; null in front of a company."


class MessageView(BaseModel):
    """R29, R34: something that a contact is told of."""

    code: str
    text: str


class ContactView(BaseModel):
    """R34: who stands for the company in a role now."""

    contact_id: UUID
    role: ContactRole
    name: str | None
    """None where the name was erased."""
    email: str | None
    phone: str | None
    is_told: list[MessageView]
    """What concerns whoever stands in this role."""


class TimeView(BaseModel):
    """R37: time that was spent, as corrected."""

    entry_id: UUID
    phase: WorkPhase
    minutes: int
    inspector: str
    on_day: date
    correction_reason: str | None = None
    """R30: why it was corrected last."""


class InspectorChangeView(BaseModel):
    """R15: another inspector became responsible for the unanswered offer."""

    inspector: str
    previous: str
    reassigned_at: datetime
    reassigned_by: str
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


class DeliveryCorrectionView(BaseModel):
    """R30: the offer became available at another time than was recorded."""

    available_at: datetime
    corrected_at: datetime
    corrected_by: str
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


class TakeOverView(BaseModel):
    """R28, R30: since when a case that was history goes on here."""

    live_from: datetime
    taken_over_at: datetime
    taken_over_by: str
    reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)]


class NoteView(BaseModel):
    """A note for the authority alone."""

    note_id: UUID
    written_at: datetime
    written_by: str
    text: str | None
    """None where it was erased."""


class QuestionView(BaseModel):
    """R5: a question of the company about the offer."""

    question_id: UUID
    asked_at: datetime
    asked_by: str
    text: str | None
    """None where it was erased."""


class UnitChangeView(BaseModel):
    """R40: the unit has another legal entity, or ceased, while the offer was open."""

    p_number: str
    holds_from: Annotated[date, Field(description="The day from which the register's fact holds.")]
    noted_at: datetime
    ceased: bool
    settled: Annotated[bool, Field(description="Whether nothing is left for the inspector to decide.")]
    cvr: Annotated[str | None, Field(description=f"Who has the unit now. {OF_THE_AUTHORITY}")]


class PlaceView(BaseModel):
    """R10: one place that the agreement includes."""

    place_id: UUID
    p_number: str
    department: str | None


class OfferView(BaseModel):
    """An offer as the asker may see it."""

    agreement_id: UUID
    number: Annotated[
        str | None,
        Field(description="R26: year and running number; as an import says; null in offers of earlier releases."),
    ]
    status: str
    kind: AgreementKind
    cvr: str
    p_number: str
    department: str | None
    """`spread`: where in the unit the violation was found."""
    topic: str
    grounds: Grounds | None
    """R2: None in offers of the first release."""
    inspector: str
    inspection_id: str
    follows: UUID | None
    """R7: the offer on suspicion that was not accepted, and from whose new inspection this one arose."""
    period_months: int
    period_reason: str | None
    sent_at: datetime
    observations: str | None
    photos: tuple[FileReference, ...]
    available_at: datetime | None
    withdrawal_rule: str | None
    """R8: a breach overtook the offer. R9: the authority took it back."""
    withdrawal_reason: str | None
    withdrawal_because_of: UUID | None
    """R8: the breached agreement, where it is one of the same legal entity."""
    response_deadline: datetime | None
    """Exclusive: an answer before this instant is in time."""
    why: str | None
    """R27: how the response deadline was computed."""
    letter: Annotated[
        str, Field(description="R1, R23: the letter. The Danish one counts; `language=en` translates it.")
    ]
    places: list[PlaceView]
    """R10: once it is accepted."""
    contacts: list[ContactView]
    time: list[TimeView]
    """R37: the authority's own; none in front of a company."""
    inspector_changes: list[InspectorChangeView]
    delivery_corrections: list[DeliveryCorrectionView]
    recounts: Annotated[list[RecountView], Field(description=RECOUNTS)]
    unit_changes: list[UnitChangeView]
    origin: Annotated[Origin, Field(description="Where the case comes from; one that is not live is history.")]
    taken_over: Annotated[
        TakeOverView | None,
        Field(description="Set once a case that was history is taken over."),
    ]
    questions: list[QuestionView]
    """R5: what the company asked before its answer."""
    notes: list[NoteView]
    """Internal notes on the case, from the offer to its end; none in front of a company."""
    is_a_decision: bool = False
    """R23: an agreement is not a decision and does not affect the smiley."""


def view(
    state: Open | Running | Ended, recorded: Sequence[Recorded], language: Language, named: Named | None = None
) -> OfferView:
    """Returns the view of an offer, made only of what the asker may know.

    `named` holds what the letter names in addition to the facts of the offer.
    """
    events = [one.event for one in recorded]
    sent = state.sent
    # A state holds no private part: what the asker may read of one stands in the facts.
    told = next(event for event in events if isinstance(event, OfferSent))
    deadline, available_at = clock_of(events)
    withdrawn = next((event for event in events if isinstance(event, Withdrawn)), None)
    return OfferView(
        agreement_id=sent.agreement_id,
        number=sent.number,
        status=how_it_stands(state),
        kind=sent.kind,
        cvr=sent.cvr,
        p_number=sent.p_number,
        department=told.department,
        topic=sent.topic,
        grounds=sent.grounds,
        inspector=state.about.inspector,
        inspection_id=sent.inspection_id,
        follows=sent.follows,
        period_months=sent.period_months,
        period_reason=told.period_reason,
        sent_at=sent.sent_at,
        observations=told.observations,
        photos=told.photos or (),
        available_at=available_at,
        withdrawal_rule=withdrawn.rule if withdrawn else None,
        withdrawal_reason=withdrawn.reason if withdrawn else None,
        withdrawal_because_of=withdrawn.because_of if withdrawn and withdrawn.breach_is_own else None,
        response_deadline=deadline.ends_at if deadline else None,
        why=deadline.explain(language) if deadline else None,
        letter=letter(sent, deadline, _as_told(told, named or Named()), language),
        places=_places(state, events),
        contacts=_contacts(events, language),
        time=_time(state, events),
        inspector_changes=[
            InspectorChangeView.model_validate(event.model_dump())
            for event in events
            if isinstance(event, OfferReassigned)
        ],
        delivery_corrections=[
            DeliveryCorrectionView.model_validate(event.model_dump())
            for event in events
            if isinstance(event, DeliveryCorrected)
        ],
        recounts=_recounts(events, language),
        unit_changes=[
            UnitChangeView.model_validate(event.model_dump()) for event in events if isinstance(event, OfferUnitChanged)
        ],
        origin=origin_in(recorded[0].metadata_json),
        taken_over=next(
            (TakeOverView.model_validate(event.model_dump()) for event in events if isinstance(event, CaseTakenOver)),
            None,
        ),
        questions=[
            QuestionView.model_validate(event.model_dump()) for event in events if isinstance(event, QuestionAsked)
        ],
        notes=[
            NoteView.model_validate(event.model_dump()) for event in events if isinstance(event, InternalNoteWritten)
        ],
    )


def _as_told(told: OfferSent, named: Named) -> Named:
    """With the texts of the offer, as far as they can be read."""
    return replace(named, department=told.department, observations=told.observations)


def _time(state: Open | Running | Ended, events: Sequence[Event]) -> list[TimeView]:
    why = {event.entry_id: event.reason for event in events if isinstance(event, TimeCorrected)}
    return [
        TimeView(entry_id=entry_id, correction_reason=why.get(entry_id), **vars(entry))
        for entry_id, entry in state.about.time.items()
    ]


def clock_of(events: Sequence[Event]) -> tuple[Deadline | None, datetime | None]:
    """R3, R27, R30: returns the deadline and when the offer became available, as corrected last."""
    dated = [event for event in events if isinstance(event, OfferDelivered | DeliveryCorrected)]
    counted = [
        event for event in events if isinstance(event, OfferDelivered | DeliveryCorrected | ResponseDeadlineRecounted)
    ]
    return (counted[-1].response_deadline, dated[-1].available_at) if dated else (None, None)


def _recounts(events: Sequence[Event], language: Language) -> list[RecountView]:
    return [
        RecountView.of(DateName.RESPONSE, event, event.response_deadline, language)
        for event in events
        if isinstance(event, ResponseDeadlineRecounted)
    ]


def _places(state: Open | Running | Ended, events: Sequence[Event]) -> list[PlaceView]:
    accepted = None if isinstance(state, Open) else state.accepted
    if accepted is None:
        return []
    names = next(event for event in events if isinstance(event, Accepted)).place_names or {}
    return [
        PlaceView(place_id=place.place_id, p_number=place.p_number, department=names.get(place.place_id))
        for place in places_of(accepted)
    ]


def _contacts(events: Sequence[Event], language: Language) -> list[ContactView]:
    """R34: the last one of each role, and what concerns it."""
    return [
        ContactView(
            contact_id=named.contact_id,
            role=named.role,
            name=named.details.name if named.details else None,
            email=named.details.email if named.details else None,
            phone=named.details.phone if named.details else None,
            is_told=[
                MessageView(code=message.code, text=message.danish if language == "da" else message.english)
                for message in messages_to(named.role)
            ],
        )
        for named in contacts_now(events)
    ]


def contacts_now(events: Sequence[Event]) -> list[ContactNamed]:
    """R34: returns who stands for the company now: the last contact of each role."""
    return [*{event.role: event for event in events if isinstance(event, ContactNamed)}.values()]
