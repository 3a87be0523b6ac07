"""Whose open case it is: the name by which a case is found until nothing is left to do (R15, R42)."""

import pytest

from services.control.rules.cases_of_inspector import open_cases_of
from shared.contracts.control import InspectorChanged
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    INSPECTOR,
    after_a_no,
    at,
    breached_course,
    fulfilled_course,
    given,
    started,
)

pytestmark = pytest.mark.rule("R15", "R42")
NAME = f"{open_cases_of(INSPECTOR)}{AGREEMENT}"
OTHER = "a/b%"
CHANGED = InspectorChanged(
    agreement_id=AGREEMENT, inspector=OTHER, previous=INSPECTOR, changed_at=at("2026-08-01"), changed_by="boss"
)


@pytest.mark.parametrize(
    "history",
    [(started(),), fulfilled_course(), breached_course(), after_a_no(), after_a_no()[:2], after_a_no()[:1]],
    ids=["running", "follow-up ahead", "heard first", "order awaited", "inspection booked", "inspection due"],
)
def test_an_open_case_is_found_by_who_is_responsible(history: tuple[Event, ...]) -> None:
    assert NAME in given(*history).reservations()
    moved = given(*history, CHANGED).reservations()
    assert (NAME in moved, f"responsible/a%2Fb%25/{AGREEMENT}" in moved) == (False, True)
