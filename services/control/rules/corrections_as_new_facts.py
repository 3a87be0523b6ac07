"""Records corrections of controls as new facts, and decides again if they change the decision (R30)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.control_form_and_announcement import refuse_faulty_form
from services.control.rules.included_places import units_of
from services.control.rules.judgement import (
    decided_at,
    decision,
    refuse_before_its_time,
    require_late_reason,
    violating_places,
)
from services.control.rules.measures_in_use import refuse_faulty_observations
from services.control.rules.order_requests import withdraw
from services.control.rules.phases import Broken, Kept, Running, controlled
from services.control.rules.plausible_times import refuse_impossible_time
from services.control.rules.turned_into_control import refuse_not_reported_back
from shared.contracts.control import ControlCorrected, ControlReport, DecisionRevoked
from shared.contracts.public_forms import ControlCompleted
from shared.contracts.vocabulary import Decision
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class CorrectControl:
    """How the control really was, and why its record is corrected."""

    at: datetime
    policy: Policy
    control_id: UUID
    inspector: str
    reason: str
    told: ControlReport
    held_at: datetime | None = None
    """None keeps the recorded time; the optional parts of `told` are kept in the same way."""


def correct(state: Running | Kept | Broken, command: CorrectControl) -> tuple[Event, ...]:
    """R30: records a correction of a control as a new fact; revokes and renews the decision if it changes.

    The new decision may have to await further controls of the sample.
    """
    course = state if isinstance(state, Running) else state.course
    wrong = require_held(course, command.control_id)
    refuse_once_built_upon(state)
    place = wrong.place_id or course.started.agreement_id
    held_at = command.held_at or wrong.held_at
    within_window = wrong.within_window
    with every_fault() as check:
        check(refuse_faulty_form, command.told.form, command.told.form_reason)
        check(refuse_faulty_observations, "R20", course.measures, command.told.measures)
        check(refuse_forgotten_measures, wrong, command)
        if held_at != wrong.held_at:
            check(refuse_wrong_time, course, wrong, place, held_at, command.at)
            within_window = not course.limit(place).is_late(local_day(held_at))
        with check:
            late = None if within_window else why_late(course, wrong, place, held_at, command.told.late_reason)
    minutes = wrong.minutes_spent if command.told.minutes_spent is None else command.told.minutes_spent
    told = command.told.model_copy(update={"late_reason": late, "minutes_spent": minutes})
    corrected = ControlCorrected(
        agreement_id=course.started.agreement_id,
        control_id=command.control_id,
        place_id=place,
        corrected_at=command.at,
        corrected_by=command.inspector,
        held_at=held_at,
        within_window=within_window,
        reason=command.reason,
        **dict(told),
    )
    after = controlled(course, corrected)
    if isinstance(state, Running) or _decides_the_same(course, after):
        return (corrected,)
    withdrawn = withdraw(state, at=command.at, by=command.inspector) if isinstance(state, Broken) else ()
    decided = decision(after, command.at, command.policy, concludes=bool(violating_places(after)))
    return (corrected, *withdrawn, _revoked(state, command), *decided)


def _decides_the_same(before: Running, after: Running) -> bool:
    """R20, R22, R24: the same places, and at the same instant: quarantine and follow-up count from it."""
    return violating_places(before) == violating_places(after) and decided_at(before) == decided_at(after)


def require_held(course: Running, control_id: UUID) -> ControlCompleted:
    """R30: returns the recorded result of a control. Refuses a control that has none."""
    held = next((result for result in course.results.values() if result.control_id == control_id), None)
    if held is None:
        raise Refused("R30", "control {control_id} has decided nothing here", control_id=control_id)
    return held


def refuse_once_built_upon(state: Running | Kept | Broken) -> None:
    """R30: refuses a correction after an order was issued or the follow-up was held.

    An issued order can only be revoked in the order system; the follow-up depends on the fulfilment.
    """
    match state:
        case Broken() if any(order.issued_as is not None for order in state.orders):
            raise Refused("R30", "an order was issued: it is taken back in the order system")
        case Kept(followed_up=True):
            raise Refused("R30", "the follow-up was held already")


def refuse_wrong_time(course: Running, wrong: ControlCompleted, place: UUID, held_at: datetime, now: datetime) -> None:
    """R17, R21, R30: refuses a corrected time at which the control could not have been held."""
    after = course.reopened.get(place, course.started.accepted_at)
    with every_fault() as check:
        check(refuse_impossible_time, "R17", held_at, now=now, after=after)
        if wrong.from_meeting is None:
            check(refuse_before_its_time, course, held_at)
        else:
            check(refuse_not_reported_back, course, held_at)


def why_late(
    course: Running, wrong: ControlCompleted, place: UUID, held_at: datetime, reason: str | None
) -> str | None:
    """R17, R30: returns why the control was late: the recorded reason if neither time nor reason is corrected.

    Otherwise refuses a missing or unknown reason: a control that only its correction makes late needs one.
    """
    if reason is None and held_at == wrong.held_at:
        return wrong.late_reason
    return require_late_reason(course.limit(place), reason or wrong.late_reason)


def refuse_forgotten_measures(wrong: ControlCompleted, command: CorrectControl) -> None:
    """R20, R30: refuses a correction that leaves out a measure on which the control reported."""
    told = {observation.measure_id for observation in command.told.measures}
    missing = [one.measure_id for one in wrong.measures if one.measure_id not in told]
    if missing:
        raise Refused(
            "R30",
            "nothing is said of measures that the control spoke of: {missing}",
            missing=", ".join(map(str, missing)),
        )


def _revoked(state: Kept | Broken, command: CorrectControl) -> DecisionRevoked:
    course = state.course
    return DecisionRevoked(
        agreement_id=course.started.agreement_id,
        decision=Decision.BREACHED if isinstance(state, Broken) else Decision.FULFILLED,
        cvr=course.started.cvr,
        breached_units=units_of(course, violating_places(course)) if isinstance(state, Broken) else (),
        revoked_at=command.at,
        revoked_by=command.inspector,
        decided_at=state.breached.breached_at if isinstance(state, Broken) else state.fulfilled.fulfilled_at,
        reason=command.reason,
    )
