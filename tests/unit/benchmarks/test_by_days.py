"""A year is played day by day: a course acts on its days only, side by side with the others, after the timers."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

from benchmarks.year.by_days import play_by_days
from benchmarks.year.rates import draw_plans, load_rates
from deploy.demo.courses import at
from shared.deadlines.copenhagen import local_day

FIRST = date(2026, 3, 2)
DAY = timedelta(days=1)


async def test_courses_act_on_their_days_and_the_clock_moves_once_a_day() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moved: list[date] = []
    acted: list[tuple[str, date]] = []
    evenings: list[date] = []

    async def advance(instant: datetime) -> None:
        nonlocal now
        now = instant
        moved.append(local_day(instant))

    async def course(name: str, days: list[date]) -> AsyncIterator[datetime]:
        for day in days:
            yield at(day)
            acted.append((name, local_day(now)))

    courses = [course("a", [FIRST, FIRST + 3 * DAY]), course("b", [FIRST + DAY, FIRST + 3 * DAY, FIRST + 3 * DAY])]
    steps = await play_by_days(courses, advance, lambda evening: evenings.append(local_day(evening)))
    assert moved == evenings == [FIRST, FIRST + DAY, FIRST + 3 * DAY]
    assert sorted(acted) == [("a", FIRST), ("a", FIRST + 3 * DAY), ("b", FIRST + DAY), *[("b", FIRST + 3 * DAY)] * 2]
    assert steps == len(acted)


async def test_what_a_course_wants_on_a_day_that_has_passed_is_done_at_once() -> None:
    acted: list[str] = []

    async def course() -> AsyncIterator[datetime]:
        yield at(FIRST)
        acted.append("on its day")
        yield at(FIRST - 5 * DAY)
        acted.append("belated")

    async def advance(_: datetime) -> None:
        assert not acted, "the clock has nowhere else to go"

    await play_by_days([course()], advance, lambda _: None)
    assert acted == ["on its day", "belated"]


def test_a_seed_gives_the_same_plans_again_and_another_seed_others() -> None:
    rates = load_rates()
    plans = draw_plans(50, FIRST, 7, rates)
    assert plans == draw_plans(50, FIRST, 7, rates)
    assert plans != draw_plans(50, FIRST, 8, rates)


def test_the_plans_of_a_year_follow_the_rates() -> None:
    rates = load_rates()
    plans = draw_plans(4_000, FIRST, 7, rates)
    accepted = sum(plan.answer == "accepted" for plan in plans) / len(plans)
    assert abs(accepted - rates["answer"]["accepted"]) < 0.03
    assert {plan.answer for plan in plans} == {"accepted", "declined", "none"}
    assert len({plan.p_number for plan in plans}) == len(plans)
    assert all(plan.successor != plan.inspector for plan in plans)
