"""Finds out when an inspector works, by the directory of people, or else by the policy (R17, R42)."""

from services.control.people.rules.centre_holidays import CENTRE, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Listed
from services.control.planning.rules.working_time import WorkingTime, default_working_time, working_time
from shared.eventstore.commands import read
from shared.policy.policy import Policy
from shared.service import Runtime


async def working_time_of(runtime: Runtime, inspector: str, policy: Policy) -> WorkingTime:
    """Returns the pattern, absences, centre's holidays and visits per day of somebody whom the directory lists.

    Nothing else in this service decides when somebody works. Somebody who has left counts as unknown: a case that was
    not handed over gets its booking all the same (R17).
    """
    person = (await read(runtime.store, PERSON, person_stream(inspector))).state
    if not isinstance(person, Listed):
        return default_working_time(policy)
    described = person.described
    holidays = (await read(runtime.store, CENTRE, centre_stream(described.centre))).state
    return working_time(policy, described, list(person.absences.values()), holidays.days)
