"""May we inspect this topic here? The answer with its reason (R11)."""

import pytest

from services.control.lookups.inspection_advice import Advice
from services.control.rules.running_agreement_index import running_agreement_name, running_agreements_prefix
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    NOISE,
    UNIT,
    breached_course,
    fulfilled_course,
    given,
    started,
)

pytestmark = pytest.mark.rule("R11")


def test_while_an_agreement_runs_it_is_found_by_unit_and_topic() -> None:
    assert running_agreement_name(UNIT, NOISE, AGREEMENT) in given(started()).reservations()
    assert running_agreement_name(UNIT, NOISE, AGREEMENT).startswith(running_agreements_prefix(UNIT, NOISE))
    assert not running_agreement_name(UNIT, "013", AGREEMENT).startswith(running_agreements_prefix(UNIT, NOISE))
    assert not running_agreement_name("1000000002", NOISE, AGREEMENT).startswith(running_agreements_prefix(UNIT, NOISE))


@pytest.mark.parametrize("history", [fulfilled_course(), breached_course()], ids=["fulfilled", "breached"])
def test_what_has_ended_is_found_no_more(history: tuple[Event, ...]) -> None:
    assert [name for name in given(*history).reservations() if name.startswith("running/")] == []


def test_the_answer_says_why_in_both_languages() -> None:
    against = Advice(AGREEMENT, started().compliance_deadline).reason(UNIT, NOISE)
    assert "2026-06-22" in against["da"]
    assert "as a rule" in against["en"]
    free = Advice().reason(UNIT, NOISE)
    assert "Ingen aftale" in free["da"]
    assert "No agreement" in free["en"]
