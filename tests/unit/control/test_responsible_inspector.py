"""Another inspector: what is booked or due moves along (R15)."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.control.rules.after_offer_not_accepted import BookInspection
from services.control.rules.course_decider import COURSE
from services.control.rules.responsible_inspector import ChangeInspector
from shared.contracts.control import ControlBooked, InspectionPlan, InspectorChanged, NewInspectionBooked
from shared.contracts.vocabulary import NextInspector
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    INSPECTOR,
    POLICIES,
    after_a_no,
    at,
    book,
    booked,
    breached_course,
    free_place,
    fulfilled_course,
    given,
    in_calendar,
    started,
)

pytestmark = pytest.mark.rule("R15")
NEW, ON = "inspector-2", at("2026-06-10")
MOVED = UUID(int=30)
CHANGE = ChangeInspector(ON, "supporter-1", NextInspector(inspector=NEW, reason="Leave"))


def test_the_new_one_is_responsible_from_now_on() -> None:
    changed = given(started()).when(CHANGE)
    fact = changed.one(InspectorChanged)
    assert (fact.inspector, fact.previous, fact.changed_by) == (NEW, INSPECTOR, "supporter-1")
    assert COURSE.responsible(changed.state) == NEW
    assert changed.timers() == given(started()).timers()


def test_what_is_booked_stands_in_the_new_ones_calendar() -> None:
    moved = book("2026-07-01", control_id=MOVED)
    changed = given(started(), booked()).when(replace(CHANGE, bookings=(moved,)))
    changed.records(InspectorChanged, ControlBooked)
    assert in_calendar(changed) == {f"place/{NEW}/2026-07-01/slot/1"}
    assert changed.one(ControlBooked).replaces == booked().control_id


def test_who_is_responsible_already_does_not_become_so() -> None:
    same = replace(CHANGE, told=NextInspector(inspector=INSPECTOR))
    given(started()).when(same).refused("R15", "already", inspector=INSPECTOR)


@pytest.mark.parametrize("history", [fulfilled_course(), breached_course()], ids=["fulfilled", "breached"])
def test_what_is_left_to_do_after_the_decision_moves_too(history: tuple[Event, ...]) -> None:
    changed = given(*history).when(CHANGE)
    changed.records(InspectorChanged)
    assert COURSE.responsible(changed.state) == NEW


def test_the_inspection_after_a_no_moves_too() -> None:
    noted, *_ = after_a_no()
    soon = at("2026-04-08")
    inspection = BookInspection(soon, POLICIES.at(soon), UUID(int=31), free_place(), InspectionPlan(day=soon.date()))
    standing = given(noted).when(inspection).one(NewInspectionBooked)
    moved = replace(inspection, inspection_id=UUID(int=32), place=free_place(2))
    changed = given(noted, standing).when(replace(CHANGE, inspection=moved))
    changed.records(InspectorChanged, NewInspectionBooked)
    assert in_calendar(changed) == {f"place/{NEW}/2026-04-08/slot/2"}


def test_no_one_is_responsible_where_nothing_was_answered() -> None:
    given().when(CHANGE).refused("R15", "not_running")
    assert COURSE.responsible(COURSE.initial) is None
