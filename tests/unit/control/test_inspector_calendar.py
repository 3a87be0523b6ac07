"""Free places in the inspectors' calendars, and the names under which they are held (R17)."""

from datetime import date, timedelta
from itertools import count
from random import Random

import pytest

from services.control.lookups.errors import NoDayFree
from services.control.lookups.inspector_calendar import Calendar
from services.control.rules.calendar_slots import calendar_prefix, calendar_slot_name, day_and_slot
from tests.unit.control.control_facts import INSPECTOR, POLICIES, at, booked, started

pytestmark = pytest.mark.rule("R17")
DAY, NEXT_DAY = date(2026, 7, 1), date(2026, 7, 2)
POLICY = POLICIES.at(at("2026-06-02"))
STRANGE = ["a/b", "a", "a%2Fb", "a%", "a_b", "a/", "ab", "a0", "/", "å/ø", "a.b:c@d"]


def calendar(*taken: tuple[date, int]) -> Calendar:
    """Two controls fit into a day."""
    return Calendar(INSPECTOR, 2, set(taken))


def test_places_of_a_day_are_taken_in_order() -> None:
    inspector = calendar((DAY, 1))
    assert inspector.free_slot(DAY) == 2
    assert inspector.take(DAY) == 2
    assert inspector.take(NEXT_DAY) == 1
    assert inspector.free_slot(DAY) is None
    assert inspector.take(DAY) is None


def test_a_booking_that_is_replaced_does_not_stand_in_its_own_way() -> None:
    booking = booked(started(), day="2026-07-01")
    full = calendar((DAY, 1), (DAY, 2))
    full.give_up(booking)
    assert full.free_slot(DAY) == 1


def test_a_booking_in_another_calendar_frees_nothing_here() -> None:
    booking = booked(started(), day="2026-07-01").model_copy(update={"inspector": "inspector-2"})
    full = calendar((DAY, 1), (DAY, 2))
    full.give_up(booking)
    assert full.free_slot(DAY) is None


def test_a_calendar_without_a_free_place_for_more_than_a_year_is_broken() -> None:
    never = Calendar(INSPECTOR, 0, set())
    with pytest.raises(NoDayFree):
        never.draw([DAY], (NEXT_DAY + timedelta(days=number) for number in count()), POLICY, Random(1))


def test_a_day_that_is_drawn_is_taken() -> None:
    inspector = calendar((DAY, 1))
    drawn = [inspector.draw([DAY], [NEXT_DAY], POLICY, Random(1)) for _ in range(3)]
    assert [(one.day, one.slot) for one in drawn] == [(DAY, 2), (NEXT_DAY, 1), (NEXT_DAY, 2)]
    assert [(one.how.first, one.how.last) for one in drawn] == [(DAY, DAY), (NEXT_DAY, NEXT_DAY), (NEXT_DAY, NEXT_DAY)]


@pytest.mark.parametrize("inspector", STRANGE)
def test_a_name_says_what_it_was_made_of_whatever_the_inspector_is_called(inspector: str) -> None:
    assert day_and_slot(inspector, calendar_slot_name(inspector, DAY, 12)) == (DAY, 12)


def test_a_calendar_holds_the_names_of_its_inspector_and_no_other() -> None:
    names = {(one, calendar_slot_name(one, DAY, slot)) for one in STRANGE for slot in (1, 2)}
    assert len({name for _, name in names}) == len(names)
    for inspector in STRANGE:
        within = {owner for owner, name in names if name.startswith(calendar_prefix(inspector))}
        assert within == {inspector}
