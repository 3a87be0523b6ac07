"""The facts and commands from which the tests of guidance tell their stories."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.guidance.rules.guidance_decider import GUIDANCE
from services.guidance.rules.meetings import RecordMeeting
from services.guidance.rules.offering import AnswerGuidance, OfferGuidance
from services.guidance.rules.schedule import ScheduleGuidance
from shared.contracts.control import ControlTurnedIntoGuidance
from shared.contracts.guidance import (
    FirstMeetingReport,
    GuidanceAccepted,
    GuidanceBecameOverdue,
    GuidanceClosed,
    GuidanceDeclined,
    GuidanceFellDue,
    GuidanceHeld,
    GuidanceOffered,
    GuidanceOpened,
    GuidanceScheduled,
    OfferedGuidance,
)
from shared.contracts.vocabulary import AgreementKind, ContactForm, Involvement, Participation
from shared.deadlines.copenhagen import end_of, start_of
from shared.deadlines.deadlines import compliance_deadline
from shared.policy.policies import load_policies
from tests.unit.scenario import scenarios_of

CVR, UNIT, INSPECTOR = "13748136", "1000000001", "inspector-1"
AGREEMENT = UUID(int=1)
MEETING = UUID(int=2)
CONTROL = UUID(int=3)
POLICIES = load_policies()
ACCEPTED_AT = datetime.fromisoformat("2026-03-20T10:00+01:00")
DUE = date(2026, 4, 20)
"""94 days from 20 March to 22 June; a third of them is 31."""
OVERDUE_AT = end_of(date(2026, 5, 4))
given = scenarios_of(GUIDANCE)


def at(day: str, time: str = "10:00+02:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}")


MEETING_TIME = at("2026-04-22")


def schedule(months: int = 3, inspector: str = INSPECTOR) -> ScheduleGuidance:
    policy = POLICIES.at(ACCEPTED_AT)
    return ScheduleGuidance(
        at=ACCEPTED_AT,
        policy=policy,
        agreement_id=AGREEMENT,
        accepted_at=ACCEPTED_AT,
        compliance_deadline=compliance_deadline(ACCEPTED_AT, months, policy),
        inspector=inspector,
        cvr=CVR,
        p_number=UNIT,
    )


def opened() -> GuidanceOpened:
    return GuidanceOpened(
        agreement_id=AGREEMENT,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspector=INSPECTOR,
        opened_at=at("2026-03-05", "10:00+01:00"),
    )


def scheduled(months: int = 3) -> GuidanceScheduled:
    return given().when(schedule(months)).one(GuidanceScheduled)


def fell_due() -> GuidanceFellDue:
    return GuidanceFellDue(agreement_id=AGREEMENT, at=start_of(DUE))


def became_overdue() -> GuidanceBecameOverdue:
    return GuidanceBecameOverdue(agreement_id=AGREEMENT, at=OVERDUE_AT)


def offer() -> OfferGuidance:
    return OfferGuidance(at=at("2026-04-16"), inspector="inspector-1", told=OfferedGuidance(form=ContactForm.PHONE))


def offered() -> GuidanceOffered:
    return GuidanceOffered(
        agreement_id=AGREEMENT, form=ContactForm.PHONE, offered_at=at("2026-04-16"), offered_by="inspector-1"
    )


def accepted() -> GuidanceAccepted:
    return GuidanceAccepted(agreement_id=AGREEMENT, answered_at=at("2026-04-17"))


def declined() -> GuidanceDeclined:
    return GuidanceDeclined(agreement_id=AGREEMENT, answered_at=at("2026-04-17"), reason="knows-the-solution")


def told(**changes: Any) -> dict[str, Any]:
    """What is told of a meeting."""
    values: dict[str, Any] = {
        "form": ContactForm.VIRTUAL,
        "participants": ("manager", "safety_representative"),
        "involvement": Involvement(safety_representative=Participation.TOOK_PART),
        "minutes_spent": 50,
        "summary": "Planned a trial of the lift.",
    }
    return {**values, **changes}


def record_meeting(meeting_id: UUID = MEETING, held_at: datetime = MEETING_TIME, **changes: Any) -> RecordMeeting:
    now = at("2026-04-22", "12:00+02:00")
    report = FirstMeetingReport(usefulness=4, **told(**changes))
    return RecordMeeting(at=now, meeting_id=meeting_id, inspector="inspector-2", held_at=held_at, told=report)


def held(**changes: Any) -> GuidanceHeld:
    values: dict[str, Any] = {
        "agreement_id": AGREEMENT,
        "meeting_id": MEETING,
        "form": ContactForm.VIRTUAL,
        "held_at": at("2026-04-22"),
        "inspector": "inspector-2",
        "participants": ("manager", "safety_representative"),
        "involvement": Involvement(safety_representative=Participation.TOOK_PART),
        "minutes_spent": 50,
        "usefulness": 4,
        "stands": "held",
        "summary": "Planned a trial of the lift.",
    }
    return GuidanceHeld(**{**values, **changes})


def turned_control() -> ControlTurnedIntoGuidance:
    return ControlTurnedIntoGuidance(
        agreement_id=AGREEMENT,
        control_id=CONTROL,
        held_at=at("2026-06-10"),
        inspector="inspector-1",
        form=ContactForm.VISIT,
        reason="work_unfinished",
        participants=("manager", "employees"),
        purposes=("control",),
        involvement=Involvement(employees=Participation.CONSULTED),
    )


def closed() -> GuidanceClosed:
    return GuidanceClosed(agreement_id=AGREEMENT, at=at("2026-06-23"))


def answer(*, yes: bool, reason: str | None = None) -> AnswerGuidance:
    return AnswerGuidance(at=at("2026-04-17"), accepted=yes, reason=reason)
