"""What a control decides: fulfilled or breached (R20, R22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.control.booking import refuse_form_without_reason, require_booking
from services.control.measures_in_use import refuse_faulty_observations
from services.control.phases import Running
from shared.contracts.control import (
    Breached,
    ControlCompleted,
    Fulfilled,
    HearingOpened,
)
from shared.contracts.vocabulary import (
    ContactForm,
    ControlOutcome,
    FileReference,
    Involvement,
    JudgedBy,
    MeasureObservation,
    SpokeWith,
)
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import follow_up_day, hearing_deadline
from shared.kernel.decider import Refused
from shared.kernel.events import Event
from shared.policy.policy import Policy
from shared.reference.reference import topics


@dataclass(frozen=True)
class CompleteControl:
    """What the inspector found (R20)."""

    at: datetime
    policy: Policy
    inspector: str
    form: ContactForm
    form_reason: str | None
    outcome: ControlOutcome
    judged_by: tuple[JudgedBy, ...]
    spoke_with: tuple[SpokeWith, ...]
    measures: tuple[MeasureObservation, ...]
    involvement: Involvement
    spread_further: bool | None
    findings: str | None
    not_seen: str | None
    photos: tuple[FileReference, ...]


def complete(course: Running, command: CompleteControl) -> Sequence[Event]:
    """R20: no violation on the topic means fulfilled, a violation means breached."""
    booking = require_booking(course)
    refuse_before_its_time(course, command.at)
    refuse_form_without_reason(command.form, command.form_reason)
    refuse_faulty_observations(course.measures, command.measures)
    completed = ControlCompleted(
        agreement_id=course.started.agreement_id,
        control_id=booking.control_id,
        held_at=command.at,
        inspector=command.inspector,
        form=command.form,
        form_reason=command.form_reason,
        outcome=command.outcome,
        judged_by=command.judged_by,
        spoke_with=command.spoke_with,
        measures=command.measures,
        involvement=command.involvement,
        within_window=local_day(command.at) <= course.window.last_day,
        spread_further=command.spread_further,
        findings=command.findings,
        not_seen=command.not_seen,
        photos=command.photos or None,
    )
    if command.outcome is ControlOutcome.NO_VIOLATION:
        return completed, fulfil(course, command)
    return completed, *breach(course, command)


def refuse_before_its_time(course: Running, at: datetime) -> None:
    """R17: the company has its whole period, unless it said itself that the agreement is met."""
    deadline = course.started.compliance_deadline
    if course.complete is None and not deadline.has_passed(at):
        raise Refused("R17", "before {last_day} only once the company is done", last_day=deadline.last_day)


def fulfil(course: Running, command: CompleteControl) -> Fulfilled:
    """R20, R24: and when it is asked about once more."""
    return Fulfilled(
        agreement_id=course.started.agreement_id,
        fulfilled_at=command.at,
        follow_up_on=follow_up_day(command.at, command.policy),
    )


def breach(course: Running, command: CompleteControl) -> tuple[Breached, HearingOpened]:
    """R20, R22: the unit of the agreement is the breaching one; the company is heard, in writing where psychosocial."""
    started = course.started
    answer_deadline = hearing_deadline(command.at, command.policy)
    return (
        Breached(
            agreement_id=started.agreement_id,
            cvr=started.cvr,
            p_number=started.p_number,
            topic=started.topic,
            breached_at=command.at,
            breached_units=(started.p_number,),
        ),
        HearingOpened(
            agreement_id=started.agreement_id,
            in_writing=topics()[started.topic].group in command.policy.breach.hearing_in_writing_for,
            opened_at=command.at,
            answer_deadline=answer_deadline,
            expires_at=answer_deadline.ends_at + timedelta(minutes=command.policy.offer.lapse_grace_minutes),
        ),
    )
