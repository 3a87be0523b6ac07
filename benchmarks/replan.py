"""Measures how long a storm of absences takes to re-plan (R17, R42): ./aftale bench replan [VISITS] [--seed 1742].

As many agreements (500 unless told otherwise) are accepted, so that their controls have places on days of six weeks in
the calendars of 60 inspectors; the weekly patterns of these leave about a third of the places free. Then all inspectors
are away for three to ten days of the six weeks, which becomes known at one moment, and control's own timers look
through all calendars. Prints the processor seconds of that, how many visits moved and how many found no place. It is
done twice with chance of the same seed. Exits with 1 if the results differ, if a visit stands on a day on which its
inspector is away although another one was found, or if it took ten seconds or more. Needs no servers.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid4

from benchmarks.planning.count import double_bookings
from benchmarks.planning.one_process import Control
from benchmarks.planning.play import accepted_offer, policies_of, working_pattern
from benchmarks.planning.world import Colleague, draw_world, load_rates
from services.control.people.rules.absences import NoteAway
from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.start_of_agreement import StartCourse
from shared.contracts.people import VisitsReplanned
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable, Span
from shared.deadlines.copenhagen import start_of
from shared.eventstore.commands import Intent
from shared.people.directory import Directory
from tests.public_form import public

LIMIT_SECONDS = 10.0
INSPECTORS = 60
_SIX_WEEKS = timedelta(weeks=6)
_FIRST_DAY = date(2027, 3, 1)
_FREE = 0.3
"""The share of the places of the six weeks that the visits leave."""
Plan = Mapping[UUID, tuple[str, date, int]]
"""By agreement: whose calendar its control stands in, on which day, and as which visit of it."""


@dataclass(frozen=True)
class Replanned:
    """What a storm came to."""

    seconds: float
    moved: int
    not_found: int
    doubled: int
    on_days_away: int
    plan: Plan


class Storm:
    """The calendars of 60 inspectors, before and after they are away."""

    def __init__(self, visits: int, seed: int) -> None:
        self._drawn, self._visits = Random(seed), visits
        rates = load_rates()
        world = draw_world(100, 1.0, rates)  # whose policies it takes
        self._control = Control(start_of(_FIRST_DAY), policies_of(world, rates), Directory({}), Random(seed))
        self._streams = [UUID(int=self._drawn.getrandbits(128), version=4) for _ in range(visits)]
        a_week = max(1, round(visits / (1 - _FREE) / INSPECTORS / 6))
        pattern = tuple(a_week // 5 + (day < a_week % 5) for day in range(5))
        centres = list(Centre)[:3]
        self._people = [Colleague(f"inspector-{n:02}", centres[n % 3], pattern) for n in range(INSPECTORS)]
        self._away: dict[str, Span] = {}

    async def replan(self) -> Replanned:
        """Lists people, accepts, lets everybody be away, and re-plans."""
        control, policy = self._control, self._control.runtime.policies.at(start_of(_FIRST_DAY))
        for one in self._people:
            told = PersonDescription(
                roles=(PersonRole.INSPECTOR,),
                centre=one.centre,
                working_pattern=working_pattern(one),
                visits_per_day=2,
            )
            command = ListPerson(control.clock.now(), "benchmark", one.person_id, told, Reachable())
            await control.run(Intent(PERSON, person_stream(one.person_id), command))
        for number, stream in enumerate(self._streams):
            inspector = self._people[number % INSPECTORS].person_id
            fact = accepted_offer(stream, inspector, 3, control.clock.now())
            start = StartCourse(at=control.clock.now(), policy=policy, fact=public(fact))
            await control.run(Intent(COURSE, stream, start))
        await control.fire_until(start_of(_FIRST_DAY))
        before = await self._plan()
        await self._note_absences(min(day for _, day, _ in before.values()))
        begun = time.process_time()
        await control.fire_until(start_of(_FIRST_DAY))
        seconds = time.process_time() - begun
        return await self._replanned(seconds)

    async def _note_absences(self, first: date) -> None:
        for one in self._people:
            length = timedelta(days=self._drawn.randint(3, 10))
            begins = first + timedelta(days=self._drawn.randrange((_SIX_WEEKS - length).days))
            span = Span(first=begins, last=begins + length - timedelta(days=1))
            self._away[one.person_id] = span
            command = NoteAway(self._control.clock.now(), "benchmark", uuid4(), span)
            await self._control.run(Intent(PERSON, person_stream(one.person_id), command))

    async def _plan(self) -> Plan:
        plan: dict[UUID, tuple[str, date, int]] = {}
        for stream in self._streams:
            course = await self._control.state_of(COURSE, stream)
            assert isinstance(course, Running), "agreements that were accepted run"
            plan |= {place: (one.inspector, one.day, one.slot) for place, one in course.plans.items()}
        return plan

    async def _replanned(self, seconds: float) -> Replanned:
        appended = self._control.store.appended
        facts = [fact for written in appended for _, of_one in written for fact in of_one]
        looks = [fact for fact in facts if isinstance(fact, VisitsReplanned)]
        plan = await self._plan()
        away = [1 for who, day, _ in plan.values() if self._away[who].first <= day <= self._away[who].last]
        return Replanned(
            seconds=seconds,
            moved=sum(one.moved for one in looks),
            not_found=sum(one.not_found for one in looks),
            doubled=double_bookings(appended),
            on_days_away=len(away),
            plan=plan,
        )


def faults(one: Replanned, again: Replanned) -> list[str]:
    """Returns what must not be."""
    found = {
        "the same chance gave another result": one.plan != again.plan,
        f"it took {max(one.seconds, again.seconds):.1f} s": max(one.seconds, again.seconds) >= LIMIT_SECONDS,
        "a half hour was given twice": bool(one.doubled),
        "visits stand on days away, beyond those that found no place": one.on_days_away > one.not_found,
    }
    return [what for what, is_so in found.items() if is_so]


def main() -> None:
    """Measures twice, prints, and exits."""
    asking = argparse.ArgumentParser(prog="./aftale bench replan", description=(__doc__ or "").split("\n\n")[0])
    asking.add_argument("visits", nargs="?", type=int, default=500)
    asking.add_argument("--seed", type=int, default=1742)
    asked = asking.parse_args()
    one, again = (asyncio.run(Storm(asked.visits, asked.seed).replan()) for _ in range(2))
    print(
        f"{asked.visits:,} visits of six weeks, {INSPECTORS} inspectors away: {one.moved:,} moved, {one.not_found:,} "
        f"found no place, in {one.seconds:.2f} and {again.seconds:.2f} s of one core"
    )
    found = faults(one, again)
    for fault in found:
        print(f"FAILED: {fault}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
