"""Counts in reporting what became of the 20 companies, and compares it with the text of the evaluation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.companies import published_outcomes

Case = Mapping[str, Any]
"""A case with all details, as reporting answers it."""


@dataclass(frozen=True)
class Outcome:
    """The number of the 20 companies with an outcome, here and as published."""

    name: str
    here: int | None
    """None if Aftale does not record this outcome."""
    published: int

    @property
    def differs(self) -> bool:
        return self.here is not None and self.here != self.published


def outcomes(cases: Sequence[Case]) -> list[Outcome]:
    """Returns every figure of case_outcomes.csv, counted in the agreements of the 20 companies."""
    return [
        Outcome(name.replace("_", " "), sum(map(_HOLDS[name], cases)) if name in _HOLDS else None, published=published)
        for name, published in published_outcomes().items()
    ]


def _guidance_unknown(case: Case) -> bool:
    return case["guidance_accepted_at"] is None and case["guidance_declined_at"] is None


def _guidance_accepted_psychosocial(case: Case) -> bool:
    return case["guidance_accepted_at"] is not None and case["problem_group"] == "psychosocial"


def _used(use: str) -> Callable[[Case], bool]:
    return lambda case: {measure["follow_up_use"] for measure in case["measures"]} == {use}


def _says(fact: str, value: Callable[[Mapping[str, Any]], bool]) -> Callable[[Case], bool]:
    return lambda case: any(entry["type"] == fact and value(entry["data"]) for entry in case["timeline"])


_HOLDS: Mapping[str, Callable[[Case], bool]] = {
    "guidance_meeting_declined": lambda case: case["guidance_declined_at"] is not None,
    "guidance_meeting_unknown": _guidance_unknown,
    "guidance_meeting_accepted_psychosocial": _guidance_accepted_psychosocial,
    "control_by_visit": lambda case: case["control_form"] == "visit",
    "measures_in_use_positive_outcome": _used("in_use"),
    "measures_limited_use": _used("limited"),
    "measures_not_in_use": _used("not_in_use"),
    "employees_took_part_in_solution": _says(
        "ControlCompleted", lambda data: data["involvement"]["employees"] == "took_part"
    ),
    "control_turned_into_guidance": _says("ControlTurnedIntoGuidance", lambda data: True),
    "measures_spread_or_more": _says("FollowUpHeld", lambda data: data["spread_further"] is True),
}
"""Tests whether a case has an outcome. Aftale records nothing about the training of inspectors."""
