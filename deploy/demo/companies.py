"""The companies of the demo: the 20 that were studied, with their measures, and three made-up ones."""

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
"""The report says six of the 20; which six is made up, except that 5 of the 8 psychosocial companies accepted."""
TURNED_INTO_GUIDANCE = {12: "work_unfinished", 5: "processes_not_running"}
"""The report says two of the 20, one of them company 12; the other one and the reasons are made up."""
CONTROLLED_BY_PHONE = 13
EMPLOYEES_TOOK_PART = frozenset({2, 7, 15, 17, 20})
"""The report says five of the 20; which five is made up."""
NOT_IN_USE = {4: "in-the-way", 13: "does-not-fit-the-place"}
"""The companies and the two reasons are the report's; which reason belongs to which company is made up."""
LIMITED_USE = frozenset({7, 11, 20})
"""The report says three of the 20, one of them psychosocial; which three is made up."""
SPREAD_FURTHER = frozenset(range(1, 20, 2))
"""The report says about half of the 20; which ones is made up."""

CODED_MEASURES = Path(__file__).parent / "coded_measures.csv"
"""The published measures with a kind. The coding is made up: the evaluation describes measures in words."""


@dataclass(frozen=True)
class Measure:
    """A row of coded_measures.csv."""

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
        """Returns the unit as the business register knows it."""
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
        """R35: returns whether the measures were in use at the follow-up."""
        if self.number in NOT_IN_USE:
            return MeasureUse.NOT_IN_USE
        return MeasureUse.LIMITED if self.number in LIMITED_USE else MeasureUse.IN_USE


@cache
def studied() -> tuple[Company, ...]:
    """Returns the 20 companies of cases.csv."""
    measures: dict[int, list[Measure]] = {}
    for row in _rows(CODED_MEASURES):
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
        for row in _rows(EVALUATION / "cases.csv")
    )


def published_outcomes() -> dict[str, int]:
    """Returns the figures that the text of the evaluation gives for the 20, from case_outcomes.csv."""
    return {row["measure"]: int(row["value"]) for row in _rows(EVALUATION / "case_outcomes.csv")}


def lapsing() -> Company:
    """Returns the made-up company that lets the offer lapse."""
    return _company(21, "1-9", "shops", "private", "013", ())


def declining() -> Company:
    """Returns the made-up company that declines the offer."""
    return _company(22, "10-34", "offices", "private", "013", ())


def breaching() -> Company:
    """Returns the made-up company that breaches the agreement."""
    return _company(23, "35-99", "metal-and-machinery", "private", "013", ())


def everybody() -> tuple[Company, ...]:
    """Returns all companies of the demo."""
    return (*studied(), lapsing(), declining(), breaching())


def _company(
    number: int, size_class: str, industry: str, sector: str, topic: str, measures: tuple[Measure, ...]
) -> Company:
    cvr, p_number = made_up_cvr_numbers(number)[-1], made_up_p_numbers(number)[-1]
    return Company(number, cvr, p_number, size_class, industry, sector, topic, measures)


def _measure(row: dict[str, str]) -> Measure:
    psychosocial = row["psychosocial_level"]
    return Measure(
        kind=row["kind"],
        description=row["measure_da"],
        ladder_level=int(row["ladder_level"]),
        psychosocial_level=None if psychosocial == "-" else int(psychosocial),
        verified=row["verified"] == "yes",
    )


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
