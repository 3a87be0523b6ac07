"""The 20 companies that were studied, with their measures, and three that are made up, as the demo plays them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers
from shared.contracts.register import UnitRegistered
from shared.contracts.vocabulary import MeasureUse
from shared.reference.reference import industries, topics

EVALUATION = Path(__file__).parent / "evaluation"
STUDIED = 20
REGISTERED_FROM = date(2020, 1, 1)

GUIDANCE_DECLINED = frozenset({4, 6, 8})
GUIDANCE_UNKNOWN = frozenset({2, 9, 10, 14, 16, 19})
"""Six of the 20, as the report says; which six is made up, except that 5 of the 8 psychosocial companies accepted."""
TURNED_INTO_GUIDANCE = 12
CONTROLLED_BY_PHONE = 13
NOT_IN_USE = {4: "in-the-way", 13: "does-not-fit-the-place"}
LIMITED_USE = frozenset({7, 11, 20})
"""Three of the 20, one of them psychosocial, as the report says; which three is made up."""
SPREAD_FURTHER = frozenset(range(1, 20, 2))
"""About half of the 20, as the report says; which ones is made up."""

_KINDS = (
    ("APV", "workplace-assessment"),
    ("politik", "guideline"),
    ("andleplan", "action-plan"),
    ("Risikovurdering", "risk-assessment"),
    ("Registrering", "registration"),
    ("vejledning", "guideline"),
    ("Retningslinje", "guideline"),
    ("retningslinje", "guideline"),
    ("Procedure", "guideline"),
    ("SOP", "guideline"),
    ("definition", "guideline"),
    ("grundlag", "guideline"),
    ("Funktionsbeskrivelser", "roles-and-functions"),
    ("teamledere", "roles-and-functions"),
    ("grænse", "exposure-limit"),
    ("AMR", "representative-elected"),
    ("workshops", "workshop"),
    ("møder", "meetings-and-supervision"),
    ("Supervision", "meetings-and-supervision"),
    ("plakater", "information"),
    ("tegninger", "information"),
    ("videoer", "information"),
    ("oplæring", "training"),
    ("Kursus", "training"),
    ("Instruktion", "training"),
    ("træning", "training"),
    ("Kompetence", "training"),
    ("Onboarding", "training"),
    ("Ansat", "staffing"),
    ("Ansættelse", "staffing"),
    ("Ressourcer", "project-resources"),
    ("Inddelt", "work-organisation"),
    ("Lagt", "work-organisation"),
    ("arbejdsfordeling", "work-organisation"),
    ("Overblik", "action-plan"),
    ("Mål", "action-plan"),
    ("Ombygning", "physical-layout"),
    ("station", "physical-layout"),
    ("spray", "substitution"),
    ("mopper", "substitution"),
    ("bakker", "substitution"),
    ("skema", "registration"),
)
"""A made-up coding: the evaluation describes measures in words. What no word here fits is a technical aid."""


@dataclass(frozen=True)
class Measure:
    """A row of measures.csv."""

    kind: str
    description: str
    ladder_level: int
    psychosocial_level: int | None
    verified: bool


@dataclass(frozen=True)
class Company:
    """A company and its unit. CVR and P-number are made up: they are not published."""

    number: int
    cvr: str
    p_number: str
    size_class: str
    industry: str
    sector: str
    topic: str
    measures: tuple[Measure, ...]

    def unit(self) -> UnitRegistered:
        """As the business register knows it."""
        return UnitRegistered(
            p_number=self.p_number,
            cvr=self.cvr,
            name=f"Virksomhed {self.number} (made up)",
            industry=self.industry,
            sector=self.sector,
            size_class=self.size_class,
            effective_from=REGISTERED_FROM,
        )

    def use_of_measures(self) -> MeasureUse:
        """R35: what was seen after fulfilment."""
        if self.number in NOT_IN_USE:
            return MeasureUse.NOT_IN_USE
        return MeasureUse.LIMITED if self.number in LIMITED_USE else MeasureUse.IN_USE


@cache
def studied() -> tuple[Company, ...]:
    """The 20 companies of cases.csv."""
    measures: dict[int, list[Measure]] = {}
    for row in _rows("measures.csv"):
        measures.setdefault(int(row["case"]), []).append(_measure(row))
    industry_codes = {industry.danish: code for code, industry in industries().items()}
    topic_codes = {topic.danish: code for code, topic in topics().items()}
    return tuple(
        _company(
            int(row["case"]),
            row["employees"],
            industry_codes[row["industry_da"]],
            row["sector"],
            topic_codes[row["topic_da"]],
            tuple(measures[int(row["case"])]),
        )
        for row in _rows("cases.csv")
    )


def lapsing() -> Company:
    """Made up: lets the offer lapse."""
    return _company(21, "1-9", "shops", "private", "013", ())


def declining() -> Company:
    """Made up: declines the offer."""
    return _company(22, "10-34", "offices", "private", "013", ())


def breaching() -> Company:
    """Made up: breaches the agreement."""
    return _company(23, "35-99", "metal-and-machinery", "private", "013", ())


def everybody() -> tuple[Company, ...]:
    """All of the demo."""
    return (*studied(), lapsing(), declining(), breaching())


def _company(
    number: int, size_class: str, industry: str, sector: str, topic: str, measures: tuple[Measure, ...]
) -> Company:
    cvr, p_number = made_up_cvr_numbers(number)[-1], made_up_p_numbers(number)[-1]
    return Company(number, cvr, p_number, size_class, industry, sector, topic, measures)


def _measure(row: dict[str, str]) -> Measure:
    described = row["measure_da"]
    psychosocial = row["psychosocial_level"]
    return Measure(
        kind=next((kind for word, kind in _KINDS if word in described), "technical-aid"),
        description=described,
        ladder_level=int(row["ladder_level"]),
        psychosocial_level=None if psychosocial == "-" else int(psychosocial),
        verified=row["verified"] == "yes",
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (EVALUATION / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
