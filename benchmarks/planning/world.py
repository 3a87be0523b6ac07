"""What happens in the year, drawn from a seed before anything is played; days that the system draws are not in it."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from shared.contracts.vocabulary import Centre, Span

Rates = dict[str, Any]
FILE = Path(__file__).with_name("rates.toml")
_YEAR = 365
_WEEKDAYS = 5
_PLACES_OF_A_DAY = 2


@dataclass(frozen=True)
class Colleague:
    """R42: an inspector, and how many visits each weekday has room for, from Monday on."""

    person_id: str
    centre: Centre
    visits: tuple[int, ...]


@dataclass(frozen=True)
class Absence:
    """R42: when somebody is away, and the morning on which it becomes known."""

    person_id: str
    known_on: date
    span: Span


@dataclass(frozen=True)
class Story:
    """What is to happen to one agreement."""

    agreement_id: UUID
    inspector: str
    successor: str | None
    """R15: the colleague who takes the case over."""
    handed_over_at: float
    """The part of the period after which that is."""
    accepted_on: date
    months: int
    documented_days: int | None
    """Days from the compliance deadline, before it where negative; None where nothing is sent."""
    is_extended: bool
    is_converted: bool
    changes_owner_at: float | None
    """R40: the part of the period after which the unit changes its legal entity."""
    carried_over_as: UUID | None
    """R40: the id of the agreement that continues it; None where it is ended instead."""
    is_announced: bool


@dataclass(frozen=True)
class World:
    """Everything that happens, whatever the system decides."""

    year: Span
    """Windows that end on these days are counted."""
    people: Sequence[Colleague]
    stories: Sequence[Story]
    absences: Sequence[Absence]


def load_rates() -> Rates:
    """Returns the file of rates as it stands."""
    with FILE.open("rb") as file:
        return tomllib.load(file)


def draw_world(agreements: int, load: float, rates: Rates) -> World:
    """Draws a year of so many agreements for calendars that their visits fill to `load`; the same again each time."""
    drawn = Random(rates["year"]["seed"])
    first = rates["year"]["first_day"]
    year = Span(first=first, last=first + timedelta(days=_YEAR - 1))
    people = tuple(_people(drawn, agreements, load, rates))
    begins = first - timedelta(days=rates["year"]["runs_in_days"])
    days = (year.last - begins).days
    stories = [_story(drawn, rates, people, begins, days) for _ in range(round(agreements * days / _YEAR))]
    absences = [absence for one in people for absence in _absences(drawn, rates, one, begins, days)]
    return World(year, people, sorted(stories, key=lambda one: (one.accepted_on, one.agreement_id)), absences)


def _people(drawn: Random, agreements: int, load: float, rates: Rates) -> Iterator[Colleague]:
    """Gives each as many places a week as the load asks for: the whole number below or above it."""
    of_file, centres = rates["people"], [Centre(one) for one in rates["people"]["centres"]]
    number = max(len(centres), round(of_file["inspectors"] * agreements / of_file["agreements"]))
    a_week = visits_of_a_year(agreements, rates) / load / number / (_YEAR / 7 * _share_of_days_at_work(rates))
    below = min(int(a_week), _WEEKDAYS * _PLACES_OF_A_DAY)
    with_more = round((a_week - below) * number)
    more = set(drawn.sample(range(number), with_more))
    for one in range(number):
        yield Colleague(f"inspector-{one:02}", centres[one % len(centres)], _pattern(below + (one in more)))


def visits_of_a_year(agreements: int, rates: Rates) -> float:
    """Returns how many visits the agreements of a year need: one each, and another after one that decides nothing."""
    changes = rates["changes"]
    ended = changes["new_owner"] * (1 - changes["carried_over"])
    return float(agreements * (1 + changes["converted"]) * (1 - ended))


def _share_of_days_at_work(rates: Rates) -> float:
    """Returns which part of the weekdays of a year somebody works: public holidays and absences are taken off."""
    absences = rates["absences"]
    holidays = 11 / 260
    away = absences["a_year"] * (1 + absences["longest_days"]) / 2 / _YEAR
    return float((1 - holidays) * (1 - away))


def _pattern(places: int) -> tuple[int, ...]:
    """Spreads the places of a week over its days, so that no day has two before every day has one."""
    return tuple(places // _WEEKDAYS + (day < places % _WEEKDAYS) for day in range(_WEEKDAYS))


def _story(drawn: Random, rates: Rates, people: Sequence[Colleague], begins: date, days: int) -> Story:
    changes, documentation = rates["changes"], rates["documentation"]
    (one,) = drawn.choices(people, [sum(colleague.visits) for colleague in people])
    colleagues = [other for other in people if other.centre is one.centre and other is not one]
    return Story(
        agreement_id=_id(drawn),
        inspector=one.person_id,
        successor=drawn.choice(colleagues).person_id
        if colleagues and drawn.random() < changes["handed_over"]
        else None,
        handed_over_at=drawn.uniform(0.1, 0.95),
        accepted_on=begins + timedelta(days=drawn.randrange(days)),
        months=6 if drawn.random() < rates["period"]["six_months"] else 3,
        documented_days=drawn.randint(documentation["first_day"], documentation["last_day"])
        if drawn.random() < documentation["sent"]
        else None,
        is_extended=drawn.random() < changes["extended"],
        is_converted=drawn.random() < changes["converted"],
        changes_owner_at=drawn.uniform(0.1, 0.95) if drawn.random() < changes["new_owner"] else None,
        carried_over_as=_id(drawn) if drawn.random() < changes["carried_over"] else None,
        is_announced=drawn.random() < changes["announced"],
    )


def _id(drawn: Random) -> UUID:
    return UUID(int=drawn.getrandbits(128), version=4)


def _absences(drawn: Random, rates: Rates, one: Colleague, begins: date, days: int) -> Iterator[Absence]:
    of_file, day = rates["absences"], 0.0
    while (day := day + drawn.expovariate(of_file["a_year"] / _YEAR)) < days:
        first = begins + timedelta(days=int(day))
        last = first + timedelta(days=drawn.randint(1, of_file["longest_days"]) - 1)
        before = 0
        if drawn.random() >= of_file["sudden"]:
            before = drawn.randint(of_file["known_from_days"], of_file["known_to_days"])
        yield Absence(one.person_id, max(begins, first - timedelta(days=before)), Span(first=first, last=last))
