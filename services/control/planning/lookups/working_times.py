"""Finds out when an inspector works, by the directory of people, or else by the policy (R17, R42)."""

from dataclasses import replace

from services.control.people.rules.centre_holidays import CENTRE, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.people.rules.phases import Gone, Listed, State
from services.control.planning.rules.working_time import WorkingTime, default_working_time, working_time
from shared.eventstore.commands import read
from shared.eventstore.decider import Guard
from shared.policy.policy import Policy
from shared.service import Runtime


async def working_time_of(runtime: Runtime, inspector: str, policy: Policy) -> WorkingTime:
    """Returns the pattern, absences, centre's holidays and visits per day of somebody whom the directory lists.

    Nothing else in this service decides when somebody works. Somebody who has left counts as unknown: a case that was
    not handed over gets its booking all the same (R17).
    """
    person, guard = await _read(runtime, inspector)
    if isinstance(person, Listed):
        return await _of(runtime, person, guard, policy)
    return replace(default_working_time(policy), read_from=(guard,))


async def working_time_until_leaving(runtime: Runtime, inspector: str, policy: Policy) -> WorkingTime:
    """Returns the same, and for somebody who leaves the working time until the last day (R42).

    A plan must not outlast its inspector; where no day is left, somebody else has to take over (R15).
    """
    match await _read(runtime, inspector):
        case Gone(before=before, last_day=last_day), guard:
            return replace(await _of(runtime, before, guard, policy), works_until=last_day)
        case _:
            return await working_time_of(runtime, inspector, policy)


async def _read(runtime: Runtime, inspector: str) -> tuple[State, Guard]:
    stream = person_stream(inspector)
    known = await read(runtime.store, PERSON, stream)
    return known.state, Guard(stream, known.version)


async def _of(runtime: Runtime, person: Listed, guard: Guard, policy: Policy) -> WorkingTime:
    described = person.described
    stream = centre_stream(described.centre)
    holidays = await read(runtime.store, CENTRE, stream)
    worked = working_time(policy, described, list(person.absences.values()), holidays.state.days)
    return replace(worked, read_from=(guard, Guard(stream, holidays.version)))
