"""Times for a guidance meeting: offered to the company, chosen by it, and cancelled (R12, R15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.guidance.rules.offering import running_agreement
from services.guidance.rules.phases import About, Answered, Closed, Held, Offered, State, Unknown
from shared.contracts.guidance import (
    GuidanceAccepted,
    GuidanceMeetingBooked,
    GuidanceMeetingCancelled,
    GuidanceOffered,
    MeetingTimesExpired,
    MeetingTimesOffered,
)
from shared.contracts.vocabulary import ContactForm, MeetingCancelCause, MeetingTime
from shared.deadlines.copenhagen import end_of, local_day, moment_of
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy

_GRACE = timedelta(minutes=10)


@dataclass(frozen=True)
class OfferTimes:
    """Times that control keeps free in the calendar of the responsible inspector."""

    at: datetime
    policy: Policy
    meeting_id: UUID
    by: str
    form: ContactForm
    times: tuple[MeetingTime, ...]
    kept_free_until: datetime


@dataclass(frozen=True)
class ChooseTime:
    """The company takes one of the times."""

    at: datetime
    meeting_id: UUID
    number: int


@dataclass(frozen=True)
class CancelMeeting:
    """Times that were offered, or the meeting that was booked, fall away."""

    at: datetime
    meeting_id: UUID
    cause: MeetingCancelCause
    reason: str | None = None


@dataclass(frozen=True)
class NoteLostPlace:
    """Reaction: there is no room for the meeting in the inspector's calendar any more."""

    at: datetime
    meeting_id: UUID


def refuse_times(state: State) -> About:
    """R12: returns what is known of the agreement. Refuses times where it does not run, or others are open."""
    known = running_agreement(state)
    match known.appointment:
        case MeetingTimesOffered(meeting_id=meeting_id):
            raise Refused(
                "R12", "the times of meeting {meeting_id} still await the company's choice", meeting_id=meeting_id
            )
        case GuidanceMeetingBooked(meeting_id=meeting_id):
            raise Refused(
                "R12", "meeting {meeting_id} is booked, and was neither held nor cancelled", meeting_id=meeting_id
            )
        case None:
            return known


def offer_times(state: State, command: OfferTimes) -> tuple[Event, ...]:
    """R12: offers times for a meeting with the responsible inspector; the company has some days to choose.

    The times fall away at once when the last of them has begun. Offering times offers guidance, too, where no offer of
    it awaits its answer, was accepted or led to a meeting.
    """
    known = refuse_times(state)
    if known.inspector is None:
        raise Refused("R12", "no inspector is responsible")
    within = end_of(local_day(command.at) + timedelta(days=command.policy.guidance.choose_within_days))
    last_begins = max((moment_of(time.day, time.begins) for time in command.times), default=within)
    choose_before = min(within, last_begins, command.kept_free_until)
    if choose_before <= command.at:
        raise Refused("R12", "these times are not kept free any more; ask again, under another key")
    guidance = GuidanceOffered(
        agreement_id=known.agreement_id, form=command.form, offered_at=command.at, offered_by=command.by
    )
    times = MeetingTimesOffered(
        agreement_id=known.agreement_id,
        meeting_id=command.meeting_id,
        inspector=known.inspector,
        form=command.form,
        times=command.times,
        choose_before=choose_before,
        offered_at=command.at,
        offered_by=command.by,
    )
    is_offered = isinstance(state, Offered | Held) or (isinstance(state, Answered) and state.accepted)
    return (times,) if is_offered else (guidance, times)


def choose_time(state: State, command: ChooseTime) -> tuple[Event, ...]:
    """R12: books the meeting at the time that the company chose, which is a yes to guidance as well.

    Refuses a time that was not offered, or is over.
    """
    offered = _appointment(state, command.meeting_id)
    if not isinstance(offered, MeetingTimesOffered):
        raise Refused("R12", "meeting {meeting_id} is booked already", meeting_id=command.meeting_id)
    time = next((time for time in offered.times if time.number == command.number), None)
    if time is None:
        numbers = ", ".join(str(one.number) for one in offered.times)
        raise Refused("R12", "time {number} was not offered: {numbers}", number=command.number, numbers=numbers)
    begins = moment_of(time.day, time.begins)
    if command.at >= min(offered.choose_before, begins):
        raise Refused(
            "R12", "the time could be chosen before {until}", until=min(offered.choose_before, begins).isoformat()
        )
    booked = GuidanceMeetingBooked(
        agreement_id=offered.agreement_id,
        meeting_id=offered.meeting_id,
        inspector=offered.inspector,
        form=offered.form,
        time=time,
        booked_at=command.at,
    )
    if not isinstance(state, Offered):
        return (booked,)
    return GuidanceAccepted(agreement_id=offered.agreement_id, answered_at=command.at), booked


def cancel_meeting(state: State, command: CancelMeeting) -> GuidanceMeetingCancelled:
    """R12: withdraws the times, or cancels the meeting, with what the other side is told of the reason.

    Refuses the company to cancel a meeting that has begun. The authority may say of such a one that it was not held.
    """
    appointment = _appointment(state, command.meeting_id)
    if command.cause is MeetingCancelCause.NONE_SUITS and _has_begun(appointment, command.at):
        raise Refused("R12", "the meeting has begun, and cannot be cancelled any more")
    return cancelled(appointment, command.cause, command.at, command.reason)


def note_lost_place(state: State, command: NoteLostPlace) -> Sequence[Event]:
    """R12, R42: cancels a meeting for which the inspector's calendar has no room, so that the company knows."""
    appointment = _ahead(state, command.at)
    if appointment is None or appointment.meeting_id != command.meeting_id:
        return ()
    return (cancelled(appointment, MeetingCancelCause.NO_PLACE, command.at),)


def cancelled(
    appointment: MeetingTimesOffered | GuidanceMeetingBooked,
    cause: MeetingCancelCause,
    at: datetime,
    reason: str | None = None,
) -> GuidanceMeetingCancelled:
    """Returns the fact that an appointment falls away."""
    return GuidanceMeetingCancelled(
        agreement_id=appointment.agreement_id,
        meeting_id=appointment.meeting_id,
        cause=cause,
        was_booked=isinstance(appointment, GuidanceMeetingBooked),
        cancelled_at=at,
        reason=reason,
    )


def moved_along(state: State, inspector: str, at: datetime) -> tuple[Event, ...]:
    """R15: returns the booked meeting for the next inspector, at its time; times that are only offered fall away."""
    match _ahead(state, at):
        case MeetingTimesOffered() as offered:
            return (cancelled(offered, MeetingCancelCause.INSPECTOR_CHANGED, at),)
        case GuidanceMeetingBooked() as booked:
            return (booked.model_copy(update={"inspector": inspector}),)
        case None:
            return ()


def ended(state: State, at: datetime) -> tuple[Event, ...]:
    """R12: returns what falls away when the agreement ends."""
    appointment = _ahead(state, at)
    return () if appointment is None else (cancelled(appointment, MeetingCancelCause.AGREEMENT_ENDED, at),)


def expired(state: State, at: datetime) -> tuple[Event, ...]:
    """R12: records that the company chose none of the times."""
    match _open(state):
        case MeetingTimesOffered() as offered:
            return (MeetingTimesExpired(agreement_id=offered.agreement_id, meeting_id=offered.meeting_id, at=at),)
        case _:
            return ()


def choice_due(state: State) -> datetime | None:
    """R12: returns when the times that await the company's choice fall away; None where none are offered.

    A while after the last moment, so that no choice on its way is overtaken.
    """
    match _open(state):
        case MeetingTimesOffered() as offered:
            return offered.choose_before + _GRACE
        case _:
            return None


def refuse_other_meeting(known: About, meeting_id: UUID | None, held_at: datetime, *, informal: bool) -> None:
    """R12: refuses the report of a booked meeting under an id that no booked meeting has.

    Also refuses a report of guidance on the day of a booked meeting that does not say whether it was that one.
    """
    booked = known.appointment if isinstance(known.appointment, GuidanceMeetingBooked) else None
    if meeting_id is not None and (booked is None or booked.meeting_id != meeting_id):
        raise Refused("R12", "meeting {meeting_id} is not booked", meeting_id=meeting_id)
    if meeting_id is None and booked is not None and not informal and local_day(held_at) == booked.time.day:
        raise Refused("R12", "a meeting is booked on that day: say that it was this one, or cancel it before")


def _has_begun(appointment: MeetingTimesOffered | GuidanceMeetingBooked, at: datetime) -> bool:
    if isinstance(appointment, MeetingTimesOffered):
        return False
    return moment_of(appointment.time.day, appointment.time.begins) <= at


def _ahead(state: State, at: datetime) -> MeetingTimesOffered | GuidanceMeetingBooked | None:
    """What has begun neither falls away nor moves: its report says what became of it."""
    appointment = _open(state)
    return None if appointment is None or _has_begun(appointment, at) else appointment


def _open(state: State) -> MeetingTimesOffered | GuidanceMeetingBooked | None:
    return None if isinstance(state, Unknown | Closed) else state.about.appointment


def _appointment(state: State, meeting_id: UUID) -> MeetingTimesOffered | GuidanceMeetingBooked:
    appointment = running_agreement(state).appointment
    if appointment is None or appointment.meeting_id != meeting_id:
        raise Refused(
            "R12", "no times are offered, and no meeting is booked, under {meeting_id}", meeting_id=meeting_id
        )
    return appointment
