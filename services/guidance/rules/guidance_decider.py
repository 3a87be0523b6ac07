"""Guidance of one agreement, and the contacts about it: which rule answers which command (R5, R12, R33)."""

from collections.abc import Sequence
from typing import assert_never

from services.guidance.rules import appointments, meetings, offering, recounted_due, schedule, understanding
from services.guidance.rules.appointments import CancelMeeting, ChooseTime, NoteLostPlace, OfferTimes
from services.guidance.rules.meetings import CorrectMeeting, NoteTurnedControl, RateUsefulness, RecordMeeting
from services.guidance.rules.offering import AnswerGuidance, OfferGuidance
from services.guidance.rules.phases import CHANGES_NOTHING, State, Unknown, about, evolve
from services.guidance.rules.schedule import CloseGuidance, NoteInspector, NoteTakenOver, OpenGuidance, ScheduleGuidance
from services.guidance.rules.understanding import AskWhetherUnderstood, CorrectUnderstanding
from shared.deadlines.recounting import RecountDeadlines
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event

Command = (
    OpenGuidance
    | AskWhetherUnderstood
    | CorrectUnderstanding
    | ScheduleGuidance
    | NoteInspector
    | OfferGuidance
    | AnswerGuidance
    | OfferTimes
    | ChooseTime
    | CancelMeeting
    | NoteLostPlace
    | RecordMeeting
    | CorrectMeeting
    | RateUsefulness
    | NoteTurnedControl
    | CloseGuidance
    | RecountDeadlines
    | NoteTakenOver
    | TimerDue
)


def decide(state: State, command: Command) -> Sequence[Event]:
    """Decides a command by the rule for it. Refuses with the rule's id, but never a reaction or a timer."""
    match command:
        case OpenGuidance():
            return schedule.open_guidance(state, command)
        case ScheduleGuidance():
            return schedule.schedule(state, command)
        case NoteInspector():
            return schedule.note_inspector(state, command)
        case CloseGuidance():
            return schedule.close(state, command)
        case RecountDeadlines():
            return recounted_due.recount(state, command)
        case NoteTakenOver():
            return schedule.note_taken_over(state, command)
        case TimerDue():
            return schedule.fall_due(state, command)
        case NoteTurnedControl():
            return (meetings.take_over(state, command),)
        case NoteLostPlace():
            return appointments.note_lost_place(state, command)
        case OfferTimes():
            return appointments.offer_times(state, command)
        case ChooseTime():
            return appointments.choose_time(state, command)
        case CancelMeeting():
            return (appointments.cancel_meeting(state, command),)
        case AskWhetherUnderstood():
            return (understanding.ask(state, command),)
        case CorrectUnderstanding():
            return (understanding.correct(state, command),)
        case OfferGuidance():
            return (offering.offer(state, command),)
        case AnswerGuidance():
            return (offering.answer(state, command),)
        case RecordMeeting():
            return (meetings.record(state, command),)
        case CorrectMeeting():
            return (meetings.correct(state, command),)
        case RateUsefulness():
            return (meetings.rate(state, command),)
        case _:
            assert_never(command)


def concerns(state: State) -> dict[str, str]:
    """Returns the legal entity and the unit; nothing if they are not known."""
    known = about(state)
    if known is None or known.cvr is None or known.p_number is None:
        return {}
    return {"cvr": known.cvr, "pnumber": known.p_number}


def responsible(state: State) -> str | None:
    """R15: returns the responsible inspector, for whom others of the authority stand in; None if not known."""
    known = about(state)
    return None if known is None else known.inspector


GUIDANCE: Decider[State, Command] = Decider(
    name="guidance",
    initial=Unknown(),
    decide=decide,
    evolve=evolve,
    timers=schedule.timers,
    concerns=concerns,
    responsible=responsible,
    changes_nothing=CHANGES_NOTHING,
    of_a_case=True,
)
