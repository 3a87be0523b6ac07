"""Nobody guesses an unannounced day better than chance, when it is drawn or later, and the benchmark can tell (R18).

The bound here is seven standard deviations: a fair draw misses it less than once in a billion runs.
"""

from collections.abc import Sequence
from random import SystemRandom
from typing import TypeVar

import pytest

from benchmarks import guessing
from benchmarks.guessing import Tally, measure

T = TypeVar("T")
DRAWS = 300
pytestmark = pytest.mark.rule("R18")


class Partial(SystemRandom):
    """A source of chance that draws the first day, now and then another one."""

    def choice(self, seq: Sequence[T]) -> T:  # type: ignore[override]
        return seq[0] if self.random() < 0.5 else super().choice(seq)


def exceeded(deviations: int) -> list[str]:
    tallies, _ = measure(DRAWS)
    return [how for how, one in tallies.items() if one.hits > one.expected + deviations * one.variance**0.5]


def test_r18_at_acceptance_and_on_each_later_day_nobody_guesses_better_than_chance() -> None:
    assert exceeded(7) == []


def test_r18_enough_days_are_possible() -> None:
    _, possible = measure(DRAWS)
    assert len(possible) == DRAWS
    assert sorted(possible)[DRAWS // 2] >= 15
    assert sorted(possible)[DRAWS // 20] >= 8


def test_r18_a_draw_that_prefers_a_day_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_CHANCE", Partial())
    assert "tomorrow, as it has not come yet" in exceeded(7)
    assert guessing.main(DRAWS) == 1


def test_a_tally_expects_what_chance_gives() -> None:
    tally = Tally()
    for _ in range(100):
        tally.count(True, 4)
    assert (tally.hits, tally.expected, tally.variance) == (100, 25.0, 18.75)
