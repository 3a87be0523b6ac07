"""Hands all open cases of a colleague over to another from a day on, with one command for each case (R15, R42)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from services.control.lookups.changing_inspector import change_of_inspector
from services.control.planning.rules.holds import HOLD, Taken, meetings_of, visits_of_hold
from services.control.planning.rules.visit import Visit
from services.control.rules.cases_of_inspector import open_cases_of
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import State
from services.control.rules.visits_of_course import visits_of
from shared.contracts.vocabulary import NextInspector
from shared.eventstore.commands import Decision, Intent, decide, execute, read, refuse_history
from shared.eventstore.errors import NameReserved, Refused, StaleVersion, VersionMismatch
from shared.eventstore.events import Metadata
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.service import Runtime

_ATTEMPTS = 8


class HandOverOutcome(StrEnum):
    """R15: what became of one case when a colleague's cases were handed over."""

    HANDED_OVER = "handed_over"
    STAYS = "stays"
    """A visit of it stands before the day from which the cases go over."""
    REFUSED = "refused"


@dataclass(frozen=True)
class HandOver:
    """R15: whose cases go over to whom, from which day on."""

    person: str
    told: NextInspector
    """Who is responsible from now on, and why."""
    from_day: date
    """Cases with an earlier visit stay: who has prepared a visit makes it."""
    by: str
    on_behalf_of: str | None
    at: datetime
    policy: Policy


@dataclass(frozen=True)
class CaseHandedOver:
    """R15: the report on one case. It names no day, because a dry run draws days that are drawn anew later (R18)."""

    agreement_id: UUID
    outcome: HandOverOutcome
    kept_day: int = 0
    """Visits that keep their day in the new calendar."""
    other_day: int = 0
    """Visits that get another day."""
    announced_moved: int = 0
    """Of those, how many the company was told of; it is told of the new day."""
    refused: Refused | None = None


async def open_cases(runtime: Runtime, person: str) -> list[UUID]:
    """R15: returns the open cases of an inspector, in the order of their ids."""
    held = await runtime.database.ask(reserved_under, open_cases_of(person))
    return sorted(set(held.values()))


async def hand_over(runtime: Runtime, asked: HandOver, cases: Sequence[UUID], key: UUID | None) -> list[CaseHandedOver]:
    """R15: hands each of these cases over, one after the other; without a key it only reports what would happen.

    Each case is a command of its own, so that what was handed over stays so if a later one fails. Whoever repeats the
    request finds only the rest.
    """
    return [await _hand_over(runtime, asked, case, key) for case in cases]


async def _hand_over(runtime: Runtime, asked: HandOver, case: UUID, key: UUID | None) -> CaseHandedOver:
    for _ in range(_ATTEMPTS):
        with suppress(NameReserved, StaleVersion, VersionMismatch):
            return await _try_once(runtime, asked, case, key)
    lost = Refused("R15", "others changed the case at the same moment")
    return CaseHandedOver(case, HandOverOutcome.REFUSED, refused=lost)


async def _try_once(runtime: Runtime, asked: HandOver, case: UUID, key: UUID | None) -> CaseHandedOver:
    standing = await read(runtime.store, COURSE, case)
    if COURSE.responsible(standing.state) != asked.person:
        gone = Refused("R15", "{person} is not responsible for the case any more", person=asked.person)
        return CaseHandedOver(case, HandOverOutcome.REFUSED, refused=gone)
    before = visits_of(standing.state, asked.policy)
    meetings = await _meetings(runtime, case)
    if any(visit.day < asked.from_day for visit in (*before, *meetings)):
        return CaseHandedOver(case, HandOverOutcome.STAYS)
    try:
        command = await change_of_inspector(
            runtime, standing.state, asked.told, by=asked.by, at=asked.at, policy=asked.policy
        )
        intent = Intent(COURSE, case, command, expected=standing.version, read=standing)
        decided: Decision[State] = decide(intent, standing)
        refuse_history([decided])
    except Refused as refusal:
        return CaseHandedOver(case, HandOverOutcome.REFUSED, refused=refusal)
    if key is not None:
        metadata = Metadata(uuid5(key, str(case)), asked.by, on_behalf_of=asked.on_behalf_of)
        await execute(runtime.store, [intent], at=asked.at, metadata=metadata)
    return _report(case, before, visits_of(decided.state, asked.policy))


async def _meetings(runtime: Runtime, case: UUID) -> Sequence[Visit]:
    """R12: returns the booked guidance meeting of a case; who has prepared it holds it."""
    found = set((await runtime.database.ask(reserved_under, meetings_of(case))).values())
    holds = [(await read(runtime.store, HOLD, meeting)).state for meeting in found]
    return [visit for hold in holds if isinstance(hold, Taken) for visit in visits_of_hold(hold)]


def _report(case: UUID, before: Sequence[Visit], after: Sequence[Visit]) -> CaseHandedOver:
    days = {visit.place_id: visit.day for visit in after}
    moved = [visit for visit in before if days.get(visit.place_id) != visit.day]
    return CaseHandedOver(
        case,
        HandOverOutcome.HANDED_OVER,
        kept_day=len(before) - len(moved),
        other_day=len(moved),
        announced_moved=sum(visit.announced for visit in moved),
    )
