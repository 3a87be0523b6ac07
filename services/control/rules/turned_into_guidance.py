"""A control that cannot decide becomes guidance, and a new one is booked (R21)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.booking import require_booking, window_is_used_up
from services.control.rules.included_places import refuse_not_awaited
from services.control.rules.phases import Running
from services.control.rules.plausible_times import refuse_impossible_time
from shared.contracts.control import ControlTurnedIntoGuidance, UndecidedControlReport
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy
from shared.reference.reference import undecided_reasons


@dataclass(frozen=True)
class TurnIntoGuidance:
    """The control of a place could not decide (R21)."""

    at: datetime
    policy: Policy
    place_id: UUID
    inspector: str
    held_at: datetime | None
    told: UndecidedControlReport


def turn_into_guidance(course: Running, command: TurnIntoGuidance) -> ControlTurnedIntoGuidance:
    """R21: records that a control became guidance: nothing is decided, and a new control is booked inside the window.

    Refuses a control that was held after both the deadline and the window.
    """
    place = command.place_id
    refuse_not_awaited(course, place)
    booking = require_booking(course, place)
    held_at = command.held_at or command.at
    after = course.reopened.get(place, course.started.accepted_at)
    with every_fault() as check:
        check(refuse_impossible_time, "R21", held_at, now=command.at, after=after)
        if command.told.reason not in undecided_reasons():
            why, known = "{given} is no reason to decide nothing", ", ".join(undecided_reasons())
            check.note(Refused("R21", why, given=command.told.reason, known=known))
        if course.window(place).has_passed(held_at) and course.deadline.has_passed(held_at):
            why = "the time for it ended on {last_day}: the control must decide"
            last_day = max(course.window(place).last_day, course.deadline.last_day)
            check.note(Refused("R21", why, last_day=last_day))
    return ControlTurnedIntoGuidance(
        agreement_id=course.started.agreement_id,
        control_id=booking.control_id,
        place_id=place,
        held_at=held_at,
        inspector=command.inspector,
        window_used_up=window_is_used_up(course, place, command.at, command.policy),
        **dict(command.told),
    )
