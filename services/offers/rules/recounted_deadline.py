"""The answer's deadline, counted again by a corrected calendar; never to an earlier day (R3, R27)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.offers.rules.phases import Open, State
from shared.contracts.offers import OfferDelivered, ResponseDeadlineRecounted
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import response_halfway_at
from shared.deadlines.recounting import DateName, OtherDate, RecountDeadlines, other_dates
from shared.policy.policies import Policies


def differing(state: State, at: datetime, policies: Policies) -> tuple[OtherDate, ...]:
    """R3: returns the response deadline of an open offer if the calendar of today gives another one."""
    if not isinstance(state, Open) or state.delivered is None:
        return ()
    return other_dates({DateName.RESPONSE: state.delivered.response_deadline}, at, policies)


def recount(state: State, command: RecountDeadlines) -> Sequence[ResponseDeadlineRecounted]:
    """R3, R27: moves the response deadline to the later day that the corrected calendar gives, with what hangs on it.

    An offer whose time to answer is over, or that has ended, stays as it is.
    """
    if not isinstance(state, Open) or state.delivered is None:
        return ()
    delivered = state.delivered
    return tuple(
        ResponseDeadlineRecounted(
            agreement_id=state.sent.agreement_id,
            previous=other.standing,
            recounted_at=command.at,
            recounted_by=command.by,
            reason=command.reason,
            **_dates(delivered, other.moved(command.at), command.policies),
        )
        for other in differing(state, command.at, command.policies)
        if other.stays is None
    )


def _dates(delivered: OfferDelivered, deadline: Deadline, policies: Policies) -> dict[str, Any]:
    """R5, R6: half the way to the deadline, and as long a while after it as before."""
    while_after = delivered.lapses_at - delivered.response_deadline.ends_at
    return {
        "response_deadline": deadline,
        "halfway_at": response_halfway_at(deadline, policies.version(deadline.policy)),
        "lapses_at": deadline.ends_at + while_after,
    }
