"""Occasions of guidance, from when it is due to its meeting (R12, R21, R29)."""

from collections.abc import Iterator

from services.notices.rules.moments import days_before
from services.notices.rules.occasion import (
    AT_THE_UNIT,
    INSPECTOR,
    WITH_LEADER,
    Given,
    OccasionRule,
    When,
    at_once,
    ends,
)
from shared.contracts.guidance import (
    GuidanceAccepted,
    GuidanceBecameOverdue,
    GuidanceClosed,
    GuidanceDeclined,
    GuidanceFellDue,
    GuidanceMeetingBooked,
    GuidanceOffered,
    GuidanceScheduled,
    MeetingTimesExpired,
    MeetingTimesOffered,
)
from shared.contracts.notices import Occasion
from shared.contracts.public_forms import GuidanceMeetingCancelled
from shared.contracts.vocabulary import MeetingCancelCause
from shared.deadlines.copenhagen import moment_of


def _coming_due(fact: GuidanceScheduled, _: Given) -> Iterator[When]:
    """R12, R29: some days before guidance has to be offered at the latest."""
    yield When(fact.coming_due_at, fact.due.ends_at)


def _answered(fact: GuidanceAccepted | GuidanceDeclined, given: Given) -> Iterator[When]:
    yield given.at_once(code="accepted" if isinstance(fact, GuidanceAccepted) else "declined")


def _times(fact: MeetingTimesOffered, given: Given) -> Iterator[When]:
    """R12: for as long as a time can be chosen."""
    yield When(given.at, fact.choose_before, about=str(fact.meeting_id))


def _in_a_week(fact: GuidanceMeetingBooked, given: Given) -> Iterator[When]:
    """R21: a company that reports back before the meeting may have it as its control, except on some problems."""
    if given.problem_group not in given.policy.control.guidance_into_control_not_for:
        begins = moment_of(fact.time.day, fact.time.begins)
        due = days_before(fact.time.day, given.policy.notices.meeting_days, given.policy)
        yield When(due, begins, about=str(fact.meeting_id))


def _cancelled(fact: GuidanceMeetingCancelled, given: Given) -> Iterator[When]:
    """R12: a company that said itself that no time suits is not told so."""
    if fact.cause is not MeetingCancelCause.NONE_SUITS:
        yield given.at_once(about=str(fact.meeting_id), code="times" if fact.was_booked is False else "meeting")


def _the_meeting(fact: GuidanceMeetingCancelled | GuidanceMeetingBooked | MeetingTimesExpired, about: str) -> bool:
    return about == str(fact.meeting_id)


OCCASIONS = (
    OccasionRule(
        Occasion.GUIDANCE_COMING_DUE,
        "R12, R29",
        INSPECTOR,
        raised_by={GuidanceScheduled: _coming_due},
        ended_by=ends(GuidanceOffered, GuidanceFellDue, GuidanceClosed),
    ),
    OccasionRule(
        Occasion.GUIDANCE_DUE,
        "R12, R29",
        INSPECTOR,
        raised_by={GuidanceFellDue: at_once},
        ended_by=ends(GuidanceOffered, GuidanceBecameOverdue, GuidanceClosed),
        at_once=True,
    ),
    OccasionRule(
        Occasion.GUIDANCE_OVERDUE,
        "R12, R29",
        WITH_LEADER,
        raised_by={GuidanceBecameOverdue: at_once},
        ended_by=ends(GuidanceOffered, GuidanceClosed),
        at_once=True,
    ),
    OccasionRule(
        Occasion.GUIDANCE_OFFERED,
        "R12, R29",
        AT_THE_UNIT,
        raised_by={GuidanceOffered: at_once},
        ended_by=ends(GuidanceAccepted, GuidanceDeclined, GuidanceClosed),
    ),
    OccasionRule(
        Occasion.GUIDANCE_TIMES_OFFERED,
        "R12",
        AT_THE_UNIT,
        raised_by={MeetingTimesOffered: _times},
        ended_by={
            GuidanceMeetingBooked: _the_meeting,
            GuidanceMeetingCancelled: _the_meeting,
            MeetingTimesExpired: _the_meeting,
            **ends(GuidanceClosed),
        },
    ),
    OccasionRule(
        Occasion.GUIDANCE_ANSWERED,
        "R12",
        INSPECTOR,
        raised_by=dict.fromkeys((GuidanceAccepted, GuidanceDeclined), _answered),
        ended_by=ends(GuidanceClosed),
    ),
    OccasionRule(
        Occasion.MEETING_IN_A_WEEK,
        "R12, R21",
        AT_THE_UNIT,
        raised_by={GuidanceMeetingBooked: _in_a_week},
        ended_by={GuidanceMeetingCancelled: _the_meeting, **ends(GuidanceClosed)},
    ),
    OccasionRule(
        Occasion.MEETING_CANCELLED,
        "R12",
        AT_THE_UNIT,
        raised_by={GuidanceMeetingCancelled: _cancelled},
        ended_by=ends(GuidanceClosed),
    ),
)
