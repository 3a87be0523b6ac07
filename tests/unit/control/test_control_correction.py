"""A control that was recorded wrongly, and what that changes (R30)."""

from uuid import UUID

import pytest

from services.control.phases import Broken, Kept, Running, how_it_stands
from shared.contracts.control import (
    Breached,
    ControlCorrected,
    DecisionRevoked,
    FollowUpHeld,
    Fulfilled,
    HearingOpened,
    OrderIssueNoted,
    OrderRequested,
)
from shared.contracts.vocabulary import ContactForm, Decision, MeasureUse
from shared.kernel.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    CONTROL_TIME,
    CVR,
    REQUEST,
    UNIT,
    at,
    breached_course,
    fulfilled_course,
    given,
    hold_follow_up,
    observed,
    started,
)
from tests.unit.control.spread_facts import (
    NONE_FOUND,
    VIOLATION,
    after,
    control,
    control_of,
    correct,
    place_id,
    ready,
    unit,
)

pytestmark = pytest.mark.rule("R30")
KEPT, BROKEN = fulfilled_course(), breached_course()
REVOKED_AT = at("2026-07-08")


def test_a_correction_is_a_new_fact_with_its_reason() -> None:
    result = given(*KEPT).when(correct(CONTROL, NONE_FOUND, form=ContactForm.PHONE, form_reason="recent-visit"))
    result.records(ControlCorrected)
    told = result.one(ControlCorrected)
    assert (told.control_id, told.place_id, told.form) == (CONTROL, AGREEMENT, ContactForm.PHONE)
    assert (told.corrected_by, told.reason) == ("inspector-2", "It was the finding of another case.")


def test_what_does_not_change_the_outcome_leaves_the_decision() -> None:
    result = given(*BROKEN).when(correct(CONTROL, VIOLATION))
    result.records(ControlCorrected)
    assert isinstance(result.state, Broken)
    assert set(result.timers()) == {"hearing"}


def test_a_breach_that_was_none_is_revoked_and_the_agreement_fulfilled() -> None:
    result = given(*BROKEN).when(correct(CONTROL, NONE_FOUND))
    result.records(ControlCorrected, DecisionRevoked, Fulfilled)
    revoked = result.one(DecisionRevoked)
    assert (revoked.decision, revoked.cvr, revoked.breached_units) == (Decision.BREACHED, CVR, (UNIT,))
    assert (revoked.revoked_at, revoked.revoked_by) == (REVOKED_AT, "inspector-2")
    assert result.one(Fulfilled).fulfilled_at == CONTROL_TIME
    assert set(result.timers()) == {"follow-up"}


def test_a_fulfilment_that_was_none_is_revoked_and_the_company_is_heard() -> None:
    result = given(*KEPT).when(correct(CONTROL, VIOLATION))
    result.records(ControlCorrected, DecisionRevoked, Breached, HearingOpened)
    assert result.one(DecisionRevoked).decision is Decision.FULFILLED
    assert result.one(DecisionRevoked).breached_units == ()
    assert result.one(Breached).breached_units == (UNIT,)
    assert result.one(HearingOpened).opened_at == REVOKED_AT


def test_a_correction_can_be_corrected() -> None:
    once = after(KEPT, correct(CONTROL, VIOLATION))
    twice = given(*once).when(correct(CONTROL, NONE_FOUND, on="2026-07-09"))
    twice.records(ControlCorrected, DecisionRevoked, Fulfilled)


def test_a_breach_that_was_another_units_names_the_right_units() -> None:
    broken = after(ready(0, 1, 2, count=4), control(0, VIOLATION), control(1, VIOLATION), control(2))
    result = given(*broken).when(correct(control_of(1), NONE_FOUND))
    result.records(ControlCorrected, DecisionRevoked, Breached, HearingOpened)
    assert result.one(DecisionRevoked).breached_units == (UNIT, unit(1))
    assert result.one(Breached).breached_units == (UNIT,)
    assert result.one(Breached).breached_places == (AGREEMENT,)


def test_where_the_sample_is_not_complete_any_more_nothing_is_decided_and_controls_are_booked() -> None:
    broken = after(ready(0, 1, 2, count=4), control(1, VIOLATION, concludes=True))
    result = given(*broken).when(correct(control_of(1), NONE_FOUND))
    result.records(ControlCorrected, DecisionRevoked)
    assert isinstance(result.state, Running)
    assert result.state.awaited == (place_id(0), place_id(2))
    assert set(result.timers()) == {"book-control"}


def test_a_breach_that_was_concluded_stays_one_while_a_violation_remains() -> None:
    held = after(ready(0, 1, 2, count=4), control(0, VIOLATION), control(1, VIOLATION, concludes=True))
    result = given(*held).when(correct(control_of(1), NONE_FOUND))
    result.records(ControlCorrected, DecisionRevoked, Breached, HearingOpened)
    assert result.one(Breached).breached_units == (UNIT,)


def test_a_control_is_corrected_while_others_are_awaited() -> None:
    held = after(ready(0, 1), control(1))
    result = given(*held).when(correct(control_of(1), VIOLATION))
    result.records(ControlCorrected)
    decided = given(*held, *result.events).when(control(0)).one(Breached)
    assert decided.breached_units == (unit(1),)


def test_only_a_control_that_decided_can_be_corrected() -> None:
    given(*KEPT).when(correct(UUID(int=99), VIOLATION)).refused("R30", control_id=UUID(int=99))
    given(started()).when(correct(CONTROL, VIOLATION)).refused("R30", control_id=CONTROL)


def test_not_where_no_agreement_runs() -> None:
    given().when(correct(CONTROL, VIOLATION)).refused("R30", how="not_running")


def issued() -> tuple[Event, ...]:
    asked = OrderRequested(
        agreement_id=AGREEMENT,
        request_id=REQUEST,
        cvr=CVR,
        p_number=UNIT,
        topic="011",
        requested_at=at("2026-07-07"),
        requested_by="inspector-1",
    )
    noted = OrderIssueNoted(
        agreement_id=AGREEMENT, request_id=REQUEST, order_case_id=UUID(int=70), noted_at=at("2026-07-08")
    )
    return asked, noted


@pytest.mark.rule("R30", "R25")
def test_not_once_an_order_was_issued() -> None:
    given(*BROKEN, *issued()).when(correct(CONTROL, NONE_FOUND)).refused("R30", "order system")


def test_but_while_the_order_is_only_asked_for() -> None:
    asked, _ = issued()
    result = given(*BROKEN, asked).when(correct(CONTROL, NONE_FOUND))
    result.records(ControlCorrected, DecisionRevoked, Fulfilled)
    assert how_it_stands(result.state) == "fulfilled"


@pytest.mark.rule("R30", "R24")
def test_not_once_the_follow_up_was_held() -> None:
    held = given(*KEPT).when(hold_follow_up()).one(FollowUpHeld)
    given(*KEPT, held).when(correct(CONTROL, VIOLATION)).refused("R30", "follow-up")


@pytest.mark.rule("R30", "R20")
def test_a_correction_speaks_of_every_measure_of_which_the_control_did() -> None:
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, measures=())).refused("R30", "nothing is said of")


@pytest.mark.rule("R30", "R20", "R18")
def test_a_correction_is_held_to_the_rules_of_a_control() -> None:
    unexplained = (observed(use=MeasureUse.NOT_IN_USE),)
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, measures=unexplained)).refused("R20", "why is measure")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, form=ContactForm.PHONE)).refused("R18", "needs a reason")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, form_reason="recent-visit")).refused("R18", "a visit has no reason")


def test_the_company_sees_what_was_corrected() -> None:
    result = given(*BROKEN).when(correct(CONTROL, NONE_FOUND))
    seen = [event for event in (*BROKEN, *result.events) if event.seen_by_company()]
    assert isinstance(given(*seen).state, Kept)
