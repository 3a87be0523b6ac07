"""A guidance meeting at which the company showed that it is done becomes the control (R21)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.phases import Running
from shared.contracts.control import GuidanceMeetingNoted
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy
from shared.reference.reference import topics


@dataclass(frozen=True)
class NoteMeeting:
    """Reaction: guidance recorded a meeting, or corrected it."""

    meeting_id: UUID
    form: ContactForm
    held_at: datetime


def note(course: Running, command: NoteMeeting) -> tuple[GuidanceMeetingNoted, ...]:
    """R21: records a meeting, so that it can become the control; an unchanged meeting is not recorded again."""
    noted = GuidanceMeetingNoted(
        agreement_id=course.started.agreement_id,
        meeting_id=command.meeting_id,
        form=command.form,
        held_at=command.held_at,
    )
    return () if course.meetings.get(command.meeting_id) == noted else (noted,)


def require_meeting(course: Running, place: UUID, meeting_id: UUID, policy: Policy) -> GuidanceMeetingNoted:
    """R21: returns a meeting that can become the control.

    Refuses topics of certain groups, unknown meetings, and meetings that became a control already. Refuses a meeting
    before the company reported back, or before a control that decided nothing.
    """
    group = topics()[course.started.topic].group
    if group in policy.control.guidance_into_control_not_for:
        raise Refused("R21", "on {group} problems guidance does not become the control", group=group)
    meeting = course.meetings.get(meeting_id)
    if meeting is None:
        raise Refused("R21", "meeting {meeting_id} is not known", meeting_id=meeting_id)
    with every_fault() as check:
        check(refuse_not_reported_back, course, meeting.held_at)
        if place in course.reopened and meeting.held_at <= course.reopened[place]:
            why = "a control decided nothing after that meeting, at {at}"
            check.note(Refused("R21", why, at=course.reopened[place]))
        if any(result.from_meeting == meeting_id for result in course.results.values()):
            why = "meeting {meeting_id} became a control already"
            check.note(Refused("R21", why, meeting_id=meeting_id, held_at=meeting.held_at))
    return meeting


def refuse_not_reported_back(course: Running, held_at: datetime) -> None:
    """R21: refuses a time at which the company had not yet reported that it is done."""
    if course.complete is None or course.complete.received_at > held_at:
        raise Refused("R21", "the company had not reported back at {held_at}", held_at=held_at)
