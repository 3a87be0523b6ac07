"""Finds out when an inspector works, by the directory of people, or else by the policy (R17, R42)."""

from dataclasses import replace

from services.control.people.rules.centre_holidays import CENTRE, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Gone, Listed
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
    return await _of(runtime, person, policy) if isinstance(person, Listed) else default_working_time(policy)


async def working_time_until_leaving(runtime: Runtime, inspector: str, policy: Policy) -> WorkingTime:
    """Returns the same, and for somebody who leaves the working time until the last day (R42).

    A plan must not outlast its inspector; where no day is left, somebody else has to take over (R15).
    """
    match (await read(runtime.store, PERSON, person_stream(inspector))).state:
        case Gone(before=before, last_day=last_day):
            return replace(await _of(runtime, before, policy), works_until=last_day)
        case _:
            return await working_time_of(runtime, inspector, policy)


async def _of(runtime: Runtime, person: Listed, policy: Policy) -> WorkingTime:
    described = person.described
    holidays = (await read(runtime.store, CENTRE, centre_stream(described.centre))).state
    return working_time(policy, described, list(person.absences.values()), holidays.days)
