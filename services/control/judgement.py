"""What a control decides: fulfilled, breached, or nothing yet because it was turned into guidance (R18, R20, R21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.control.booking import refuse_form_without_reason
from services.control.phases import Running
from shared.contracts.control import (
    Breached,
    ControlBooked,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    Fulfilled,
    HearingOpened,
)
from shared.contracts.vocabulary import (
    ContactForm,
    ControlOutcome,
    FileReference,
    Involvement,
    JudgedBy,
    Measure,
    MeasureObservation,
    MeasureUse,
    SpokeWith,
)
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import follow_up_day, hearing_deadline
from shared.kernel.decider import Refused
from shared.kernel.events import Event
from shared.policy.policy import Policy
from shared.reference.reference import topics, undecided_reasons


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


@dataclass(frozen=True)
class TurnIntoGuidance:
    """The control could not decide (R21)."""

    at: datetime
    inspector: str
    form: ContactForm
    reason: str
    involvement: Involvement
    summary: str | None


def complete(course: Running, command: CompleteControl) -> Sequence[Event]:
    """R20: no violation on the topic means fulfilled, a violation means breached."""
    booking = require_booking(course)
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


def turn_into_guidance(course: Running, command: TurnIntoGuidance) -> ControlTurnedIntoGuidance:
    """R21: inside the deadline or the window; nothing is decided, and a new control is booked inside the window."""
    booking = require_booking(course)
    if command.reason not in undecided_reasons():
        raise Refused("R21", "{given} is no reason to decide nothing", given=command.reason)
    last_day = max(course.window.last_day, course.started.compliance_deadline.last_day)
    if local_day(command.at) > last_day:
        raise Refused("R21", "the time for it ended on {last_day}: the control must decide", last_day=last_day)
    return ControlTurnedIntoGuidance(
        agreement_id=course.started.agreement_id,
        control_id=booking.control_id,
        held_at=command.at,
        inspector=command.inspector,
        form=command.form,
        reason=command.reason,
        involvement=command.involvement,
        summary=command.summary,
    )


def require_booking(course: Running) -> ControlBooked:
    """R17: a control is booked before it is held."""
    if course.booking is None:
        raise Refused("R17", "no control is booked")
    return course.booking


def refuse_faulty_observations(known: Sequence[Measure], observed: Sequence[MeasureObservation]) -> None:
    """R20, R35: of measures that the company documented; and why, where one is not in use."""
    ids = {measure.measure_id for measure in known}
    for observation in observed:
        if observation.measure_id not in ids:
            raise Refused("R20", "measure {measure_id} is not known", measure_id=observation.measure_id)
        if observation.use is MeasureUse.NOT_IN_USE and observation.non_use_reason is None:
            raise Refused("R20", "why is measure {measure_id} not in use?", measure_id=observation.measure_id)
