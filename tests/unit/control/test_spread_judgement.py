"""What the controls of a sample decide together, and which units breached (R19, R20, R22)."""

import pytest

from shared.contracts.control import (
    AnnouncedControlCancelled,
    Breached,
    ControlCompleted,
    Fulfilled,
    HearingOpened,
    OrderRequested,
)
from tests.unit.control.control_facts import (
    CONTROL_TIME,
    UNIT,
    answer_hearing,
    at,
    given,
    in_calendar,
    request_order,
    running,
)
from tests.unit.control.spread_facts import (
    VIOLATION,
    after,
    booked_at,
    control,
    control_of,
    place,
    place_id,
    ready,
    sampled,
    unit,
)

DEPARTMENTS = (place(0), place(1, UNIT), place(2, unit(2)), place(3, unit(2)), place(4))
"""Two departments of the first unit, two of another, and a whole third."""


@pytest.mark.rule("R20")
def test_nothing_is_decided_while_places_of_the_sample_are_awaited() -> None:
    result = given(*ready(0, 1)).when(control(0))
    result.records(ControlCompleted)
    assert result.one(ControlCompleted).place_id == place_id(0)
    assert running(*ready(0, 1), *result.events).awaited == (place_id(1),)


@pytest.mark.rule("R20")
def test_a_sample_without_a_violation_fulfils_the_agreement() -> None:
    held = after(ready(0, 1), control(1))
    result = given(*held).when(control(0))
    result.records(ControlCompleted, Fulfilled)
    assert in_calendar(result) == frozenset()


@pytest.mark.rule("R20", "R24")
def test_it_is_fulfilled_when_the_last_control_took_place_in_whatever_order_they_are_told() -> None:
    held = after(ready(0, 1), control(1, on=at("2026-07-03")))
    result = given(*held).when(control(0, on=at("2026-07-06"), held_at=CONTROL_TIME))
    assert result.one(Fulfilled).fulfilled_at == at("2026-07-03")


@pytest.mark.rule("R20", "R22")
@pytest.mark.parametrize("first", [True, False], ids=["found first", "found last"])
def test_one_breached_place_breaches_the_agreement_and_only_its_unit_is_named(first: bool) -> None:
    commands = (control(1, VIOLATION), control(0)) if first else (control(0), control(1, VIOLATION))
    held = after(ready(0, 1), commands[0])
    result = given(*held).when(commands[1])
    result.records(ControlCompleted, Breached, HearingOpened)
    breach = result.one(Breached)
    assert (breach.p_number, breach.breached_units, breach.breached_places) == (UNIT, (unit(1),), (place_id(1),))


@pytest.mark.rule("R20")
def test_a_violation_alone_does_not_decide_before_the_sample_is_controlled() -> None:
    given(*ready(0, 1, 2, count=4)).when(control(1, VIOLATION)).records(ControlCompleted)


@pytest.mark.rule("R20")
def test_unless_it_concludes_the_matter() -> None:
    result = given(*ready(0, 1, 2, count=4)).when(control(1, VIOLATION, concludes=True))
    result.records(ControlCompleted, Breached, HearingOpened)
    assert result.one(Breached).breached_units == (unit(1),)
    assert in_calendar(result) == frozenset()


@pytest.mark.rule("R18", "R20")
def test_and_what_the_company_was_told_of_other_controls_is_called_off() -> None:
    begun = sampled(0, 1, 2, count=4)
    history = booked_at(0, 1, history=begun, announced=True)
    history = booked_at(2, history=history)
    result = given(*history).when(control(0, VIOLATION, concludes=True, measures=()))
    result.records(ControlCompleted, AnnouncedControlCancelled, Breached, HearingOpened)
    assert result.one(AnnouncedControlCancelled).control_id == control_of(1)


@pytest.mark.rule("R20")
def test_only_a_violation_concludes() -> None:
    given(*ready(0, 1)).when(control(0, concludes=True)).refused("R20", "only a violation")


@pytest.mark.rule("R20", "R22")
def test_a_unit_is_named_once_however_many_of_its_departments_breached() -> None:
    held = after(
        ready(0, 1, 2, 3, 4, included=DEPARTMENTS),
        control(4),
        control(3, VIOLATION),
        control(2, VIOLATION),
        control(1, VIOLATION),
    )
    breach = given(*held).when(control(0)).one(Breached)
    assert breach.breached_units == (UNIT, unit(2))
    assert breach.breached_places == (place_id(1), place_id(2), place_id(3))


@pytest.mark.rule("R22")
def test_each_order_names_the_controls_that_found_the_violation_at_its_unit() -> None:
    found = (control(4), control(3, VIOLATION), control(2, VIOLATION), control(1, VIOLATION), control(0))
    breached = after(ready(0, 1, 2, 3, 4, included=DEPARTMENTS), *found, answer_hearing())
    orders = given(*breached).when(request_order()).events
    assert [(order.p_number, order.control_ids) for order in orders if isinstance(order, OrderRequested)] == [
        (UNIT, (control_of(1),)),
        (unit(2), (control_of(2), control_of(3))),
    ]


@pytest.mark.rule("R20")
def test_a_unit_whose_departments_were_in_order_is_not_named() -> None:
    held = after(ready(0, 1, 2, 3, 4, included=DEPARTMENTS), *(control(number) for number in (0, 1, 2, 3)))
    assert given(*held).when(control(4, VIOLATION)).one(Breached).breached_units == (unit(4),)


@pytest.mark.rule("R17", "R19")
def test_a_control_is_of_the_place_for_which_it_was_booked() -> None:
    begun = sampled(0, 1, count=3)
    history = booked_at(0, history=begun)
    given(*history).when(control(1, measures=())).refused("R17", "no control is booked", place=place_id(1))


@pytest.mark.rule("R17")
def test_a_control_takes_its_own_booking_and_leaves_the_others() -> None:
    held = given(*ready(0, 1)).when(control(1))
    assert held.one(ControlCompleted).control_id == control_of(1)
    assert {name.rsplit("/", 1)[-1] for name in in_calendar(held)} == {"1"}
