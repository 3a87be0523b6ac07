"""Guidance as an asker may see it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.guidance.rules.phases import State, about, how_it_stands
from services.guidance.rules.schedule import due_of
from shared.contracts.guidance import (
    GuidanceDueRecounted,
    GuidanceHeld,
    GuidanceMeetingBooked,
    GuidanceMeetingCancelled,
    GuidanceOffered,
    MeetingCorrected,
    MeetingTimesOffered,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
    UsefulnessRated,
)
from shared.contracts.vocabulary import ContactForm, Involvement, MeetingCancelCause, MeetingTime, Side
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName
from shared.eventstore.events import Event, Recorded
from shared.http.recount_view import RECOUNTS, RecountView

OF_THE_AUTHORITY = "For the authority only; null in front of a company."
READ_BY_COMPANY = "The company reads it; what it may not read is an internal note of the offer."


class MeetingView(BaseModel):
    """R12: a meeting or an informal contact, as corrected last."""

    meeting_id: UUID
    form: ContactForm
    held_at: datetime
    informal: bool
    initiated_by: Side
    purposes: tuple[str, ...]
    participants: tuple[str, ...]
    involvement: Involvement
    usefulness: int | None
    summary: Annotated[str | None, Field(description=READ_BY_COMPANY)]
    corrected: bool = False
    correction_reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)] = None


class UnderstandingView(BaseModel):
    """R5: a contact about the unanswered offer, as corrected last."""

    contact_id: UUID
    form: ContactForm
    held_at: datetime
    initiated_by: Side
    reached: bool
    received: bool | None
    understood: bool | None
    knows_dates: bool | None
    participants: tuple[str, ...]
    summary: Annotated[str | None, Field(description=READ_BY_COMPANY)]
    corrected: bool = False
    correction_reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)] = None


class AppointmentView(BaseModel):
    """R12: times that await the company's choice, or the meeting that is booked."""

    meeting_id: UUID
    booked: Annotated[bool, Field(description="Whether a time was chosen; then it is the only one shown.")]
    form: ContactForm
    inspector: str
    times: list[MeetingTime]
    choose_before: Annotated[datetime | None, Field(description="Exclusive; null once a time was chosen.")]


class CancelledMeetingView(BaseModel):
    """R12: times or a meeting that fell away."""

    meeting_id: UUID
    cause: MeetingCancelCause
    cancelled_at: datetime
    reason: Annotated[str | None, Field(description=READ_BY_COMPANY)]


class GuidanceView(BaseModel):
    """R12: where guidance stands."""

    agreement_id: UUID
    status: str
    due: datetime | None
    """Exclusive: guidance offered before this instant is in time. Hidden from the company."""
    why: str | None
    """R27: how that was computed."""
    recounts: Annotated[list[RecountView], Field(description=f"{RECOUNTS} None in front of a company.")]
    offered_form: ContactForm | None
    """In which form it was offered last."""
    appointment: Annotated[AppointmentView | None, Field(description="The next meeting; null if none is arranged.")]
    cancelled_meetings: list[CancelledMeetingView]
    asked_about_offer: list[UnderstandingView]
    meetings: list[MeetingView]


def view(agreement_id: UUID, state: State, recorded: Sequence[Recorded], language: Language) -> GuidanceView:
    """Returns guidance, from the facts that the asker may see and nothing else."""
    events = [one.event for one in recorded]
    due = due_of(state)
    return GuidanceView(
        agreement_id=agreement_id,
        status=how_it_stands(state),
        due=due.ends_at if due else None,
        why=due.explain(language) if due else None,
        recounts=[
            RecountView.of(DateName.GUIDANCE, event, event.due, language)
            for event in events
            if isinstance(event, GuidanceDueRecounted)
        ],
        offered_form=next((event.form for event in reversed(events) if isinstance(event, GuidanceOffered)), None),
        appointment=_appointment(state),
        cancelled_meetings=[
            CancelledMeetingView.model_validate(event.model_dump())
            for event in events
            if isinstance(event, GuidanceMeetingCancelled)
        ],
        asked_about_offer=_asked_about_offer(state, events),
        meetings=_meetings(state, events),
    )


def _appointment(state: State) -> AppointmentView | None:
    known = about(state)
    match known and known.appointment:
        case MeetingTimesOffered() as offered:
            return AppointmentView(
                meeting_id=offered.meeting_id,
                booked=False,
                form=offered.form,
                inspector=offered.inspector,
                times=list(offered.times),
                choose_before=offered.choose_before,
            )
        case GuidanceMeetingBooked() as booked:
            return AppointmentView(
                meeting_id=booked.meeting_id,
                booked=True,
                form=booked.form,
                inspector=booked.inspector,
                times=[booked.time],
                choose_before=None,
            )
        case _:
            return None


def _asked_about_offer(state: State, events: Sequence[Event]) -> list[UnderstandingView]:
    known = about(state)
    if known is None:
        return []
    why = {event.contact_id: event.reason for event in events if isinstance(event, OfferUnderstandingCorrected)}
    told = (event for event in events if isinstance(event, OfferUnderstandingAsked | OfferUnderstandingCorrected))
    summaries = _last_summaries((event.contact_id, event.summary) for event in told)
    return [
        UnderstandingView.model_validate(
            asked.model_dump()
            | {
                "corrected": contact_id in why,
                "correction_reason": why.get(contact_id),
                "summary": summaries.get(contact_id),
            }
        )
        for contact_id, asked in known.asked.items()
    ]


def _meetings(state: State, events: Sequence[Event]) -> list[MeetingView]:
    known = about(state)
    if known is None:
        return []
    rated = {event.meeting_id: event.usefulness for event in events if isinstance(event, UsefulnessRated)}
    why = {event.meeting_id: event.reason for event in events if isinstance(event, MeetingCorrected)}
    told = (event for event in events if isinstance(event, GuidanceHeld | MeetingCorrected))
    summaries = _last_summaries((event.meeting_id, event.summary) for event in told)
    return [
        MeetingView.model_validate(
            meeting.model_dump()
            | {
                "usefulness": rated.get(meeting_id, meeting.usefulness),
                "summary": summaries.get(meeting_id),
                "corrected": meeting_id in why,
                "correction_reason": why.get(meeting_id),
            }
        )
        for meeting_id, meeting in known.meetings.items()
    ]


def _last_summaries(told: Iterable[tuple[UUID, str | None]]) -> dict[UUID, str]:
    """By contact or meeting. A correction that has no summary leaves the one that was told last."""
    return {about: summary for about, summary in told if summary is not None}
