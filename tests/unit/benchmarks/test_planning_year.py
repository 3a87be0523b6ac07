"""The year of calendars plays to its end, and its counts tell a year that breaks a promise from one that keeps it."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from benchmarks.planning.__main__ import faults
from benchmarks.planning.count import Counted, Late, Warnings, announced_moves, count, double_bookings
from benchmarks.planning.play import Player, policies_of
from benchmarks.planning.report import as_table, chart_of_lateness, chart_of_loads
from benchmarks.planning.world import draw_world, load_rates
from shared.contracts.control import AnnouncedControlCancelled, ControlBooked
from tests.unit.control.control_facts import at, booked, documented, started

STREAMS = [UUID(int=number) for number in (11, 12)]


def on_day(stream: UUID, day: str, number: int, **changes: object) -> ControlBooked:
    terms = started()
    known = {"agreement_id": stream, "place_id": stream, "control_id": UUID(int=number), **changes}
    return booked(terms, documented(terms), day=day).model_copy(update=known)


ONE, OTHER = on_day(STREAMS[0], "2026-07-01", 1), on_day(STREAMS[1], "2026-07-02", 2)
KEPT = Counted(
    held=10,
    in_window=9,
    within_sixty_days=9,
    late=Late(warned=1),
    warnings=Warnings(late=1, in_time=1),
    double_bookings=0,
    announced_moved=1,
    announced_moved_untold=0,
    replans=2,
    moves=3,
    most_moves=2,
    rescued=0,
    loads=(0.5, 0.7, 0.9),
    load=0.7,
)


def test_a_small_year_holds_all_visits_and_gives_no_place_twice() -> None:
    rates = load_rates()
    rates["policy"]["futures"] = 4
    world = draw_world(40, 0.9, rates)
    days = list[date]()
    played = asyncio.run(Player(world, rates, lambda day, _: days.append(day)).play())
    counted = count(world.year, policies_of(world, rates), played)
    assert counted.held >= 30
    assert counted.double_bookings == counted.announced_moved_untold == 0
    assert counted.in_window + counted.late.number == counted.held
    assert days[-1] >= world.year.last
    assert "in their window" in as_table({"90 %": counted})


def test_a_world_is_the_same_again_and_its_calendars_have_the_load_that_was_asked_for() -> None:
    rates = load_rates()
    world = draw_world(2000, 0.7, rates)
    assert world == draw_world(2000, 0.7, rates)
    places, less = (sum(sum(one.visits) for one in draw_world(2000, load, rates).people) for load in (0.7, 1.0))
    assert places / less == pytest.approx(1 / 0.7, rel=0.05)
    assert world.year.last - world.year.first == timedelta(days=364)


def test_a_place_that_two_visits_have_is_counted_and_one_that_was_exchanged_is_not() -> None:
    first = [((STREAMS[0], (ONE,)),), ((STREAMS[1], (OTHER,)),)]
    there = on_day(STREAMS[0], "2026-07-02", 3, replaces=ONE.control_id)
    back = on_day(STREAMS[1], "2026-07-01", 4, replaces=OTHER.control_id)
    assert double_bookings(first) == 0
    assert double_bookings([*first, ((STREAMS[0], (there,)), (STREAMS[1], (back,)))]) == 0
    assert double_bookings([*first, ((STREAMS[0], (there,)),)]) == 1


def test_an_announced_visit_that_moves_in_silence_is_counted() -> None:
    announced = ONE.model_copy(update={"announced": True})
    hidden = on_day(STREAMS[0], "2026-07-03", 3, replaces=ONE.control_id)
    told = AnnouncedControlCancelled(agreement_id=STREAMS[0], control_id=ONE.control_id, cancelled_at=at("2026-06-20"))
    before = ((STREAMS[0], (announced,)),)
    assert announced_moves([before, ((STREAMS[0], (hidden,)),)]) == (1, 1)
    assert announced_moves([before, ((STREAMS[0], (told, hidden)),)]) == (1, 0)
    said_anew = hidden.model_copy(update={"announced": True})
    assert announced_moves([before, ((STREAMS[0], (said_anew,)),)]) == (1, 0)


def test_faults_are_named_with_their_year() -> None:
    assert faults({"70 %": KEPT}) == []
    unsaid = Late()
    unsaid.unsaid["absence"] = 2
    broken = replace(
        KEPT, double_bookings=1, announced_moved_untold=1, late=unsaid, warnings=Warnings(late=1, in_time=2)
    )
    assert faults({"70 %": KEPT, "85 %": broken}) == [
        "85 %: 1 half hours were given twice",
        "85 %: 1 announced visits moved untold",
        "85 %: 2 late visits were not said in time",
        "85 %: 0.33 of the warnings were right",
    ]


def test_charts_are_drawn_for_each_year() -> None:
    years = {"70 %": KEPT, "85 %": KEPT}
    for chart in (chart_of_lateness(years), chart_of_loads(years)):
        assert chart.startswith("<svg ")
        assert all(heading in chart for heading in years)
