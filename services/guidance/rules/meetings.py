"""Meetings and informal contacts: recorded, corrected, and found useful or not (R12, R21, R30, R33, R37)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.guidance.rules.appointments import refuse_other_meeting
from services.guidance.rules.phases import About, Opened, State, Unknown, evolve, stands
from shared.contracts.guidance import FirstMeetingReport, GuidanceHeld, MeetingCorrected, MeetingReport, UsefulnessRated
from shared.contracts.public_forms import ControlTurnedIntoGuidance
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class RecordMeeting:
    """A meeting or an informal contact that took place."""

    at: datetime
    meeting_id: UUID
    inspector: str
    held_at: datetime
    told: FirstMeetingReport
    booked_as: UUID | None = None
    """R12: the id of the booked meeting that this was, if it was one."""


@dataclass(frozen=True)
class CorrectMeeting:
    """A meeting was recorded wrongly (R30)."""

    at: datetime
    meeting_id: UUID
    by: str
    held_at: datetime
    told: MeetingReport
    reason: str


@dataclass(frozen=True)
class RateUsefulness:
    """The company says how useful a meeting was (R12)."""

    at: datetime
    meeting_id: UUID
    by: str
    usefulness: int


@dataclass(frozen=True)
class NoteTurnedControl:
    """Reaction: a control that could not decide was turned into guidance (R21)."""

    at: datetime
    fact: ControlTurnedIntoGuidance


def record(state: State, command: RecordMeeting) -> GuidanceHeld:
    """R12, R33: records a meeting or an informal contact, also before an offer and after the end of the agreement.

    Refuses a meeting that is yet to come, and one under the id of a booked meeting that no booked meeting has.
    """
    known = known_agreement(state)
    refuse_impossible_meeting(state, command)
    refuse_other_meeting(known, command.booked_as, command.held_at, informal=command.told.informal)
    held = GuidanceHeld(
        agreement_id=known.agreement_id,
        meeting_id=command.booked_as or command.meeting_id,
        held_at=command.held_at,
        inspector=command.inspector,
        **dict(command.told),
    )
    return held.model_copy(update={"stands": stands(evolve(state, held))})


def correct(state: State, command: CorrectMeeting) -> MeetingCorrected:
    """R30: records how a meeting really was; the first record stays in the history."""
    known = known_meeting(state, command.meeting_id)
    refuse_impossible_meeting(state, command)
    corrected = MeetingCorrected(
        agreement_id=known.agreement_id,
        meeting_id=command.meeting_id,
        corrected_at=command.at,
        corrected_by=command.by,
        held_at=command.held_at,
        reason=command.reason,
        **dict(command.told),
    )
    return corrected.model_copy(update={"stands": stands(evolve(state, corrected))})


def rate(state: State, command: RateUsefulness) -> UsefulnessRated:
    """R12: records how useful a meeting was, if the company wishes to say so; a later answer replaces the earlier."""
    known = known_meeting(state, command.meeting_id)
    return UsefulnessRated(
        agreement_id=known.agreement_id,
        meeting_id=command.meeting_id,
        usefulness=command.usefulness,
        rated_at=command.at,
        rated_by=command.by,
    )


def take_over(state: State, command: NoteTurnedControl) -> GuidanceHeld:
    """R21: records a control that became guidance as a meeting, under the id of the control."""
    fact = command.fact
    held = GuidanceHeld(
        agreement_id=fact.agreement_id,
        meeting_id=fact.control_id,
        form=fact.form,
        held_at=fact.held_at,
        inspector=fact.inspector,
        participants=fact.participants,
        purposes=fact.purposes,
        involvement=fact.involvement,
        minutes_spent=fact.minutes_spent,
        from_control=fact.control_id,
    )
    return held.model_copy(update={"stands": stands(evolve(state, held))})


def known_agreement(state: State) -> About:
    """R12: returns what is known of the agreement. Refuses if none was offered."""
    if isinstance(state, Unknown):
        raise Refused("R12", "no agreement was offered")
    return state.about


def known_meeting(state: State, meeting_id: UUID) -> About:
    """R12, R30: returns what is known of the agreement. Refuses a meeting that is not recorded."""
    known = known_agreement(state)
    if meeting_id not in known.meetings:
        raise Refused("R12", "meeting {meeting_id} is not known", meeting_id=meeting_id)
    return known


def refuse_impossible_meeting(state: State, command: RecordMeeting | CorrectMeeting) -> None:
    """R12, R15: refuses a meeting for every fault in its report at once: time, form and participants."""
    with every_fault() as check:
        check(refuse_yet_to_come, command.held_at, command.at)
        check(refuse_formal_before_the_answer, state, command.told)
        check(refuse_formal_with_nobody, command.told)


def refuse_yet_to_come(held_at: datetime, at: datetime) -> None:
    """R12: refuses a meeting that has not been held yet."""
    if held_at > at:
        raise Refused("R12", "{held_at} has not come yet", held_at=held_at.isoformat())


def refuse_formal_before_the_answer(state: State, told: MeetingReport) -> None:
    """R12: refuses a meeting that is not informal before the offer is accepted.

    Guidance belongs to an agreement that runs; a conversation about the offer is an informal contact.
    """
    if isinstance(state, Opened) and not told.informal:
        raise Refused("R12", "before the offer is accepted a contact is informal")


def refuse_formal_with_nobody(told: MeetingReport) -> None:
    """R12, R15: refuses guidance without participants; only an informal contact may leave them unknown."""
    if not told.informal and not told.participants:
        raise Refused("R12", "who took part in the guidance?")
