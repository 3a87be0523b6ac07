"""After a breach: the hearing, and the order that is asked for (R22)."""

from datetime import date, timedelta
from uuid import uuid5

import pytest

from shared.contracts.control import HearingAnswered, HearingExpired, OrderRequested
from shared.deadlines.copenhagen import end_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    CONTROL_TIME,
    CVR,
    HEARING_TIME,
    NOISE,
    POLICIES,
    PSYCHOSOCIAL,
    REQUEST,
    UNIT,
    answer_hearing,
    at,
    breached_course,
    fulfilled_course,
    given,
    hearing_answered,
    hearing_expired,
    note_oral_answer,
    request_order,
    started,
)

BREACHED = breached_course()
"""The hearing is open until 15 July."""
HEARING_ENDS = end_of(date(2026, 7, 15))
EXPIRES_AT = HEARING_ENDS + timedelta(minutes=10)
"""A while later, so that an answer on its way is not overtaken."""
EXPIRES = TimerDue("hearing", EXPIRES_AT, EXPIRES_AT)


def order_requested() -> OrderRequested:
    return given(*BREACHED, hearing_answered()).when(request_order()).one(OrderRequested)


def test_r22_the_hearing_ends_a_while_after_its_deadline() -> None:
    assert given(*BREACHED).timers() == {"hearing": EXPIRES_AT}


def test_r22_the_company_is_heard() -> None:
    heard = given(*BREACHED).when(answer_hearing())
    assert heard.one(HearingAnswered).answer == "The lift is late; it comes next week."
    assert heard.timers() == {}


def test_r22_an_answer_in_the_last_minute_is_in_time() -> None:
    given(*BREACHED).when(answer_hearing(at("2026-07-15", "23:59"))).records(HearingAnswered)


def test_r22_an_answer_at_midnight_is_late() -> None:
    given(*BREACHED).when(answer_hearing(at("2026-07-16", "00:00"))).refused(
        "R22", "when the company was asked for its comments", deadline=date(2026, 7, 15)
    )


@pytest.mark.parametrize("end", [hearing_answered(), hearing_expired()], ids=["answered", "expired"])
def test_r22_the_company_is_heard_once(end: Event) -> None:
    given(*BREACHED, end).when(answer_hearing()).refused("R22", "over")
    given(*BREACHED, end).when(note_oral_answer()).refused("R22", "over")


def test_r22_what_the_company_said_is_written_down_on_its_behalf() -> None:
    heard = given(*BREACHED).when(note_oral_answer())
    answer = heard.one(HearingAnswered)
    assert (answer.oral, answer.participants, answer.answer) == (True, ("manager",), "The lift is late.")
    assert (answer.noted_by, answer.answered_by, answer.answered_at) == ("supporter-1", CVR, HEARING_TIME)
    assert heard.timers() == {}
    given(*BREACHED, answer).when(request_order()).records(OrderRequested)


def test_r22_what_the_company_wrote_was_written_down_by_nobody_else() -> None:
    answer = hearing_answered()
    assert (answer.oral, answer.participants, answer.noted_by) == (False, (), None)


def test_r22_where_the_company_is_heard_in_writing_it_is_not_heard_orally() -> None:
    in_writing = breached_course(PSYCHOSOCIAL)
    given(*in_writing).when(note_oral_answer()).refused("R22", "in writing", topic=PSYCHOSOCIAL)
    assert not given(*in_writing).when(answer_hearing()).one(HearingAnswered).oral


def test_r22_which_topics_are_heard_in_writing_is_the_policys_to_say() -> None:
    policy = POLICIES.at(CONTROL_TIME)
    for groups, topic, in_writing in (((), PSYCHOSOCIAL, False), (("noise",), NOISE, True)):
        breach = policy.breach.model_copy(update={"hearing_in_writing_for": frozenset(groups)})
        breached = breached_course(topic, policy=policy.model_copy(update={"breach": breach}))
        told = given(*breached).when(note_oral_answer())
        if in_writing:
            told.refused("R22", "in writing", topic=topic)
        else:
            told.records(HearingAnswered)


def test_r22_what_was_said_was_said_in_time_and_while_the_company_was_asked() -> None:
    in_time = note_oral_answer(EXPIRES_AT - timedelta(minutes=5), said_at=at("2026-07-15", "23:59"))
    assert given(*BREACHED).when(in_time).one(HearingAnswered).answered_at == at("2026-07-15", "23:59")
    given(*BREACHED).when(note_oral_answer(at("2026-07-16", "00:00"))).refused("R22", deadline=date(2026, 7, 15))
    given(*BREACHED).when(note_oral_answer(said_at=at("2026-07-11"))).refused("R22", "not come yet")
    given(*BREACHED).when(note_oral_answer(said_at=at("2026-06-30"))).refused("R22", "is before")


def test_r22_a_company_that_says_nothing_lets_its_time_pass() -> None:
    silent = given(*BREACHED).when(EXPIRES)
    silent.then(HearingExpired(agreement_id=AGREEMENT, at=EXPIRES_AT))
    assert silent.timers() == {}


@pytest.mark.parametrize("end", [hearing_answered(), hearing_expired()], ids=["answered", "expired"])
def test_r22_then_the_order_is_asked_for(end: Event) -> None:
    order = given(*BREACHED, end).when(request_order()).one(OrderRequested)
    assert (order.request_id, order.cvr, order.p_number, order.topic) == (uuid5(REQUEST, UNIT), CVR, UNIT, "011")
    assert order.control_ids == (CONTROL,)


def test_r22_no_order_before_the_company_was_heard() -> None:
    given(*BREACHED).when(request_order(at("2026-07-02"))).refused("R22", "heard before the order")


def test_r22_one_breach_leads_to_one_order() -> None:
    ordered = order_requested()
    given(*BREACHED, hearing_answered(), ordered).when(request_order()).refused("R22", at=ordered.requested_at)


@pytest.mark.parametrize("history", [(), (started(),), fulfilled_course()], ids=["none", "running", "kept"])
def test_r22_hearing_and_order_follow_from_a_breach_only(history: tuple[Event, ...]) -> None:
    given(*history).when(answer_hearing()).refused("R22")
    given(*history).when(note_oral_answer()).refused("R22")
    given(*history).when(request_order()).refused("R22")


def test_r28_a_hearing_that_was_answered_does_not_expire() -> None:
    given(*BREACHED, hearing_answered()).when(EXPIRES).then()
