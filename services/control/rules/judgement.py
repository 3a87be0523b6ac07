"""What a control finds at a place, and what the controls of the sample decide together (R20, R22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.control.rules.booking import fall_away, require_booking
from services.control.rules.control_form_and_announcement import refuse_faulty_form
from services.control.rules.included_places import refuse_not_awaited, require_place, units_of
from services.control.rules.lateness import Limit
from services.control.rules.measures_beyond_agreement import as_recorded, refuse_faulty_spread
from services.control.rules.measures_in_use import measures_at, refuse_faulty_observations, refuse_unobserved
from services.control.rules.phases import Running, controlled
from services.control.rules.plausible_times import refuse_impossible_time
from services.control.rules.turned_into_control import require_meeting
from shared.contracts.control import (
    Breached,
    ControlCompleted,
    FirstControlReport,
    Fulfilled,
    HearingOpened,
    OtherFinding,
    OtherFindingRecorded,
    SpreadFurther,
)
from shared.contracts.vocabulary import ContactForm, ControlOutcome
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import follow_up_day, hearing_deadline
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy
from shared.reference.reference import topics


@dataclass(frozen=True)
class FindingElsewhere:
    """R20: a finding beside the topic of the agreement."""

    finding_id: UUID
    told: OtherFinding


@dataclass(frozen=True)
class CompleteControl:
    """What the inspector found at a place (R20)."""

    at: datetime
    policy: Policy
    place_id: UUID
    control_id: UUID
    """Id of the control if none was booked because a meeting became the control (R21)."""
    inspector: str
    held_at: datetime | None
    concludes: bool
    told: FirstControlReport
    spread: SpreadFurther
    other_findings: tuple[FindingElsewhere, ...]


@dataclass(frozen=True)
class _Held:
    """A control that was held: its id, time, form, and reason for being late."""

    control_id: UUID
    at: datetime
    form: ContactForm
    late_reason: str | None


def complete(course: Running, command: CompleteControl) -> tuple[Event, ...]:
    """R20: records the control of one place, and the decision if it can be made.

    All controls of the sample decide together; a violation decides before that if the inspector concludes the matter.
    """
    refuse_not_awaited(course, command.place_id)
    held: _Held | None = None
    limit = course.limit(command.place_id)
    with every_fault() as check:
        with check:
            held = _held(course, command)
        if held is not None:
            check(refuse_faulty_form, held.form, command.told.form_reason)
        check(refuse_conclusion_without_violation, command)
        check(refuse_faulty_observations, "R20", course.measures, command.told.measures)
        check(refuse_unobserved, "R20", measures_at(course, command.place_id), command.told.measures)
        check(refuse_faulty_spread, course, command.spread)
        check(refuse_findings_on_the_topic, course, command.other_findings)
        if held is not None and limit.is_late(local_day(held.at)):
            check(require_late_reason, limit, held.late_reason)
    assert held is not None, "a command without a control was refused"
    late_reason = limit.reason(local_day(held.at), held.late_reason)
    photos = command.told.photos or None
    told = command.told.model_copy(update={"form": held.form, "late_reason": late_reason, "photos": photos})
    completed = ControlCompleted(
        agreement_id=course.started.agreement_id,
        control_id=held.control_id,
        place_id=command.place_id,
        held_at=held.at,
        inspector=command.inspector,
        within_window=not limit.is_late(local_day(held.at)),
        **dict(told),
        **dict(as_recorded(command.spread)),
    )
    others = (_other(course, command, held, finding) for finding in command.other_findings)
    after = controlled(course, completed)
    return (completed, *others, *decision(after, command.at, command.policy, concludes=command.concludes))


def _held(course: Running, command: CompleteControl) -> _Held:
    """R17, R21: a control that was booked, or a meeting that becomes it and needs no booking."""
    if command.told.from_meeting is not None:
        meeting = require_meeting(course, command.place_id, command.told.from_meeting, command.policy)
        booking = course.bookings.get(command.place_id)
        control_id = booking.control_id if booking else command.control_id
        return _Held(control_id, meeting.held_at, meeting.form, command.told.late_reason)
    booking = require_booking(course, command.place_id)
    held_at = command.held_at or command.at
    after = course.reopened.get(command.place_id, course.started.accepted_at)
    with every_fault() as check:
        check(refuse_impossible_time, "R17", held_at, now=command.at, after=after)
        check(refuse_before_its_time, course, held_at)
    return _Held(booking.control_id, held_at, command.told.form, command.told.late_reason or booking.late_reason)


def _other(course: Running, command: CompleteControl, held: _Held, finding: FindingElsewhere) -> OtherFindingRecorded:
    return OtherFindingRecorded(
        agreement_id=course.started.agreement_id,
        finding_id=finding.finding_id,
        control_id=held.control_id,
        found_at=held.at,
        inspector=command.inspector,
        **dict(finding.told),
    )


def refuse_before_its_time(course: Running, held_at: datetime) -> None:
    """R17: refuses a control before the deadline is over, unless the company has reported that it is done.

    The company has its whole period.
    """
    done = course.complete is not None and course.complete.received_at <= held_at
    if not done and not course.deadline.has_passed(held_at):
        raise Refused("R17", "before {last_day} only once the company is done", last_day=course.deadline.last_day)


def require_late_reason(limit: Limit, given: str | None) -> str:
    """R17: returns the reason of a control after its window, which is counted; refuses a missing or unknown one."""
    reason = limit.explained(given)
    if reason is None or reason not in limit.reasons:
        last_day, known = limit.last_day, ", ".join(limit.reasons)
        raise Refused("R17", "held after {last_day}: why? {known}", last_day=last_day, known=known)
    return reason


def refuse_conclusion_without_violation(command: CompleteControl) -> None:
    """R20: refuses to conclude without a violation before the whole sample is controlled."""
    if command.concludes and command.told.outcome is not ControlOutcome.VIOLATION:
        raise Refused("R20", "only a violation decides before every place of the sample is controlled")


def refuse_findings_on_the_topic(course: Running, findings: Sequence[FindingElsewhere]) -> None:
    """R20: refuses other findings on the agreement's topic, which belong in the outcome of the control."""
    if any(finding.told.topic == course.started.topic for finding in findings):
        raise Refused("R20", "topic {topic} is the agreement's own: it decides", topic=course.started.topic)


def decision(course: Running, at: datetime, policy: Policy, *, concludes: bool = False) -> tuple[Event, ...]:
    """R20: returns the decision; nothing while the sample awaits controls, unless a violation concludes the matter.

    Bookings of places that need no control any more end with it, and announced ones are cancelled (R18).
    """
    if course.awaited and not concludes:
        return ()
    decided = breach(course, at, policy) if violating_places(course) else (fulfil(course, policy),)
    return (*fall_away(course.bookings.values(), at), *decided)


def violating_places(course: Running) -> tuple[UUID, ...]:
    """R20: returns the places where a control found a violation, in the agreement's order."""
    return tuple(
        place.place_id
        for place in course.places
        if place.place_id in course.results and course.results[place.place_id].outcome is ControlOutcome.VIOLATION
    )


def violating_controls(course: Running, p_number: str) -> tuple[UUID, ...]:
    """R22: returns the controls that found the violation at a unit, in the agreement's order."""
    places = (place for place in violating_places(course) if require_place(course, place).p_number == p_number)
    return tuple(course.results[place].control_id for place in places)


def decided_at(course: Running) -> datetime:
    """R20: returns when the last of the controls that decide together was held."""
    return max(result.held_at for result in course.results.values())


def fulfil(course: Running, policy: Policy) -> Fulfilled:
    """R20, R24: returns the fulfilment when the whole sample is without violation, and the day of the follow-up."""
    fulfilled_at = decided_at(course)
    return Fulfilled(
        agreement_id=course.started.agreement_id,
        fulfilled_at=fulfilled_at,
        follow_up_on=follow_up_day(fulfilled_at, policy),
    )


def breach(course: Running, at: datetime, policy: Policy) -> tuple[Event, ...]:
    """R20, R22: returns the breach, of exactly the units with a violation, and the opening of the hearing.

    The policy says whether the company is heard first, and for which problem groups in writing (psychosocial ones).
    """
    started, places = course.started, violating_places(course)
    breached = Breached(
        agreement_id=started.agreement_id,
        cvr=started.cvr,
        p_number=started.p_number,
        topic=started.topic,
        breached_at=decided_at(course),
        breached_units=units_of(course, places),
        breached_places=places,
    )
    if not policy.breach.heard_first:
        return (breached,)
    answer_deadline = hearing_deadline(at, policy)
    return (
        breached,
        HearingOpened(
            agreement_id=started.agreement_id,
            in_writing=topics()[started.topic].group in policy.breach.hearing_in_writing_for,
            opened_at=at,
            answer_deadline=answer_deadline,
            expires_at=answer_deadline.ends_at + timedelta(minutes=policy.offer.lapse_grace_minutes),
        ),
    )
