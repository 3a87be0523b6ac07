"""Free places in the inspectors' calendars, and the names under which they are held (R17)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.control.planning.lookups.drawing import draw
from services.control.planning.rules.calendar import Calendar, FreePlace, WhyNotFree
from services.control.planning.rules.half_hours import half_hours_of, of_slot, taken_by
from services.control.planning.rules.place_names import (
    TakenPlaces,
    former_names_of_calendar,
    former_slot_name,
    half_hour_name,
    names_of_calendar,
    names_of_place,
    slot_name,
    taken_places,
)
from services.control.planning.rules.working_time import WorkingTime, default_working_time, working_time
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Span, VisitHours, WorkingHours
from shared.policy.policy import Planning
from tests.unit.control.control_facts import INSPECTOR, POLICIES, at, booked, free_place, started

pytestmark = pytest.mark.rule("R17")
DAY, NEXT_DAY = date(2026, 7, 1), date(2026, 7, 2)
"""A Wednesday and a Thursday."""
POLICY = POLICIES.at(at("2026-06-02"))
USUAL = default_working_time(POLICY)
STRANGE = ["a/b", "a", "a%2Fb", "a%", "a_b", "a/", "ab", "a0", "/", "å/ø", "a.b:c@d"]
ONE, ANOTHER = UUID(int=1), UUID(int=2)


def held(*bookings: Any) -> dict[str, UUID]:
    """The names that these bookings reserve, each held by a case of its own."""
    return {name: UUID(int=number) for number, one in enumerate(bookings, 1) for name in names_of_place(one)}


def calendar(*bookings: Any, working_time: WorkingTime = USUAL, **planning: Any) -> Calendar:
    names = held(*bookings)
    policy = POLICY.model_copy(update={"planning": Planning(**planning)})
    return Calendar(INSPECTOR, working_time, taken_places(INSPECTOR, names), policy)


def visit(day: date = DAY, slot: int = 1, begins: time | None = None, minutes: int = 180) -> Any:
    """A booking in the calendar, at its slot's usual time unless another one is given."""
    place = free_place(slot) if begins is None else FreePlace(slot, VisitHours(begins=begins, duration_minutes=minutes))
    return booked(started(), day=day.isoformat(), place=place)


def of_the_release_before(day: date = DAY, slot: int = 1) -> Any:
    return visit(day).model_copy(update={"slot": slot, "hours": None})


def begins(place: FreePlace | None) -> time | None:
    return place.hours.begins if place else None


def test_places_of_a_day_are_taken_in_order() -> None:
    inspector = calendar(visit(slot=1))
    assert inspector.free_place(DAY) == free_place(2)
    assert inspector.take(DAY) == free_place(2)
    assert inspector.take(NEXT_DAY) == free_place(1)
    assert inspector.free_place(DAY) is None
    assert inspector.take(DAY) is None


def test_the_policy_says_when_a_usual_day_begins_and_ends() -> None:
    policy = POLICY.model_copy(update={"planning": Planning(day_begins=time(9), day_ends=time(11, 30))})
    assert default_working_time(policy).on(DAY) == set(range(18, 23))
    assert default_working_time(policy).on(date(2026, 7, 4)) == frozenset(), "a Saturday"


@pytest.mark.parametrize(
    ("values", "half_hours"),
    [({}, 6), ({"quantum_minutes": 60}, 6), ({"visit_quanta": 5}, 5), ({"quantum_minutes": 60, "visit_quanta": 2}, 4)],
)
def test_a_visit_takes_the_quanta_that_the_policy_says(values: dict[str, Any], half_hours: int) -> None:
    place = calendar(**values).free_place(DAY)
    assert place is not None
    assert len(half_hours_of(place.hours)) == half_hours


@pytest.mark.parametrize(("controls", "half_hours"), [(1, 6), (2, 6), (4, 4), (16, 1), (20, 1)])
def test_a_policy_of_before_fits_as_many_visits_into_a_day_as_it_did(controls: int, half_hours: int) -> None:
    control = POLICY.control.model_copy(update={"controls_per_day": controls})
    policy = POLICY.model_copy(update={"control": control})
    assert policy.visit_half_hours == half_hours
    inspector = Calendar(INSPECTOR, default_working_time(policy), taken_places(INSPECTOR, {}), policy)
    places = [inspector.take(DAY) for _ in range(controls + 1)]
    assert places[-1] is None
    assert None not in places[: min(controls, 16)]


def test_no_two_places_of_a_day_overlap() -> None:
    inspector = calendar(working_time=replace(USUAL, visits_per_day=9), visit_quanta=3)
    places = [place for _ in range(9) if (place := inspector.take(DAY)) is not None]
    taken = [number for place in places for number in half_hours_of(place.hours)]
    assert len(places) == 5
    assert len(taken) == len(set(taken))
    assert set(taken) <= USUAL.on(DAY)


def test_a_visit_at_another_hour_leaves_no_room_for_one_that_overlaps_it() -> None:
    inspector = calendar(visit(begins=time(9, 30)), working_time=replace(USUAL, visits_per_day=3))
    assert begins(inspector.take(DAY)) == time(12, 30)
    assert inspector.place_on(DAY) is WhyNotFree.FULL


@pytest.mark.rule("R42")
@pytest.mark.parametrize(
    ("working_time", "why"),
    [
        (replace(USUAL, away=(Span(first=DAY, last=DAY),)), WhyNotFree.AWAY),
        (replace(USUAL, away=(Span(first=date(2026, 6, 1), last=DAY),)), WhyNotFree.AWAY),
        (replace(USUAL, closed=frozenset({DAY})), WhyNotFree.CLOSED),
        (replace(USUAL, half_hours={3: USUAL.half_hours[3]}), WhyNotFree.NOT_WORKED),
        (replace(USUAL, half_hours={**USUAL.half_hours, 2: frozenset(range(16, 21))}), WhyNotFree.NOT_WORKED),
        (replace(USUAL, visits_per_day=0), WhyNotFree.NOT_WORKED),
    ],
    ids=["away that day", "away until that day", "closed", "not that weekday", "too short", "makes no visits"],
)
def test_nothing_is_free_while_somebody_does_not_work(working_time: WorkingTime, why: WhyNotFree) -> None:
    inspector = calendar(working_time=working_time)
    assert (inspector.free_place(DAY), inspector.take(DAY), inspector.place_on(DAY)) == (None, None, why)
    if working_time.visits_per_day:
        assert inspector.free_place(NEXT_DAY) == free_place(1)


@pytest.mark.rule("R42")
def test_the_days_around_an_absence_are_free() -> None:
    inspector = calendar(working_time=replace(USUAL, away=(Span(first=DAY, last=DAY),)))
    days = [DAY - timedelta(days=1), DAY, NEXT_DAY]
    assert [inspector.free_place(day) is not None for day in days] == [True, False, True]


@pytest.mark.rule("R42")
def test_working_time_is_what_the_directory_says_and_else_the_policy_says() -> None:
    described = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.NORTH)
    assert working_time(POLICY, described, (), ()) == USUAL
    mornings = [
        WorkingHours(weekday=3, begins=time(7, 45), ends=time(10, 15)),
        WorkingHours(weekday=3, begins=time(12), ends=time(13)),
    ]
    part_time = described.model_copy(update={"working_pattern": tuple(mornings), "visits_per_day": 1})
    away = Span(first=NEXT_DAY, last=NEXT_DAY)
    found = working_time(POLICY, part_time, [away], [date(2026, 7, 8)])
    assert found.on(DAY) == {16, 17, 18, 19, 24, 25}, "whole half hours of a Wednesday"
    assert found.on(date(2026, 7, 8)) == found.on(NEXT_DAY) == frozenset()
    assert found.visits_per_day == 1
    assert found.is_away_on(NEXT_DAY)


@pytest.mark.rule("R42")
def test_somebody_who_works_in_the_afternoon_is_booked_then() -> None:
    afternoon = replace(USUAL, half_hours=dict.fromkeys(range(5), frozenset(range(24, 34))))
    assert begins(calendar(working_time=afternoon).free_place(DAY)) == time(12)


def test_a_booking_that_is_replaced_does_not_stand_in_its_own_way() -> None:
    for booking in (visit(slot=1), of_the_release_before(slot=1), visit(slot=1, begins=time(8, 30))):
        full = calendar(booking, visit(slot=2, begins=time(13)))
        assert full.free_place(DAY) is None
        full.give_up(booking)
        assert full.free_place(DAY) == free_place(1)


def test_a_booking_in_another_calendar_frees_nothing_here() -> None:
    booking = visit().model_copy(update={"inspector": "inspector-2"})
    full = calendar(visit(slot=1), visit(slot=2))
    full.give_up(booking)
    assert full.free_place(DAY) is None


def test_in_a_calendar_without_a_free_place_for_more_than_a_year_nothing_is_drawn() -> None:
    never = calendar(working_time=replace(USUAL, visits_per_day=0))
    days = (NEXT_DAY + timedelta(days=number) for number in count())
    assert draw(never, [[DAY]], days, POLICY, Random(1)) is None
    assert next(days) == NEXT_DAY + timedelta(days=400), "as many were tried"


def test_a_day_that_is_drawn_is_taken() -> None:
    inspector = calendar(visit(slot=1))
    tried = [draw(inspector, [[DAY]], [NEXT_DAY], POLICY, Random(1)) for _ in range(4)]
    drawn = [one for one in tried if one is not None]
    assert tried[3:] == [None]
    assert [(one.day, one.place) for one in drawn] == [
        (DAY, free_place(2)),
        (NEXT_DAY, free_place(1)),
        (NEXT_DAY, free_place(2)),
    ]
    assert [(one.how.first, one.how.last) for one in drawn] == [(DAY, DAY), (NEXT_DAY, NEXT_DAY), (NEXT_DAY, NEXT_DAY)]


@pytest.mark.parametrize("slot", [1, 2, 3, 12, 30])
def test_a_booking_of_the_release_before_takes_the_half_hours_of_its_slot(slot: int) -> None:
    """And those of two slots never overlap, so that what was no double booking does not become one."""
    assert list(taken_by(of_the_release_before(slot=slot))) == list(of_slot(slot))
    others = {number for other in range(1, 40) if other != slot for number in of_slot(other)}
    assert others.isdisjoint(of_slot(slot))


def test_what_a_new_booking_takes_first_is_what_its_slot_has_always_taken() -> None:
    """So no process of the release before, which chooses slots only, can book beside it what overlaps."""
    inspector = calendar()
    for slot in (1, 2):
        place = inspector.take(DAY)
        assert place is not None
        assert (place.slot, list(half_hours_of(place.hours))) == (slot, list(of_slot(slot)))


def test_a_slot_that_the_release_before_took_meanwhile_is_taken_with_its_half_hours() -> None:
    """Its processes reserve no half hours; what another case holds under the new name changes nothing."""
    former = {former_slot_name(INSPECTOR, DAY, 1): ONE}
    for names in ({}, {slot_name(INSPECTOR, DAY, 1): ANOTHER}):
        taken = taken_places(INSPECTOR, {**names, **former})
        assert taken == TakenPlaces({(DAY, 1)}, {DAY: set(of_slot(1))})


def test_a_booking_of_this_release_takes_its_own_half_hours_and_no_others() -> None:
    names = held(visit(begins=time(9, 30), minutes=60))
    taken = taken_places(INSPECTOR, names)
    assert taken == TakenPlaces({(DAY, 1)}, {DAY: {19, 20}})


@pytest.mark.parametrize("inspector", STRANGE)
def test_names_say_what_they_were_made_of_whatever_the_inspector_is_called(inspector: str) -> None:
    booking = of_the_release_before(slot=12).model_copy(update={"inspector": inspector})
    names = held(booking)
    taken = taken_places(inspector, names)
    assert taken == TakenPlaces({(DAY, 12)}, {DAY: set(of_slot(12))})


def test_a_calendar_holds_the_names_of_its_inspector_and_no_other() -> None:
    makers = (former_slot_name, slot_name, half_hour_name)
    names = {(one, make(one, DAY, number)) for one in STRANGE for number in (1, 2) for make in makers}
    assert len({name for _, name in names}) == len(names)
    for inspector in STRANGE:
        assert _within(names, names_of_calendar(inspector)) == {inspector}
        assert _within(names, former_names_of_calendar(inspector)) == {inspector}


def _within(names: Iterable[tuple[str, str]], prefix: str) -> set[str]:
    return {owner for owner, name in names if name.startswith(prefix)}
