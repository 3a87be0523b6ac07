"""From acceptance to documentation: the deadline, the parts, and what they start (R10, R16, R17)."""

from dataclasses import replace
from datetime import date

import pytest

from services.control.rules.phases import how_it_stands
from shared.contracts.control import ComplianceDeadlineSet, DocumentationReceived
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    COMPLIANCE_DAY,
    CVR,
    GLOVES,
    INSPECTOR,
    LIFT,
    PSYCHOSOCIAL,
    UNIT,
    at,
    booked,
    breached_course,
    document,
    documented,
    fulfilled_course,
    given,
    measure,
    running,
    start,
    started,
)


@pytest.mark.rule("R10")
def test_r10_the_deadline_counts_from_the_acceptance() -> None:
    terms = given().when(start()).one(ComplianceDeadlineSet)
    assert terms.compliance_deadline.last_day == COMPLIANCE_DAY
    assert terms.compliance_deadline.rule == "R10"
    assert (terms.cvr, terms.p_number, terms.topic, terms.inspector) == (CVR, UNIT, "011", INSPECTOR)


@pytest.mark.rule("R10")
def test_r10_a_course_starts_once() -> None:
    given(started()).when(start()).then()


@pytest.mark.rule("R17")
def test_r17_without_documentation_the_control_falls_into_the_60_days_from_the_deadline() -> None:
    window = started().control_window
    assert (window.counted_from, window.last_day) == (COMPLIANCE_DAY, date(2026, 8, 21))


@pytest.mark.rule("R17")
def test_r17_a_control_is_booked_by_itself_before_the_deadline_expires() -> None:
    assert given(started()).timers() == {"book-control": start_of(date(2026, 6, 8))}


@pytest.mark.rule("R16")
def test_r16_parts_are_counted_without_gaps() -> None:
    first = documented(started(), complete=False)
    second = given(started(), first).when(document("2026-06-03")).one(DocumentationReceived)
    assert (first.part, second.part) == (1, 2)


@pytest.mark.rule("R16")
def test_r16_no_more_parts_are_taken_than_the_policy_lets_in() -> None:
    policy = document().policy
    one_part = policy.model_copy(update={"input": policy.input.model_copy(update={"documentation_parts": 1})})
    history = (started(), documented(started(), complete=False))
    given(*history).when(replace(document("2026-06-03"), policy=one_part)).refused("R16", parts=1)


@pytest.mark.rule("R17")
def test_r17_a_part_that_is_not_complete_starts_nothing() -> None:
    part = documented(started(), complete=False)
    assert part.control_window is None
    assert running(started(), part).window(AGREEMENT) == started().control_window


@pytest.mark.rule("R17")
def test_r17_the_first_complete_part_starts_the_60_days() -> None:
    part = documented(started(), day="2026-06-01")
    assert part.control_window is not None
    assert part.control_window.last_day == date(2026, 7, 31)
    assert running(started(), part).window(AGREEMENT) == part.control_window


@pytest.mark.rule("R17")
def test_r17_a_later_complete_part_does_not_restart_them() -> None:
    first = documented(started(), day="2026-06-01")
    second = documented(started(), first, day="2026-06-15")
    assert second.control_window is None
    assert running(started(), first, second).window(AGREEMENT) == first.control_window


@pytest.mark.rule("R17")
def test_r17_complete_documentation_calls_for_a_booking_at_once() -> None:
    assert given(started()).when(document("2026-05-04")).timers() == {"book-control": at("2026-05-04")}


@pytest.mark.rule("R16")
def test_r16_a_measure_that_is_sent_again_corrects_what_was_said_of_it() -> None:
    first = documented(started(), complete=False, measures=(measure(LIFT, level=1), measure(GLOVES, level=1)))
    second = documented(started(), first, measures=(measure(LIFT, level=4),))
    levels = {one.measure_id: one.ladder_level for one in running(started(), first, second).measures}
    assert levels == {LIFT: 4, GLOVES: 1}


@pytest.mark.rule("R16")
def test_r16_only_what_was_sent_before_can_be_corrected() -> None:
    first = documented(started(), complete=False, measures=(measure(LIFT),))
    correction = document(measures=(measure(LIFT, level=4),), corrected=frozenset({LIFT}))
    given(started(), first).when(correction).records(DocumentationReceived)
    stranger = document(measures=(measure(GLOVES),), corrected=frozenset({GLOVES}))
    given(started(), first).when(stranger).refused("R16", "not sent before", measure_id=GLOVES)


@pytest.mark.rule("R16")
def test_r16_a_part_says_one_thing_of_a_measure() -> None:
    twice = (measure(LIFT, level=1), measure(LIFT, level=4))
    given(started()).when(document(measures=twice)).refused("R16", "twice in one part", measure_id=LIFT)


@pytest.mark.rule("R16")
def test_r16_a_report_without_anything_in_it_is_received() -> None:
    given(started()).when(document(measures=())).records(DocumentationReceived)


@pytest.mark.rule("R16")
def test_r16_documentation_that_comes_after_the_deadline_is_received() -> None:
    given(started()).when(document("2026-07-06")).records(DocumentationReceived)


@pytest.mark.rule("R16")
def test_r16_a_psychosocial_topic_has_levels_on_its_own_ladder() -> None:
    part = document(measures=(measure(psychosocial_level=5),))
    given(started(PSYCHOSOCIAL)).when(part).records(DocumentationReceived)


@pytest.mark.rule("R16")
def test_r16_and_asks_for_one_of_every_measure() -> None:
    one_without = document(measures=(measure(psychosocial_level=5), measure(GLOVES)))
    given(started(PSYCHOSOCIAL)).when(one_without).refused("R16", "which level", topic=PSYCHOSOCIAL)
    given(started(PSYCHOSOCIAL)).when(document(measures=())).records(DocumentationReceived)


@pytest.mark.rule("R16")
def test_r16_unless_it_is_said_to_be_of_another_kind() -> None:
    """As the study found one at a psychosocial company: a workplace assessment of chemicals."""
    chemicals = measure().model_copy(update={"not_psychosocial": True})
    both = measure(psychosocial_level=2).model_copy(update={"not_psychosocial": True})
    given(started(PSYCHOSOCIAL)).when(document(measures=(chemicals,))).records(DocumentationReceived)
    given(started(PSYCHOSOCIAL)).when(document(measures=(both,))).refused("R16", "or on none", topic=PSYCHOSOCIAL)
    given(started()).when(document(measures=(chemicals,))).refused("R16", "not psychosocial", topic="011")


@pytest.mark.rule("R16")
def test_r16_no_other_topic_has_them() -> None:
    given(started()).when(document(measures=(measure(psychosocial_level=5),))).refused("R16", topic="011")


@pytest.mark.rule("R16")
def test_r16_no_documentation_where_no_agreement_runs() -> None:
    given().when(document()).refused("R16", how="not_running")


@pytest.mark.rule("R16")
@pytest.mark.parametrize(
    ("history", "how"), [(fulfilled_course(), "fulfilled"), (breached_course(), "breached")], ids=["kept", "broken"]
)
def test_r16_no_documentation_once_a_control_has_decided(history: tuple[Event, ...], how: str) -> None:
    given(*history).when(document()).refused("R16", how=how)


@pytest.mark.rule("R26")
def test_every_fact_concerns_the_company_and_its_unit() -> None:
    for history in ((started(),), fulfilled_course(), breached_course()):
        assert given(*history).concerns() == {"cvr": CVR, "pnumber": UNIT}
    assert given().concerns() == {}


@pytest.mark.rule("R18")
def test_r18_a_hidden_booking_changes_nothing_that_the_company_sees() -> None:
    terms, part = started(), documented(started())
    history = [terms, part, booked(terms, part, announced=False)]
    seen = [event for event in history if event.seen_by_company()]
    assert given(*seen).state == given(terms, part).state


@pytest.mark.rule("R18")
def test_the_facts_that_a_company_sees_lead_to_the_same_phase() -> None:
    for history in (fulfilled_course(), breached_course()):
        seen = [event for event in history if event.seen_by_company()]
        assert how_it_stands(given(*seen).state) == how_it_stands(given(*history).state)


@pytest.mark.rule("R28")
@pytest.mark.parametrize("name", ["book-control", "hearing", "follow-up"])
def test_r28_a_timer_that_meets_another_phase_does_nothing(name: str) -> None:
    given().when(TimerDue(name, at("2026-06-08"), at("2026-06-08"))).then()
