"""What the courses of a year are drawn by: the file of rates, and the plan of each course."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers

FILE = Path(__file__).with_name("rates.toml")
TOPICS = ("011", "013", "056", "061", "073")
"""Topics on which the units get their offers, in turns; none is psychosocial, so each guidance may become a control."""
INDUSTRIES = (("offices", "private"), ("metal-and-machinery", "private"), ("cleaning", "private"))
_LAST_OFFER = 120
"""Days of the year on which offers are made, from its first; their courses need the rest."""


@dataclass(frozen=True)
class Plan:
    """What is to happen in one course, drawn before anything is played; days that the system draws are not in it."""

    number: int
    cvr: str
    p_number: str
    topic: str
    industry: str
    sector: str
    inspector: str
    successor: str | None
    """R15: who takes the case over."""
    offered_on: date
    months: int
    answer: Literal["accepted", "declined", "none"]
    answer_after_days: int
    guidance_offered: bool
    guidance_accepted: bool
    documented_days: int | None
    """Days from the compliance deadline, before it where negative; None where nothing is sent."""
    extension: Literal["none", "granted", "refused"]
    converted: bool
    kept: bool


def load_rates() -> dict[str, Any]:
    """Returns the file of rates as it stands."""
    with FILE.open("rb") as file:
        return tomllib.load(file)


def inspectors(rates: dict[str, Any]) -> tuple[str, ...]:
    """Returns the names of the inspectors, from which their ids are made."""
    return tuple(f"inspector {number:02}" for number in range(rates["people"]["inspectors"]))


def draw_plans(agreements: int, first_day: date, seed: int, rates: dict[str, Any]) -> list[Plan]:
    """Draws the plans of all courses; the same seed and file give the same ones."""
    drawn = Random(seed)
    numbers = zip(made_up_cvr_numbers(agreements), made_up_p_numbers(agreements), strict=True)
    return [_plan(drawn, rates, number, cvr, p_number, first_day) for number, (cvr, p_number) in enumerate(numbers)]


def _plan(drawn: Random, rates: dict[str, Any], number: int, cvr: str, p_number: str, first_day: date) -> Plan:
    names = inspectors(rates)
    answer, changes, documentation = rates["answer"], rates["changes"], rates["documentation"]
    inspector = drawn.choice(names)
    said = drawn.random()
    industry, sector = drawn.choice(INDUSTRIES)
    return Plan(
        number=number,
        cvr=cvr,
        p_number=p_number,
        topic=drawn.choice(TOPICS),
        industry=industry,
        sector=sector,
        inspector=inspector,
        successor=_other(drawn, names, inspector) if drawn.random() < changes["handed_over"] else None,
        offered_on=first_day + timedelta(days=drawn.randrange(_LAST_OFFER)),
        months=6 if drawn.random() < rates["period"]["six_months"] else 3,
        answer="accepted"
        if said < answer["accepted"]
        else "declined"
        if said < answer["accepted"] + answer["declined"]
        else "none",
        answer_after_days=drawn.randint(answer["first_day"], answer["last_day"]),
        guidance_offered=drawn.random() < rates["guidance"]["offered"],
        guidance_accepted=drawn.random() < rates["guidance"]["accepted"],
        documented_days=drawn.randint(documentation["first_day"], documentation["last_day"])
        if drawn.random() < documentation["sent"]
        else None,
        extension=_extension(drawn, changes),
        converted=drawn.random() < changes["converted"],
        kept=drawn.random() < rates["control"]["no_violation"],
    )


def _other(drawn: Random, names: tuple[str, ...], than: str) -> str:
    return drawn.choice([name for name in names if name != than])


def _extension(drawn: Random, changes: dict[str, Any]) -> Literal["none", "granted", "refused"]:
    if drawn.random() >= changes["extension_requested"]:
        return "none"
    return "granted" if drawn.random() < changes["extension_granted"] else "refused"
