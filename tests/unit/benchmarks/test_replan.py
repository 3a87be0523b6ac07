"""A storm of absences is re-planned in time and the same twice, and the benchmark can tell when it is not."""

import asyncio
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from benchmarks.replan import Replanned, Storm, faults

pytestmark = pytest.mark.rule("R17", "R42")
PLAN = {UUID(int=1): ("inspector-00", date(2027, 6, 1), 1)}
GOOD = Replanned(seconds=0.1, moved=3, not_found=1, doubled=0, on_days_away=1, plan=PLAN)


def test_the_same_chance_plans_the_same_and_nobody_is_visited_by_who_is_away() -> None:
    one, again = (asyncio.run(Storm(120, seed=3).replan()) for _ in range(2))
    assert faults(one, again) == []
    assert one.moved > 5
    assert len(one.plan) == 120
    other = asyncio.run(Storm(120, seed=4).replan())
    assert other.plan != one.plan


def test_what_must_not_be_is_named() -> None:
    assert faults(GOOD, GOOD) == []
    assert faults(GOOD, replace(GOOD, plan={})) == ["the same chance gave another result"]
    assert faults(GOOD, replace(GOOD, seconds=10.0)) == ["it took 10.0 s"]
    assert faults(replace(GOOD, doubled=1), GOOD) == ["a half hour was given twice"]
    (away,) = faults(replace(GOOD, on_days_away=2), GOOD)
    assert "days away" in away
