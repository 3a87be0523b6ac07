"""A control that finds that the matter must be investigated afresh, on that visit or a later one (R21)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.booking import require_booking, window_is_used_up
from services.control.rules.included_places import refuse_not_awaited
from services.control.rules.phases import Running
from services.control.rules.plausible_times import refuse_impossible_time
from shared.contracts.control import FreshInvestigationNeeded, FreshInvestigationReport
from shared.policy.policy import Policy


@dataclass(frozen=True)
class InvestigateAfresh:
    """The control of a place cannot decide without a fresh investigation."""

    at: datetime
    policy: Policy
    place_id: UUID
    inspector: str
    held_at: datetime | None
    told: FreshInvestigationReport


def investigate_afresh(course: Running, command: InvestigateAfresh) -> FreshInvestigationNeeded:
    """R21: records that the matter must be investigated afresh, so that nothing is decided yet.

    If the investigation needs a later visit, a new control is booked.
    """
    refuse_not_awaited(course, command.place_id)
    booking = require_booking(course, command.place_id)
    held_at = command.held_at or command.at
    after = course.reopened.get(command.place_id, course.started.accepted_at)
    refuse_impossible_time("R21", held_at, now=command.at, after=after)
    return FreshInvestigationNeeded(
        agreement_id=course.started.agreement_id,
        control_id=booking.control_id,
        place_id=command.place_id,
        held_at=held_at,
        inspector=command.inspector,
        window_used_up=window_is_used_up(course, command.place_id, command.at, command.policy),
        **dict(command.told),
    )
