"""Finds out when an inspector works (R17, R42)."""

from services.control.planning.rules.working_time import WorkingTime, default_working_time
from shared.policy.policy import Policy
from shared.service import Runtime


async def working_time_of(_runtime: Runtime, _inspector: str, policy: Policy) -> WorkingTime:
    """Returns the policy's working day, because nobody has a pattern, absences or a centre's closed days yet.

    Nothing else in this service decides when somebody works.
    """
    return default_working_time(policy)
