"""A control that cannot decide becomes guidance, and a new one is booked (R21)."""

from dataclasses import dataclass
from datetime import datetime

from services.control.booking import require_booking
from services.control.phases import Running
from shared.contracts.control import ControlTurnedIntoGuidance
from shared.contracts.vocabulary import ContactForm, Involvement
from shared.deadlines.copenhagen import local_day
from shared.kernel.decider import Refused
from shared.reference.reference import undecided_reasons


@dataclass(frozen=True)
class TurnIntoGuidance:
    """The control could not decide (R21)."""

    at: datetime
    inspector: str
    form: ContactForm
    reason: str
    involvement: Involvement
    summary: str | None


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
