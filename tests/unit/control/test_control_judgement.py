"""What a control decides, and a control that decides nothing (R17, R18, R20, R21, R22)."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts.control import Breached, ControlCompleted, ControlTurnedIntoGuidance, Fulfilled, HearingOpened
from shared.contracts.vocabulary import ContactForm, ControlOutcome, MeasureUse
from shared.kernel.events import Event
from tests.unit.control.control_facts import (
    CONTROL,
    CVR,
    PSYCHOSOCIAL,
    UNIT,
    at,
    book,
    booked,
    breached_course,
    complete,
    documented,
    fulfilled_course,
    given,
    observed,
    started,
    turn,
)

TERMS = started()
PART = documented(TERMS)
READY = (TERMS, PART, booked(TERMS, PART))
"""Documented on 1 June, control booked for 1 July, window until 31 July."""


def test_r20_no_violation_on_the_topic_means_fulfilled() -> None:
    result = given(*READY).when(complete())
    result.records(ControlCompleted, Fulfilled)
    assert result.one(ControlCompleted).control_id == CONTROL
    assert result.one(Fulfilled).fulfilled_at == at("2026-07-01")
    assert result.reservations() == frozenset()


def test_r24_fulfilment_says_when_it_is_asked_about_again() -> None:
    assert given(*READY).when(complete()).one(Fulfilled).follow_up_on == date(2027, 7, 1)


def test_r20_r22_a_violation_on_the_topic_means_breached_and_the_company_is_heard() -> None:
    result = given(*READY).when(complete(ControlOutcome.VIOLATION))
    result.records(ControlCompleted, Breached, HearingOpened)
    breach = result.one(Breached)
    assert (breach.cvr, breach.topic, breach.breached_units) == (CVR, "011", (UNIT,))
    assert breach.breached_at == at("2026-07-01")
    assert result.one(HearingOpened).answer_deadline.last_day == date(2026, 7, 15)


def test_r22_on_a_psychosocial_topic_the_company_is_heard_in_writing() -> None:
    terms = started(PSYCHOSOCIAL)
    result = given(terms, booked(terms)).when(complete(ControlOutcome.VIOLATION))
    assert result.one(HearingOpened).in_writing


def test_r22_on_another_topic_it_need_not_be() -> None:
    assert not given(*READY).when(complete(ControlOutcome.VIOLATION)).one(HearingOpened).in_writing


def test_r17_the_control_takes_place_without_documentation_too() -> None:
    result = given(TERMS, booked(TERMS)).when(complete())
    result.records(ControlCompleted, Fulfilled)


@pytest.mark.parametrize(
    ("day", "time", "within"),
    [("2026-07-31", "23:59", True), ("2026-08-01", "00:00", False)],
    ids=["last day", "after"],
)
def test_r17_a_control_says_whether_it_was_held_within_its_60_days(day: str, time: str, within: bool) -> None:
    assert given(*READY).when(complete(on=at(day, time))).one(ControlCompleted).within_window is within


def test_r18_a_control_that_is_not_a_visit_needs_a_reason() -> None:
    given(*READY).when(complete(form=ContactForm.PHONE)).refused("R18", form=ContactForm.PHONE)


def test_r18_and_not_any_reason() -> None:
    given(*READY).when(complete(form=ContactForm.VIRTUAL, form_reason="far-away")).refused("R18")


def test_r18_with_one_of_the_special_situations_it_is_recorded() -> None:
    by_phone = complete(form=ContactForm.PHONE, form_reason="thorough-documentation")
    assert given(*READY).when(by_phone).one(ControlCompleted).form_reason == "thorough-documentation"


def test_r20_what_is_seen_of_a_documented_measure_is_recorded() -> None:
    assert given(*READY).when(complete(measures=(observed(),))).one(ControlCompleted).measures == (observed(),)


def test_r20_what_is_said_of_a_measure_is_said_of_one_that_was_documented() -> None:
    stranger = UUID(int=99)
    given(*READY).when(complete(measures=(observed(stranger),))).refused("R20", measure_id=stranger)


def test_r17_a_control_is_booked_before_it_is_held() -> None:
    given(TERMS, PART).when(complete()).refused("R17", "no control is booked")


@pytest.mark.parametrize(
    ("history", "how"),
    [((), "not_running"), (fulfilled_course(), "fulfilled"), (breached_course(), "breached")],
    ids=["none", "kept", "broken"],
)
def test_r20_a_control_decides_once(history: tuple[Event, ...], how: str) -> None:
    given(*history).when(complete()).refused("R20", how=how)


@pytest.mark.parametrize("reason", ["work_unfinished", "processes_not_running"])
def test_r21_a_control_that_cannot_decide_becomes_guidance_and_nothing_is_decided(reason: str) -> None:
    result = given(*READY).when(turn(reason=reason))
    result.records(ControlTurnedIntoGuidance)
    fact = result.one(ControlTurnedIntoGuidance)
    assert (fact.control_id, fact.reason) == (CONTROL, reason)
    assert set(result.timers()) == {"book-control"}


def test_r21_and_a_new_control_can_be_booked_and_held() -> None:
    fact = given(*READY).when(turn()).one(ControlTurnedIntoGuidance)
    again = booked(*READY, fact, day="2026-07-20", on="2026-07-01")
    given(*READY, fact, again).when(complete(on=at("2026-07-20"))).records(ControlCompleted, Fulfilled)


def test_r21_not_for_any_reason() -> None:
    given(*READY).when(turn(reason="no_time")).refused("R21", given="no_time")


def test_r21_on_the_last_day_of_the_window_still() -> None:
    given(*READY).when(turn(on=at("2026-07-31", "23:59"))).records(ControlTurnedIntoGuidance)


def test_r21_not_after_the_window() -> None:
    given(*READY).when(turn(on=at("2026-08-01", "00:00"))).refused("R21", last_day=date(2026, 7, 31))


def test_r21_not_without_a_booked_control() -> None:
    given(TERMS, PART).when(turn()).refused("R17", "no control is booked")


@pytest.mark.parametrize("history", [(), fulfilled_course(), breached_course()], ids=["none", "kept", "broken"])
def test_r21_only_while_the_matter_is_open(history: tuple[Event, ...]) -> None:
    given(*history).when(turn()).refused("R21")


def test_r21_inside_the_deadline_although_the_window_has_ended() -> None:
    terms = started(months=6)
    part = documented(terms, day="2026-04-07")
    late = given(terms, part).when(book("2026-07-01", late_reason="processes-not-running")).events
    given(terms, part, *late).when(turn(on=at("2026-07-01"))).records(ControlTurnedIntoGuidance)


def test_r20_a_measure_that_is_not_in_use_says_why() -> None:
    unexplained = complete(measures=(observed(use=MeasureUse.NOT_IN_USE),))
    given(*READY).when(unexplained).refused("R20", "why is measure")
    explained = complete(measures=(observed(use=MeasureUse.NOT_IN_USE, non_use_reason="in-the-way"),))
    given(*READY).when(explained).records(ControlCompleted, Fulfilled)


def test_r17_no_control_decides_before_the_deadline_unless_the_company_is_done() -> None:
    early = (TERMS, booked(TERMS, day="2026-06-08"))
    given(*early).when(complete(on=at("2026-06-08"))).refused("R17", "only once the company is done")
    given(*READY).when(complete(on=at("2026-07-01"))).records(ControlCompleted, Fulfilled)
