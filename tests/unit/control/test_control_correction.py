"""A control that was recorded wrongly, and what that changes (R30)."""

from datetime import date
from uuid import UUID

import pytest

from services.control.http.held_controls_view import held_controls
from services.control.rules.phases import Broken, Kept, Running, how_it_stands
from shared.contracts.control import (
    Breached,
    ControlCorrected,
    DecisionRevoked,
    FollowUpHeld,
    Fulfilled,
    GuidanceMeetingNoted,
    HearingOpened,
    OrderIssueNoted,
    OrderRequested,
    OrderRequestWithdrawn,
)
from shared.contracts.vocabulary import ContactForm, Decision, MeasureUse
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    CONTROL_TIME,
    CVR,
    REQUEST,
    UNBOOKED,
    UNIT,
    answer_hearing,
    at,
    book,
    booked,
    breached_course,
    complete,
    documented,
    fulfilled_course,
    given,
    hold_follow_up,
    observed,
    request_order,
    started,
    turn,
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
MEETING = UUID(int=80)


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
    result.records(ControlCorrected, OrderRequestWithdrawn, DecisionRevoked, Fulfilled)
    assert how_it_stands(result.state) == "fulfilled"
    withdrawn = result.one(OrderRequestWithdrawn)
    assert (withdrawn.request_id, withdrawn.withdrawn_at, withdrawn.withdrawn_by) == (
        REQUEST,
        REVOKED_AT,
        "inspector-2",
    )


@pytest.mark.rule("R30", "R22")
def test_each_units_order_is_withdrawn_and_none_is_followed_any_more() -> None:
    broken = after(ready(0, 1), control(0, VIOLATION), control(1, VIOLATION))
    asked = after(broken, answer_hearing(), request_order())
    result = given(*asked).when(correct(control_of(1), NONE_FOUND, on="2026-07-20"))
    kinds = (OrderRequestWithdrawn, OrderRequestWithdrawn, DecisionRevoked, Breached, HearingOpened)
    result.records(ControlCorrected, *kinds)
    assert set(result.timers()) == {"hearing"}
    told = [event.request_id for event in result.events if isinstance(event, OrderRequestWithdrawn)]
    assert told == [event.request_id for event in asked if isinstance(event, OrderRequested)]


@pytest.mark.rule("R30", "R22")
def test_a_correction_that_leaves_the_decision_leaves_the_order_that_was_asked_for() -> None:
    asked, _ = issued()
    result = given(*BROKEN, asked).when(correct(CONTROL, VIOLATION))
    result.records(ControlCorrected)
    assert [order.request for order in result.state.orders] == [asked.public_form()]


@pytest.mark.rule("R30", "R24")
def test_not_once_the_follow_up_was_held() -> None:
    held = given(*KEPT).when(hold_follow_up()).one(FollowUpHeld)
    given(*KEPT, held).when(correct(CONTROL, VIOLATION)).refused("R30", "follow-up")


@pytest.mark.rule("R30", "R20")
def test_a_correction_speaks_of_every_measure_of_which_the_control_did() -> None:
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, measures=())).refused("R30", "nothing is said of")


@pytest.mark.rule("R30", "R35", "R18")
def test_a_correction_is_held_to_the_rules_of_a_control() -> None:
    unexplained = (observed(use=MeasureUse.NOT_IN_USE),)
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, measures=unexplained)).refused("R35", "why is measure")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, form=ContactForm.PHONE)).refused("R18", "needs a reason")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, form_reason="recent-visit")).refused("R18", "a visit has no reason")


def test_the_company_sees_what_was_corrected() -> None:
    result = given(*BROKEN).when(correct(CONTROL, NONE_FOUND))
    seen = [event for event in (*BROKEN, *result.events) if event.seen_by_company()]
    assert isinstance(given(*seen).state, Kept)


@pytest.mark.rule("R30", "R22")
def test_a_breach_on_another_day_is_revoked_and_decided_anew_so_that_the_quarantine_counts_from_it() -> None:
    result = given(*BROKEN).when(correct(CONTROL, VIOLATION, held_at=at("2026-06-30")))
    result.records(ControlCorrected, DecisionRevoked, Breached, HearingOpened)
    assert result.one(Breached).breached_at == at("2026-06-30")
    assert result.one(DecisionRevoked).breached_units == result.one(Breached).breached_units == (UNIT,)


@pytest.mark.rule("R30", "R24")
def test_a_fulfilment_on_another_day_moves_the_follow_up() -> None:
    result = given(*KEPT).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-06-30")))
    result.records(ControlCorrected, DecisionRevoked, Fulfilled)
    assert result.one(Fulfilled).fulfilled_at == at("2026-06-30")
    assert result.one(Fulfilled).follow_up_on == date(2027, 6, 30)


def test_another_day_of_a_control_that_was_not_the_last_decides_nothing_anew() -> None:
    broken = after(ready(0, 1), control(0, VIOLATION), control(1, on=at("2026-07-02")))
    result = given(*broken).when(correct(control_of(0), VIOLATION, held_at=at("2026-06-29")))
    result.records(ControlCorrected)
    assert result.state.course.results[AGREEMENT].held_at == at("2026-06-29")


def test_what_a_correction_does_not_tell_stays_as_it_was_told() -> None:
    history = (started(), documented(), booked(started(), documented()))
    kept = after(history, complete(minutes_spent=90, not_seen="The night shift."))
    left = given(*kept).when(correct(CONTROL, NONE_FOUND))
    told = left.one(ControlCorrected)
    assert (told.held_at, told.within_window, told.late_reason) == (CONTROL_TIME, True, None)
    assert (told.minutes_spent, told.not_seen) == (90, None)
    (seen,) = held_controls((*kept, told))
    assert (seen.held_at, seen.minutes_spent, seen.not_seen) == (CONTROL_TIME, 90, "The night shift.")
    changed = correct(
        CONTROL, NONE_FOUND, held_at=at("2026-06-30"), minutes_spent=60, not_seen="The paint shop.", on="2026-07-09"
    )
    (seen,) = held_controls((*kept, told, given(*kept, told).when(changed).one(ControlCorrected)))
    assert (seen.held_at, seen.minutes_spent, seen.not_seen) == (at("2026-06-30"), 60, "The paint shop.")
    assert seen.within_window


def test_a_correction_of_the_first_release_leaves_the_time_as_it_was_told() -> None:
    told = given(*KEPT).when(correct(CONTROL, NONE_FOUND)).one(ControlCorrected)
    before = told.model_copy(update={"held_at": None, "within_window": None, "minutes_spent": None})
    assert given(*KEPT, before).state.course.results[AGREEMENT].held_at == CONTROL_TIME
    (seen,) = held_controls((*KEPT, before))
    assert (seen.held_at, seen.within_window) == (CONTROL_TIME, True)


@pytest.mark.rule("R30", "R17")
def test_a_time_after_the_window_needs_a_reason_and_a_time_inside_it_has_none() -> None:
    late = at("2026-08-03")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, held_at=late, on="2026-08-04")).refused("R17", "why?")
    unknown = correct(CONTROL, NONE_FOUND, held_at=late, late_reason="forgot", on="2026-08-04")
    given(*KEPT).when(unknown).refused("R17", "why?")
    explained = correct(CONTROL, NONE_FOUND, held_at=late, late_reason="season", on="2026-08-04")
    once = after(KEPT, explained)
    (seen,) = held_controls(once)
    assert (seen.held_at, seen.within_window, seen.late_reason) == (late, False, "season")
    again = given(*once).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-08-04"), on="2026-08-05"))
    assert again.one(ControlCorrected).late_reason == "season"
    back = given(*once).when(correct(CONTROL, NONE_FOUND, held_at=CONTROL_TIME, on="2026-08-05")).one(ControlCorrected)
    assert (back.within_window, back.late_reason) == (True, None)
    (seen,) = held_controls((*once, back))
    assert (seen.within_window, seen.late_reason) == (True, None)


@pytest.mark.rule("R30", "R17")
def test_a_time_that_cannot_have_been_is_refused() -> None:
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-07-09"))).refused("R17", "has not come yet")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-03-19"))).refused("R17", "is before")
    given(*KEPT).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-05-31"))).refused("R17", "once the company is done")
    undecided = (started(), documented(), booked(started(), documented()))
    again = after(undecided, turn(at("2026-06-20")), book("2026-07-01", on="2026-06-21"), complete())
    given(*again).when(correct(CONTROL, NONE_FOUND, held_at=at("2026-06-19"))).refused("R17", "is before")


@pytest.mark.rule("R30", "R21")
def test_a_meeting_that_became_the_control_took_place_after_the_company_had_reported_back() -> None:
    meeting = GuidanceMeetingNoted(
        agreement_id=AGREEMENT, meeting_id=MEETING, form=ContactForm.VISIT, held_at=at("2026-07-03")
    )
    late = documented(started(), day="2026-07-02")
    kept = after((started(), late, meeting), complete(on=at("2026-07-04"), from_meeting=MEETING))
    early = correct(UNBOOKED, NONE_FOUND, held_at=at("2026-07-01"))
    given(*kept).when(early).refused("R21", "had not reported back")
    moved = given(*kept).when(correct(UNBOOKED, NONE_FOUND, held_at=at("2026-07-02", "11:00")))
    moved.records(ControlCorrected, DecisionRevoked, Fulfilled)
