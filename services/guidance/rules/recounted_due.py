"""The last day to offer guidance, counted again by a corrected calendar (R12, R27)."""

from collections.abc import Sequence
from datetime import datetime

from services.guidance.rules.phases import Awaited, State
from shared.contracts.guidance import GuidanceDueRecounted
from shared.deadlines.deadlines import guidance_coming_due_at, guidance_overdue_at
from shared.deadlines.recounting import DateName, OtherDate, RecountDeadlines, other_dates
from shared.policy.policies import Policies


def differing(state: State, at: datetime, policies: Policies) -> tuple[OtherDate, ...]:
    """R12: returns the last day to offer guidance if none was offered yet and the calendar of today gives another."""
    if not isinstance(state, Awaited):
        return ()
    return other_dates({DateName.GUIDANCE: state.scheduled.due}, at, policies)


def recount(state: State, command: RecountDeadlines) -> Sequence[GuidanceDueRecounted]:
    """R12, R27: moves the last day to what the corrected calendar gives, with when it is coming due and overdue.

    A day that is over stays as it is, and so does guidance that was offered.
    """
    if not isinstance(state, Awaited):
        return ()
    policy = command.policies.version(state.scheduled.due.policy)
    moved = (one for one in differing(state, command.at, command.policies) if one.stays is None)
    return tuple(
        GuidanceDueRecounted(
            agreement_id=state.about.agreement_id,
            previous=other.standing,
            due=(due := other.moved(command.at)),
            coming_due_at=guidance_coming_due_at(due, policy),
            overdue_at=guidance_overdue_at(due, policy),
            recounted_at=command.at,
            recounted_by=command.by,
            reason=command.reason,
        )
        for other in moved
    )
