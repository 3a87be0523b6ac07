"""Days that the system chooses are drawn, evenly over the free working days of their window (R7, R17, R18).

The bounds of the statistics are fixed and generous: a fair draw misses one of them less than once in a billion runs.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any
from uuid import uuid4

import pytest

from services.control.rules.phases import AfterNo
from shared.deadlines.deadlines import is_working_day
from tests.unit.control import booked_by_itself
from tests.unit.control.booked_by_itself import chi_square
from tests.unit.control.control_facts import (
    AGREEMENT,
    POLICIES,
    after_a_no,
    at,
    booked,
    documented,
    given,
    running,
    started,
    turned,
)
from tests.unit.control.guesses import guesses

TIMES = 800
SPREAD_AT_MOST = 150.0
"""Of a chi-square with at most 43 days; it is above 125 once in a billion."""
TERMS, PART = started(), documented()
REOPENED = (TERMS, PART, STANDING := booked(TERMS, PART), turned(TERMS, PART, STANDING))
NOTED, *_ = after_a_no()


def working_days(first: str, last: str) -> list[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
    return [day for day in days if is_working_day(day, POLICIES.at(at(first)))]


@dataclass(frozen=True)
class Draw:
    """A day that the system chooses, and the days of which it is one."""

    draw: Callable[..., Awaitable[Any]]
    matter: Any
    at: datetime
    window: Sequence[date]
    first_part: bool = False
    """R21: whether the last third of the window is kept for what follows a control that decided nothing."""

    @property
    def among(self) -> Sequence[date]:
        return self.window[: ceil(len(self.window) * 2 / 3)] if self.first_part else self.window

    async def days(self, full: Sequence[date] = (), times: int = TIMES) -> list[date]:
        return [(await self.draw(self.matter, self.at, full)).told.day for _ in range(times)]


def no_answer() -> AfterNo:
    state = given(NOTED).state
    assert isinstance(state, AfterNo)
    return state


DRAWS = {
    "after documentation": Draw(
        booked_by_itself.control,
        running(TERMS, PART),
        at("2026-06-01"),
        working_days("2026-06-02", "2026-07-31"),
        first_part=True,
    ),
    "before the deadline": Draw(
        booked_by_itself.control,
        running(TERMS),
        at("2026-06-08"),
        working_days("2026-06-23", "2026-08-21"),
        first_part=True,
    ),
    "after guidance": Draw(
        booked_by_itself.control,
        running(*REOPENED),
        at("2026-07-01", "14:00"),
        working_days("2026-07-02", "2026-07-31"),
    ),
    "after a no": Draw(
        booked_by_itself.inspection, no_answer(), at("2026-04-01"), working_days("2026-04-02", "2026-04-29")
    ),
}
each_draw = pytest.mark.parametrize("of", DRAWS.values(), ids=DRAWS)


@pytest.mark.rule("R18", "R17", "R7", "R21")
@each_draw
async def test_r18_every_free_working_day_of_its_part_is_drawn_as_often_as_any_other(of: Draw) -> None:
    days = await of.days()
    assert set(days) == set(of.among)
    assert chi_square(days, of.among) < SPREAD_AT_MOST


@pytest.mark.rule("R18", "R17", "R7")
@each_draw
async def test_r18_full_days_are_left_out_and_the_others_stay_even(of: Draw) -> None:
    full, free = of.among[::2], of.among[1::2]
    days = await of.days(full)
    assert set(days) == set(free)
    assert chi_square(days, free) < SPREAD_AT_MOST


@pytest.mark.rule("R18", "R7")
@each_draw
async def test_r18_nobody_guesses_a_day_more_often_than_chance_would(of: Draw) -> None:
    """Nor does the agreement decide it: a second draw for the same agreement is as free as the first."""
    hits: dict[str, int] = {}
    for _ in range(TIMES):
        agreement = uuid4()
        day = (await of.draw(of.matter, of.at, agreement=agreement)).told.day
        again = (await of.draw(of.matter, of.at, agreement=agreement)).told.day
        for how, guess in {**guesses(agreement, of.among, of.at), "as before": again}.items():
            hits[how] = hits.get(how, 0) + (guess == day)
    expected = TIMES / len(of.among)
    assert max(hits.values()) < expected + 7 * expected**0.5, hits


@pytest.mark.rule("R18")
@each_draw
async def test_r18_the_draw_is_kept_with_the_day(of: Draw) -> None:
    booking = await of.draw(of.matter, of.at)
    assert (booking.drawn.first, booking.drawn.last, booking.drawn.spread) == (of.among[0], of.among[-1], "evenly")
    assert booking.drawn.possible == len(of.among)
    assert booking.drawn.first <= booking.told.day <= booking.drawn.last


@pytest.mark.rule("R18", "R21")
@pytest.mark.parametrize(("free_in_part", "whole_window"), [(8, False), (7, True), (0, True)])
async def test_r18_where_few_days_of_its_part_are_free_one_is_drawn_from_the_whole_window(
    free_in_part: int, whole_window: bool
) -> None:
    """The policy says how few: 8."""
    of = DRAWS["after documentation"]
    full = of.among[free_in_part:]
    free = [day for day in of.window if day not in full] if whole_window else of.among[:free_in_part]
    days = await of.days(full)
    assert set(days) == set(free)
    assert chi_square(days, free) < SPREAD_AT_MOST
    drawn = (await of.draw(of.matter, of.at, full)).drawn
    assert (drawn.last, drawn.possible) == (of.window[-1] if whole_window else of.among[-1], len(free))


@pytest.mark.rule("R18", "R17", "R7")
@each_draw
async def test_r18_a_day_that_can_only_be_late_is_drawn_as_well(of: Draw) -> None:
    """Among the next free working days after the window, so many as the policy says."""
    days = await of.days(of.window)
    among = sorted(set(days))
    assert len(among) == POLICIES.at(of.at).control.late_days_drawn_from
    assert among[0] > of.window[-1]
    assert chi_square(days, among) < SPREAD_AT_MOST


@pytest.mark.rule("R18")
@each_draw
async def test_r18_an_id_of_what_is_booked_tells_nothing(of: Draw) -> None:
    """The same agreement, place and time give another id each time, and it is a random one."""
    made = [await of.draw(of.matter, of.at) for _ in range(20)]
    ids = [getattr(one, "control_id", None) or one.inspection_id for one in made]
    assert len(set(ids)) == len(ids)
    assert {one.version for one in ids} == {4}
    assert AGREEMENT not in ids
