"""Measures whether somebody can guess the day of an unannounced control (R18): ./aftale bench guessing [DRAWS].

Draws the day of as many controls, each in a calendar that other visits fill by chance to 60 %. An adversary knows the
code, the policy, the agreement and all that its company can see, and guesses a day by each of several rules: when the
day is drawn, again on a later day on which no control has come, and on each later day that it comes tomorrow. Prints
how often each rule was right beside 1/(days still possible), and how many days were possible. Exits with 1 if a rule
was right more than three standard deviations more often, if half of the draws had fewer than 15 possible days, or if
5 % had fewer than 8. Needs no servers.
"""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import SystemRandom
from statistics import quantiles
from uuid import uuid4

from services.control.planning.lookups.drawing import draw
from services.control.planning.rules.calendar import Calendar
from services.control.planning.rules.half_hours import of_slot
from services.control.planning.rules.place_names import TakenPlaces
from services.control.planning.rules.working_time import default_working_time
from services.control.rules.booking import days_after, days_inside, drawn_from
from shared.deadlines.copenhagen import start_of
from tests.unit.control.control_facts import AGREEMENT, INSPECTOR, POLICIES, at, documented, running, started
from tests.unit.control.guesses import guesses

LOAD = 0.6
"""The share of all places that other visits take."""
BOOKED = at("2026-06-01")
POLICY = POLICIES.at(BOOKED)
_CHANCE = SystemRandom()


@dataclass
class Tally:
    """How often one rule was right, and how often chance would have been."""

    hits: int = 0
    expected: float = 0.0
    variance: float = 0.0

    def count(self, hit: bool, possible: int) -> None:
        """Adds a guess where so many days were possible."""
        self.hits += hit
        self.expected += 1 / possible
        self.variance += 1 / possible * (1 - 1 / possible)

    @property
    def most(self) -> float:
        """Returns the hits that chance exceeds once in 700 times."""
        return self.expected + 3 * math.sqrt(self.variance)


def measure(draws: int) -> tuple[Mapping[str, Tally], Sequence[int]]:
    """Returns a tally of each rule, and how many days were possible in each draw."""
    course = running(started(), documented())
    inside = days_inside(course, AGREEMENT, BOOKED, POLICY)
    spans = drawn_from(course, AGREEMENT, inside, POLICY)
    tallies: dict[str, Tally] = {}
    possible: list[int] = []
    for _ in range(draws):
        calendar = _filled(inside)
        free = [day for day in inside if calendar.free_place(day) is not None]
        drawn = draw(calendar, spans, days_after(course, AGREEMENT, BOOKED, POLICY), POLICY, _CHANCE)
        assert drawn is not None
        assert drawn.how.possible is not None
        possible.append(drawn.how.possible)
        among = [day for day in free if drawn.how.first <= day <= drawn.how.last]
        span = [day for day in inside if day <= drawn.how.last]
        for how, guess in guesses(uuid4(), span, BOOKED).items():
            tallies.setdefault(how, Tally()).count(guess == drawn.day, len(among))
        for how, guess, number in _on_a_later_day(among, drawn.day):
            tallies.setdefault(how, Tally()).count(guess == drawn.day, number)
        for left in _later(among, drawn.day):
            tallies.setdefault("tomorrow, as it has not come yet", Tally()).count(left[0] == drawn.day, len(left))
    return tallies, possible


def _filled(days: Sequence[date]) -> Calendar:
    slots = frozenset((day, slot) for day in days for slot in (1, 2) if _CHANCE.random() < LOAD)
    half_hours = {
        day: frozenset(number for slot in (1, 2) if (day, slot) in slots for number in of_slot(slot)) for day in days
    }
    return Calendar(INSPECTOR, default_working_time(POLICY), TakenPlaces(slots, half_hours), POLICY)


def _on_a_later_day(among: Sequence[date], day: date) -> Iterator[tuple[str, date, int]]:
    """Yields what each rule guesses on one of the days that were possible, if the control has not come before it.

    Which of them is drawn whatever the day of the control is. Guesses on all later days would be the same one, counted
    again and again.
    """
    left = among[_CHANCE.randrange(len(among)) :]
    if left[0] <= day and len(left) > 1:
        for how, guess in guesses(uuid4(), left, start_of(left[0])).items():
            yield f"{how}, later", guess, len(left)


def _later(among: Sequence[date], day: date) -> Iterator[Sequence[date]]:
    """Yields the days that are still possible, on each evening before the control comes."""
    return (among[passed:] for passed in range(among.index(day) + 1))


def main(draws: int) -> int:
    """Measures, prints, and returns the exit code."""
    tallies, possible = measure(draws)
    for how, tally in tallies.items():
        print(f"{how:36} right {tally.hits:7,}   by chance {tally.expected:9,.1f}   at most {tally.most:9,.1f}")
    cuts = quantiles(possible, n=20)
    print(f"possible days: median {cuts[9]:.0f}, 5th percentile {cuts[0]:.0f}, of {draws:,} draws")
    return int(any(tally.hits > tally.most for tally in tallies.values()) or cuts[9] < 15 or cuts[0] < 8)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
