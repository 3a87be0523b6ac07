"""When guidance must be offered, and what happens when it is not (R12, R13, R15, R28)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.guidance.rules import appointments
from services.guidance.rules.phases import Awaited, Closed, Opened, State, Unknown
from shared.contracts.guidance import (
    GuidanceBecameOverdue,
    GuidanceClosed,
    GuidanceFellDue,
    GuidanceOpened,
    GuidanceReassigned,
    GuidanceScheduled,
    GuidanceTakenOver,
)
from shared.contracts.public_forms import OfferSent
from shared.deadlines.copenhagen import start_of
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import guidance_coming_due_at, guidance_due, guidance_overdue_at
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class GuidanceTimer(StrEnum):
    """Names of the timers of guidance that is not offered, and of times that await the company's choice."""

    DUE = "due"
    OVERDUE = "overdue"
    CHOICE = "choice"


DUE = GuidanceTimer.DUE
OVERDUE = GuidanceTimer.OVERDUE
CHOICE = GuidanceTimer.CHOICE


@dataclass(frozen=True)
class OpenGuidance:
    """Reaction: an agreement was offered (R5)."""

    at: datetime
    fact: OfferSent


@dataclass(frozen=True)
class ScheduleGuidance:
    """Reaction: the agreement has a compliance deadline, or has a new one from now on."""

    at: datetime
    policy: Policy
    agreement_id: UUID
    accepted_at: datetime
    compliance_deadline: Deadline
    inspector: str
    cvr: str | None = None
    """None if it is known already."""
    p_number: str | None = None


@dataclass(frozen=True)
class NoteInspector:
    """Reaction: another inspector is responsible (R15)."""

    at: datetime
    inspector: str


@dataclass(frozen=True)
class CloseGuidance:
    """Reaction: the offer was not accepted, or the agreement has ended."""

    at: datetime
    agreement_id: UUID


@dataclass(frozen=True)
class NoteTakenOver:
    """Reaction: a case that was history was taken over at offers (R28)."""

    agreement_id: UUID
    live_from: datetime


def open_guidance(state: State, command: OpenGuidance) -> Sequence[Event]:
    """R5: records that an agreement was offered, so that contacts about the offer can be recorded from now on."""
    if not isinstance(state, Unknown):
        return ()
    fact = command.fact
    return (
        GuidanceOpened(
            agreement_id=fact.agreement_id,
            kind=fact.kind,
            cvr=fact.cvr,
            p_number=fact.p_number,
            topic=fact.topic,
            inspector=fact.inspector,
            opened_at=fact.sent_at,
        ),
    )


def schedule(state: State, command: ScheduleGuidance) -> Sequence[Event]:
    """R12, R13: schedules guidance at a third of the period, and again if the compliance deadline changes.

    Only dates that change are recorded, and none after the end of the agreement.
    """
    known = None if isinstance(state, Unknown) else state.about
    cvr = command.cvr or (known.cvr if known else None)
    p_number = command.p_number or (known.p_number if known else None)
    before = known.scheduled.due if known is not None and known.scheduled is not None else None
    due = guidance_due(command.accepted_at, command.compliance_deadline, command.policy, before)
    unchanged = before == due
    if isinstance(state, Closed) or unchanged or cvr is None or p_number is None:
        return ()
    return (
        GuidanceScheduled(
            agreement_id=command.agreement_id,
            cvr=cvr,
            p_number=p_number,
            inspector=command.inspector,
            due=due,
            coming_due_at=guidance_coming_due_at(due, command.policy),
            overdue_at=guidance_overdue_at(due, command.policy),
        ),
    )


def note_inspector(state: State, command: NoteInspector) -> Sequence[Event]:
    """R15, R30: records another inspector; what is due moves along and does not fall due again.

    After the end, only the inspector for whom others stand in changes.
    """
    if isinstance(state, Unknown) or state.about.inspector == command.inspector:
        return ()
    if isinstance(state, Closed):
        agreement_id = state.about.agreement_id
        return (GuidanceReassigned(agreement_id=agreement_id, inspector=command.inspector, noted_at=command.at),)
    told = state.about.scheduled or state.about.opened
    if told is None:
        return ()
    meeting = appointments.moved_along(state, command.inspector, command.at)
    return told.model_copy(update={"inspector": command.inspector}), *meeting


def note_taken_over(state: State, command: NoteTakenOver) -> Sequence[Event]:
    """R12, R28: lets what is to come fall due from now on; nothing if this service knows nothing of the case."""
    if isinstance(state, Unknown):
        return ()
    return (GuidanceTakenOver(agreement_id=command.agreement_id, live_from=command.live_from),)


def close(state: State, command: CloseGuidance) -> Sequence[Event]:
    """Ends guidance: nothing falls due any more, but contacts can still be recorded (R12)."""
    if isinstance(state, Unknown | Closed):
        return ()
    return *appointments.ended(state, command.at), GuidanceClosed(agreement_id=command.agreement_id, at=command.at)


def fall_due(state: State, timer: TimerDue) -> Sequence[Event]:
    """R12, R28: records that guidance is due, and later that it is overdue, or that the company chose no time.

    Skips a timer that is no longer current.
    """
    if isinstance(state, Unknown) or timers(state).get(timer.name) != timer.due:
        return ()
    name = GuidanceTimer(timer.name)
    match name:
        case GuidanceTimer.DUE:
            return (GuidanceFellDue(agreement_id=state.about.agreement_id, at=timer.at),)
        case GuidanceTimer.OVERDUE:
            return (GuidanceBecameOverdue(agreement_id=state.about.agreement_id, at=timer.at),)
        case GuidanceTimer.CHOICE:
            return appointments.expired(state, timer.at)
        case _:
            assert_never(name)


def timers(state: State) -> dict[str, datetime]:
    """R12: returns the timers of guidance that is not offered: due as its last day begins, overdue a while after it.

    Where times await the company's choice, they fall away by a timer of their own.
    """
    choice = appointments.choice_due(state)
    wanted: dict[str, datetime] = {} if choice is None else {CHOICE: choice}
    if not isinstance(state, Awaited):
        return wanted
    if not state.overdue:
        wanted[OVERDUE] = state.scheduled.overdue_at
    if not state.fell_due:
        wanted[DUE] = start_of(state.scheduled.due.last_day)
    return wanted


def due_of(state: State) -> Deadline | None:
    """R12: returns until when guidance is offered in time; None if that is not known."""
    if isinstance(state, Unknown | Opened) or state.about.scheduled is None:
        return None
    return state.about.scheduled.due
