"""Documentation, bookings and windows of an agreement that includes several places (R16, R17, R19, R21)."""

from datetime import date
from uuid import UUID

import pytest

from services.control.rules.booking import days_inside, places_due
from services.control.rules.course_decider import BookWhenDue
from shared.contracts.control import ControlBooked, ControlTurnedIntoGuidance, DocumentationReceived
from shared.deadlines.copenhagen import start_of
from tests.unit.control.control_facts import (
    AGREEMENT,
    GLOVES,
    INSPECTOR,
    LIFT,
    POLICIES,
    at,
    document,
    documented,
    given,
    in_calendar,
    measure,
    running,
    turn,
)
from tests.unit.control.spread_facts import (
    after,
    book_place,
    booked_at,
    control,
    control_of,
    place_id,
    ready,
    sampled,
)

STRANGER = UUID(int=99)
BEGUN = sampled(0, 1, count=3)
POLICY = POLICIES.at(at("2026-06-08"))


@pytest.mark.rule("R16", "R19")
def test_a_part_and_a_measure_can_name_places() -> None:
    there = measure().model_copy(update={"places": (place_id(1), place_id(2))})
    part = given(*BEGUN).when(document(measures=(there,), places=(place_id(2),))).one(DocumentationReceived)
    assert (part.places, part.measures) == ((place_id(2),), (there,))


@pytest.mark.rule("R16", "R19")
def test_a_part_and_a_measure_name_only_places_of_the_agreement() -> None:
    elsewhere = measure().model_copy(update={"places": (STRANGER,)})
    given(*BEGUN).when(document(measures=(elsewhere,))).refused("R19", place_id=STRANGER)
    given(*BEGUN).when(document(places=(STRANGER,))).refused("R19", place_id=STRANGER)


@pytest.mark.rule("R16", "R20")
def test_a_control_speaks_of_the_measures_that_are_used_at_its_place() -> None:
    here = measure(LIFT).model_copy(update={"places": (place_id(0),)})
    there = measure(GLOVES).model_copy(update={"places": (place_id(1),)})
    documented_both = (*BEGUN, documented(*BEGUN, measures=(here, there)))
    history = booked_at(0, 1, history=documented_both)
    given(*history).when(control(1)).refused("R20", missing=str(GLOVES))
    assert given(*history).when(control(0)).refusal is None


@pytest.mark.rule("R17", "R19")
def test_every_place_of_the_sample_is_booked_by_one_timer() -> None:
    assert given(*BEGUN).timers() == {"book-control": start_of(date(2026, 6, 8))}
    assert places_due(running(*BEGUN), at("2026-06-08")) == (place_id(0), place_id(1))
    found = (book_place(0, "2026-06-23", on="2026-06-08"), book_place(1, "2026-06-24", on="2026-06-08"))
    booked = given(*BEGUN).when(BookWhenDue(POLICY, found))
    booked.records(ControlBooked, ControlBooked)
    assert booked.timers() == {}
    assert in_calendar(booked) == {f"place/{INSPECTOR}/2026-06-23/slot/1", f"place/{INSPECTOR}/2026-06-24/slot/2"}


@pytest.mark.rule("R17", "R19")
def test_a_place_whose_booking_stands_is_not_booked_again() -> None:
    history = booked_at(1, history=BEGUN)
    assert places_due(running(*history), at("2026-06-08")) == (place_id(0),)
    both = BookWhenDue(POLICY, (book_place(0), book_place(1, "2026-07-02")))
    assert given(*history).when(both).one(ControlBooked).place_id == AGREEMENT


@pytest.mark.rule("R17", "R19")
def test_a_place_outside_of_the_sample_is_not_booked() -> None:
    given(*BEGUN).when(book_place(2)).refused("R19", "choose it first", place_id=place_id(2))
    given(*BEGUN).when(book_place(50)).refused("R19", "not part of the agreement", place_id=place_id(50))


@pytest.mark.rule("R17", "R19")
def test_a_place_that_was_controlled_is_not_booked_again() -> None:
    held = after(ready(0, 1), control(1))
    given(*held).when(book_place(1, "2026-07-02", on="2026-07-01")).refused("R19", "was controlled")
    assert given(*held).timers() == {}


@pytest.mark.rule("R17", "R19")
def test_two_places_of_one_agreement_do_not_replace_each_other() -> None:
    history = booked_at(0, 1, history=BEGUN)
    course = running(*history)
    assert {place: booking.control_id for place, booking in course.bookings.items()} == {
        place_id(0): control_of(0),
        place_id(1): control_of(1),
    }
    moved = given(*history).when(book_place(1, "2026-07-03", control_id=UUID(int=300))).one(ControlBooked)
    assert moved.replaces == control_of(1)


@pytest.mark.rule("R17", "R21")
def test_a_control_that_decided_nothing_opens_its_own_place_only() -> None:
    history = ready(0, 1)
    turned = given(*history).when(turn(place_id=place_id(1))).one(ControlTurnedIntoGuidance)
    course = running(*history, turned)
    assert turned.control_id == control_of(1)
    assert set(course.bookings) == {AGREEMENT}
    assert places_due(course, at("2026-07-01")) == (place_id(1),)


@pytest.mark.rule("R17", "R21")
def test_the_window_stays_for_every_place_and_the_one_that_was_undecided_is_late() -> None:
    begun = sampled(0, 1, count=3)
    part = documented(*begun, day="2026-04-20")
    late = booked_at(0, 1, history=(*begun, part), day="2026-06-17", on="2026-04-21")
    turned = given(*late).when(turn(at("2026-06-20"), place_id=place_id(1))).one(ControlTurnedIntoGuidance)
    course = running(*late, turned)
    assert course.window(AGREEMENT) == part.control_window
    assert course.window(place_id(1)) == part.control_window
    assert course.limit(place_id(1)).explained(None) == "turned-into-guidance"
    assert course.limit(AGREEMENT).explained(None) is None
    assert days_inside(course, place_id(1), at("2026-06-20"), POLICIES.at(at("2026-06-20"))) == []
