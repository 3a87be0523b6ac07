"""For whom others of the authority stand in, in every phase of a course (R15, R30)."""

import pytest

from services.control.rules.course_decider import COURSE
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

pytestmark = pytest.mark.rule("R15", "R30")
CHANGED = InspectorChanged(
    agreement_id=AGREEMENT, inspector="inspector-9", previous=INSPECTOR, changed_at=at("2026-08-01"), changed_by="boss"
)


@pytest.mark.parametrize(
    "history",
    [(started(),), fulfilled_course(), breached_course(), after_a_no()],
    ids=["running", "kept", "broken", "after a no"],
)
def test_the_inspector_of_the_agreement_is_responsible_until_another_is(history: tuple[Event, ...]) -> None:
    assert COURSE.responsible(given(*history).state) == INSPECTOR
    assert COURSE.responsible(given(*history, CHANGED).state) == "inspector-9"


def test_nobody_is_where_nothing_has_begun() -> None:
    assert COURSE.responsible(given().state) is None
