"""The phases of guidance from the offer of an agreement to its end, and how facts lead from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from shared.contracts.guidance import (
    GuidanceAccepted,
    GuidanceBecameOverdue,
    GuidanceClosed,
    GuidanceDeclined,
    GuidanceFellDue,
    GuidanceMeetingBooked,
    GuidanceOffered,
    GuidanceOpened,
    GuidanceReassigned,
    GuidanceScheduled,
    GuidanceStands,
    GuidanceTakenOver,
    MeetingReport,
    MeetingTimesExpired,
    MeetingTimesOffered,
    UnderstandingReport,
    UsefulnessRated,
)
from shared.contracts.public_forms import (
    GuidanceDueRecounted,
    GuidanceHeld,
    GuidanceMeetingCancelled,
    MeetingCorrected,
    OfferUnderstandingAsked,
    OfferUnderstandingCorrected,
)
from shared.eventstore.events import Event, private_fields


@dataclass(frozen=True)
class About:
    """What is known in every phase.

    As a company sees it, the dates are missing: they are for the authority only.
    """

    agreement_id: UUID
    cvr: str | None = None
    p_number: str | None = None
    inspector: str | None = None
    """R15: id of the inspector who is responsible now."""
    opened: GuidanceOpened | None = None
    scheduled: GuidanceScheduled | None = None
    meetings: Mapping[UUID, GuidanceHeld] = field(default_factory=dict)
    """Every meeting and contact, as corrected (R30)."""
    appointment: MeetingTimesOffered | GuidanceMeetingBooked | None = None
    """R12: times that await the company's choice, or the meeting that is booked."""
    asked: Mapping[UUID, OfferUnderstandingAsked] = field(default_factory=dict)
    """Every contact about the unanswered offer, as corrected (R5, R30)."""


@dataclass(frozen=True)
class Unknown:
    """No agreement was offered, as far as this service knows."""


@dataclass(frozen=True)
class Opened:
    """An agreement was offered and is not answered yet; contacts about the offer are recorded (R5)."""

    about: About


@dataclass(frozen=True)
class Awaited:
    """The agreement runs, and the inspector has not offered guidance yet (R12)."""

    about: About
    scheduled: GuidanceScheduled
    fell_due: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class Offered:
    """Guidance was offered, and the company has not answered yet."""

    about: About
    offer: GuidanceOffered


@dataclass(frozen=True)
class Answered:
    """The company said yes or no to the offer of guidance; no guidance was given on it yet."""

    about: About
    offer: GuidanceOffered
    accepted: bool


@dataclass(frozen=True)
class Held:
    """Guidance was given."""

    about: About
    held: GuidanceHeld
    before: "Opened | Awaited | Offered | Answered"
    """The phase to return to if corrections make all that was held informal (R30)."""
    meetings: frozenset[UUID]
    """Ids of the meetings that were guidance."""


@dataclass(frozen=True)
class Closed:
    """The offer or the agreement has ended; no guidance is due or can be offered."""

    about: About
    closed: GuidanceClosed


Known = Opened | Awaited | Offered | Answered | Held | Closed
State = Unknown | Opened | Awaited | Offered | Answered | Held | Closed


CHANGES_NOTHING: frozenset[type[Event]] = frozenset({UsefulnessRated, GuidanceTakenOver})
"""R12: no decision depends on how useful a meeting was; the views and figures read it from the history.

R28: that a case was taken over arms its timers again, and changes nothing else.
"""


def evolve(state: State, event: Event) -> State:
    """Returns the next phase; facts that do not fit leave it unchanged.

    The facts that the company may see can be folded without the others.
    """
    match event:
        case GuidanceOpened():
            return _opened(state, event)
        case GuidanceScheduled():
            return _scheduled(state, event)
        case GuidanceDueRecounted():
            return _recounted(state, event)
        case GuidanceHeld():
            return _held(state, event)
        case MeetingCorrected():
            return _corrected(state, event)
        case OfferUnderstandingAsked() | OfferUnderstandingCorrected():
            return _asked(state, event)
        case MeetingTimesOffered() | GuidanceMeetingBooked():
            return _with_appointment(state, event)
        case MeetingTimesExpired() | GuidanceMeetingCancelled():
            return _with_appointment(state, None)
    match state, event:
        case Closed(), GuidanceReassigned():
            return replace(state, about=replace(state.about, inspector=event.inspector))
        case Closed(), _:
            return state
        case Awaited(), GuidanceFellDue():
            return replace(state, fell_due=True)
        case Awaited(), GuidanceBecameOverdue():
            return replace(state, overdue=True)
        case _, GuidanceOffered():
            return Offered(_about(state, event.agreement_id), event)
        case Offered(), (GuidanceAccepted() | GuidanceDeclined()):
            return Answered(state.about, state.offer, isinstance(event, GuidanceAccepted))
        case _, GuidanceClosed():
            return Closed(_about(state, event.agreement_id), event)
        case _:
            return state


def how_it_stands(state: State) -> str:
    """Returns a word for the phase, for refusals and views."""
    match state:
        case Awaited(overdue=True):
            return "overdue"
        case Awaited(fell_due=True):
            return "due"
        case _:
            return stands(state).replace("_", " ")


def stands(state: State) -> GuidanceStands:
    """Returns the phase in the words that everybody may see, without what is due."""
    match state:
        case Unknown() | Opened() | Awaited():
            return GuidanceStands.NOT_OFFERED
        case Offered():
            return GuidanceStands.OFFERED
        case Answered(accepted=accepted):
            return GuidanceStands.ACCEPTED if accepted else GuidanceStands.DECLINED
        case Held():
            return GuidanceStands.HELD
        case Closed():
            return GuidanceStands.CLOSED


def about(state: State) -> About | None:
    """Returns what is known in any phase; None if nothing is known."""
    return None if isinstance(state, Unknown) else state.about


def discharges(state: State, held: GuidanceHeld) -> bool:
    """R12, R21: returns whether a meeting counts as guidance: after an offer, or as a control turned into guidance.

    An informal contact never does.
    """
    if held.informal:
        return False
    return isinstance(state, Offered | Answered | Held) or held.from_control is not None


def _about(state: State, agreement_id: UUID) -> About:
    return About(agreement_id) if isinstance(state, Unknown) else state.about


def _opened(state: State, event: GuidanceOpened) -> State:
    known = replace(
        _about(state, event.agreement_id),
        cvr=event.cvr,
        p_number=event.p_number,
        inspector=event.inspector,
        opened=event,
    )
    return Opened(known) if isinstance(state, Unknown | Opened) else replace(state, about=known)


def _scheduled(state: State, event: GuidanceScheduled) -> State:
    """R13: what was due on the old dates is not yet due on the new ones; what was offered stays so."""
    known = replace(
        _about(state, event.agreement_id),
        cvr=event.cvr,
        p_number=event.p_number,
        inspector=event.inspector,
        scheduled=event,
    )
    match state:
        case Unknown() | Opened():
            return Awaited(known, event)
        case Awaited() if state.scheduled.due == event.due:
            return replace(state, about=known, scheduled=event)
        case Awaited():
            return Awaited(known, event)
        case _:
            return replace(state, about=known)


def _recounted(state: State, event: GuidanceDueRecounted) -> State:
    """R27: as scheduled anew, with the dates of the corrected calendar."""
    known = about(state)
    if known is None or known.scheduled is None:
        return state
    dates = {name: getattr(event, name) for name in ("due", "coming_due_at", "overdue_at")}
    return _scheduled(state, known.scheduled.model_copy(update=dates))


def _held(state: State, event: GuidanceHeld) -> State:
    known = _about(state, event.agreement_id)
    was_booked = known.appointment is not None and known.appointment.meeting_id == event.meeting_id
    known = replace(
        known,
        meetings={**known.meetings, event.meeting_id: event},
        appointment=None if was_booked else known.appointment,
    )
    if isinstance(state, Unknown):
        state = Opened(known)
    now = replace(state, about=known)
    return _discharged(now, event) if discharges(now, event) else now


def _corrected(state: State, event: MeetingCorrected) -> State:
    if isinstance(state, Unknown) or event.meeting_id not in state.about.meetings:
        return state
    told = {name: getattr(event, name) for name in _CORRECTABLE}
    meeting = state.about.meetings[event.meeting_id].model_copy(update=told)
    known = replace(state.about, meetings={**state.about.meetings, event.meeting_id: meeting})
    now = replace(state, about=known)
    if isinstance(now, Held) and meeting.meeting_id in now.meetings:
        return _without(now, meeting.meeting_id) if meeting.informal else now
    beforehand = isinstance(now, Offered | Answered) and meeting.held_at < now.offer.offered_at
    return _discharged(now, meeting) if discharges(now, meeting) and not beforehand else now


def _with_appointment(state: State, appointment: MeetingTimesOffered | GuidanceMeetingBooked | None) -> State:
    return state if isinstance(state, Unknown) else replace(state, about=replace(state.about, appointment=appointment))


def _asked(state: State, event: OfferUnderstandingAsked | OfferUnderstandingCorrected) -> State:
    if isinstance(state, Unknown):
        return state
    asked = state.about.asked
    match event:
        case OfferUnderstandingAsked():
            now = event
        case _ if event.contact_id in asked:
            told = {name: getattr(event, name) for name in _SAID}
            now = asked[event.contact_id].model_copy(update=told)
        case _:
            return state
    return replace(state, about=replace(state.about, asked={**asked, event.contact_id: now}))


def _discharged(state: Known, held: GuidanceHeld) -> State:
    """R12: guidance was given, unless all has ended."""
    match state:
        case Closed():
            return state
        case Held():
            return replace(state, held=held, meetings=state.meetings | {held.meeting_id})
        case _:
            return Held(state.about, held, before=state, meetings=frozenset({held.meeting_id}))


def _without(state: Held, meeting_id: UUID) -> State:
    """R30: as it stands when that meeting was no guidance."""
    left = state.meetings - {meeting_id}
    return replace(state, meetings=left) if left else replace(state.before, about=state.about)


_CORRECTABLE = {"held_at", *MeetingReport.model_fields} - private_fields(MeetingCorrected).keys()
_SAID = {"held_at", *UnderstandingReport.model_fields} - private_fields(OfferUnderstandingCorrected).keys()
