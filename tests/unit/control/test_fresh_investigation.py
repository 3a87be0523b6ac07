"""A control that finds that the matter must be investigated afresh (R21)."""

from datetime import date

import pytest

from shared.contracts.control import ControlCompleted, FreshInvestigationNeeded, Fulfilled
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    at,
    booked,
    breached_course,
    complete,
    documented,
    fulfilled_course,
    given,
    in_calendar,
    running,
    started,
)
from tests.unit.control.spread_facts import afresh, control_of, place_id, ready

pytestmark = pytest.mark.rule("R21")
TERMS = started()
PART = documented(TERMS)
READY = (TERMS, PART, booked(TERMS, PART))
"""Documented on 1 June, control booked for 1 July, window until 31 July."""


def test_on_a_later_visit_a_new_control_is_booked_and_nothing_is_decided() -> None:
    result = given(*READY).when(afresh())
    result.records(FreshInvestigationNeeded)
    fact = result.one(FreshInvestigationNeeded)
    assert (fact.control_id, fact.place_id, fact.later_visit) == (CONTROL, AGREEMENT, True)
    assert result.timers() == {"book-control": at("2026-07-01")}
    assert in_calendar(result) == frozenset()


def test_and_that_control_decides() -> None:
    fact = given(*READY).when(afresh()).one(FreshInvestigationNeeded)
    again = booked(*READY, fact, day="2026-07-20", on="2026-07-01")
    given(*READY, fact, again).when(complete(on=at("2026-07-20"))).records(ControlCompleted, Fulfilled)


def test_on_this_visit_the_control_that_is_booked_decides() -> None:
    result = given(*READY).when(afresh(later_visit=False))
    result.records(FreshInvestigationNeeded)
    assert result.timers() == {}
    assert len(in_calendar(result)) == 1
    given(*READY, *result.events).when(complete()).records(ControlCompleted, Fulfilled)


def test_it_can_be_told_afterwards_and_is_still_possible_after_the_window() -> None:
    fact = given(*READY).when(afresh(on=at("2026-08-04"), held_at=at("2026-08-03"))).one(FreshInvestigationNeeded)
    assert fact.held_at == at("2026-08-03")
    window = running(*READY, fact).window(AGREEMENT)
    assert (window, window.last_day) == (PART.control_window, date(2026, 7, 31))


@pytest.mark.rule("R21", "R17")
@pytest.mark.parametrize("later_visit", [True, False])
def test_a_control_that_is_held_after_the_window_because_of_it_is_late_and_says_so(*, later_visit: bool) -> None:
    """On a later visit or on this one; by the reason that is known, or by another that is given."""
    late = (TERMS, PART, booked(TERMS, PART, day="2026-07-31"))
    fact = given(*late).when(afresh(on=at("2026-07-31"), later_visit=later_visit)).one(FreshInvestigationNeeded)
    again = booked(*late, fact, day="2026-08-04", on="2026-08-03")
    assert again.late_reason == "investigated-afresh"
    for given_reason, told in ((None, "investigated-afresh"), ("season", "season")):
        decided = given(*late, fact, again).when(complete(on=at("2026-08-04"), late_reason=given_reason))
        held = decided.one(ControlCompleted)
        # What the booking said stands; another reason that is given at the control takes its place.
        assert (held.within_window, held.late_reason) == (False, told)
    wrong = complete(on=at("2026-08-04"), late_reason="turned-into-guidance")
    given(*late, fact, again).when(wrong).refused("R17", "why?")


def test_it_concerns_one_place() -> None:
    result = given(*ready(0, 1)).when(afresh(1))
    assert result.one(FreshInvestigationNeeded).control_id == control_of(1)
    assert set(running(*ready(0, 1), *result.events).bookings) == {AGREEMENT}


@pytest.mark.rule("R21", "R17")
def test_it_is_found_at_a_control_that_was_booked() -> None:
    given(TERMS, PART).when(afresh()).refused("R17", "no control is booked")


@pytest.mark.rule("R21", "R19")
def test_at_a_place_of_the_sample() -> None:
    given(*ready(0, 1, count=4)).when(afresh(2)).refused("R19", place_id=place_id(2))


def test_it_has_been_found_when_it_is_told() -> None:
    given(*READY).when(afresh(held_at=at("2026-07-02"))).refused("R21", "not come yet")
    given(*READY).when(afresh(held_at=at("2026-03-01"))).refused("R21", "is before")


@pytest.mark.parametrize("history", [(), fulfilled_course(), breached_course()], ids=["none", "kept", "broken"])
def test_only_while_the_matter_is_open(history: tuple[Event, ...]) -> None:
    given(*history).when(afresh()).refused("R21")
