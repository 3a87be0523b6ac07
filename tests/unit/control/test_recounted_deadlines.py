"""The calendar was corrected while a course runs: its deadlines move, with every date that hangs on them (R27)."""

from datetime import date, datetime, timedelta

import pytest

from services.control.rules.booking import place_due
from services.control.rules.recounted_deadlines import differing
from shared.contracts.control import (
    ComplianceDeadlineRecounted,
    ControlWindowRecounted,
    HearingDeadlineRecounted,
    HearingOpened,
    Terminated,
)
from shared.contracts.vocabulary import PlanCause, Side
from shared.deadlines.recounting import DateName, RecountDeadlines, WhyItStays
from shared.eventstore.events import Event
from shared.policy.policies import Policies
from tests.corrected_calendar import corrected_calendar
from tests.unit.control.control_facts import (
    AGREEMENT,
    COMPLIANCE_DAY,
    HEARING_TIME,
    POLICIES,
    answer_hearing,
    at,
    booked,
    breached_course,
    documented,
    fulfilled_course,
    given,
    running,
    started,
)

pytestmark = pytest.mark.rule("R10", "R17", "R22", "R27")
A_DAY = timedelta(days=1)
BEFORE = at("2026-06-10")
STARTED = started()
DOCUMENTED = documented(STARTED)
BREACHED = breached_course()
HEARING = next(event for event in BREACHED if isinstance(event, HearingOpened))
HEARING_DAY = HEARING.answer_deadline.last_day
MOVING = Policies(
    tuple(
        policy.model_copy(update={"control": policy.control.model_copy(update={"closed_last_day": "moves"})})
        for policy in POLICIES.by_effective_date
    )
)
"""By which the window of the control moves over closed days."""


def recount(on: datetime = BEFORE, policies: Policies = POLICIES) -> RecountDeadlines:
    return RecountDeadlines(at=on, by="operator-1", reason="A holiday was missing.", policies=policies)


def compliance(*since: Event) -> ComplianceDeadlineRecounted:
    with corrected_calendar(closes=COMPLIANCE_DAY.isoformat()):
        return given(STARTED, *since).when(recount()).one(ComplianceDeadlineRecounted)


def hearing() -> HearingDeadlineRecounted:
    with corrected_calendar(closes=HEARING_DAY.isoformat()):
        return given(*BREACHED).when(recount(HEARING_TIME)).one(HearingDeadlineRecounted)


def test_the_compliance_deadline_moves_later_and_the_window_and_the_booking_move_along() -> None:
    fact = compliance()
    assert fact.previous == STARTED.compliance_deadline
    assert fact.compliance_deadline.last_day == COMPLIANCE_DAY + A_DAY
    assert fact.control_window.last_day == STARTED.control_window.last_day + A_DAY
    assert [one.previous_last_day for one in fact.control_window.recounts] == [STARTED.control_window.last_day]
    assert fact.books_control_at == STARTED.books_control_at + A_DAY
    assert (fact.recounted_by, fact.reason) == ("operator-1", "A holiday was missing.")
    assert given(STARTED, fact).timers()["book-control"] == fact.books_control_at
    course = running(STARTED, fact)
    assert course.deadline == fact.compliance_deadline
    assert course.window(AGREEMENT) == fact.control_window
    assert course.latest_change.cause is PlanCause.CALENDAR_CORRECTED


def test_what_complete_documentation_started_stands() -> None:
    fact = compliance(DOCUMENTED)
    before, after = running(STARTED, DOCUMENTED), running(STARTED, DOCUMENTED, fact)
    assert after.window(AGREEMENT) == before.window(AGREEMENT)
    assert after.deadline.last_day == COMPLIANCE_DAY + A_DAY


def test_a_control_that_is_booked_before_the_new_deadline_is_booked_anew_at_once() -> None:
    booking = booked(STARTED, day="2026-06-23")
    fact = compliance(booking)
    assert place_due(running(STARTED, booking), AGREEMENT) is None
    assert place_due(running(STARTED, booking, fact), AGREEMENT) == BEFORE
    fits = booked(STARTED, day="2026-07-01")
    assert place_due(running(STARTED, fits, compliance(fits)), AGREEMENT) is None


def test_a_deadline_of_the_company_stays_where_the_calendar_gives_an_earlier_one() -> None:
    with corrected_calendar(closes=COMPLIANCE_DAY.isoformat()):
        later = started()
    assert later.compliance_deadline.last_day == COMPLIANCE_DAY + A_DAY
    given(later).when(recount()).then()
    (found,) = differing(given(later).state, BEFORE, POLICIES)
    assert (found.name, found.stays) == (DateName.COMPLIANCE, WhyItStays.EARLIER)


def test_a_course_whose_deadline_has_passed_or_that_has_ended_is_not_touched() -> None:
    ended = Terminated(
        agreement_id=AGREEMENT, by=Side.COMPANY, terminated_at=BEFORE, terminated_by="person-1", grounds="Closed."
    )
    fulfilled = fulfilled_course()
    with corrected_calendar(closes=COMPLIANCE_DAY.isoformat()):
        given(STARTED).when(recount(at("2026-06-23", "00:00"))).then()
        assert given(STARTED).when(recount(at("2026-06-22", "23:59"))).events
        for history in ((), (STARTED, ended), fulfilled):
            given(*history).when(recount()).then()


def test_nothing_is_recounted_twice_or_where_nothing_differs() -> None:
    given(STARTED).when(recount()).then()
    fact = compliance()
    with corrected_calendar(closes=COMPLIANCE_DAY.isoformat()):
        given(STARTED, fact).when(recount()).then()


def test_the_hearing_moves_later_and_expires_as_long_after_it_as_before() -> None:
    fact = hearing()
    assert (fact.previous.last_day, fact.answer_deadline.last_day) == (HEARING_DAY, HEARING_DAY + A_DAY)
    assert fact.expires_at == HEARING.expires_at + A_DAY
    assert given(*BREACHED, fact).timers()["hearing"] == fact.expires_at
    on_the_new_day = at((HEARING_DAY + A_DAY).isoformat(), "23:59")
    assert given(*BREACHED, fact).when(answer_hearing(on_the_new_day)).refusal is None
    given(*BREACHED).when(answer_hearing(on_the_new_day)).refused("R22", "answered after")


def test_a_hearing_that_was_answered_or_is_over_stays() -> None:
    answered = given(*BREACHED).when(answer_hearing()).events
    with corrected_calendar(closes=HEARING_DAY.isoformat()):
        given(*BREACHED, *answered).when(recount(HEARING_TIME)).then()
        given(*BREACHED).when(recount(HEARING.answer_deadline.ends_at)).then()


@pytest.mark.parametrize("complete", [False, True])
def test_a_window_that_moves_over_closed_days_by_its_policy_is_recounted(complete: bool) -> None:
    history = (STARTED, DOCUMENTED) if complete else (STARTED,)
    before = running(*history)
    window = before.window(AGREEMENT)
    nearest = window.last_day
    with corrected_calendar(closes=nearest.isoformat()):
        fact = given(*history).when(recount(policies=MOVING)).one(ControlWindowRecounted)
        given(*history).when(recount()).then()
    assert (fact.previous, fact.control_window.last_day > nearest) == (window, True)
    after = running(*history, fact)
    assert after.window(AGREEMENT) == fact.control_window
    assert after.deadline == before.deadline


def test_a_window_after_the_deadline_is_recounted_once_with_the_deadline() -> None:
    window = STARTED.control_window.last_day
    with corrected_calendar(closes=COMPLIANCE_DAY.isoformat()):
        given(STARTED).when(recount(policies=MOVING)).records(ComplianceDeadlineRecounted)
        assert window != COMPLIANCE_DAY


def test_both_sides_may_know_of_it_and_the_company_not_when_the_control_is_booked() -> None:
    told = compliance().company_data()
    assert told["compliance_deadline"]["last_day"] == "2026-06-23"
    assert "books_control_at" not in told
    assert hearing().company_data()["answer_deadline"]["last_day"] == (HEARING_DAY + A_DAY).isoformat()
    assert date.fromisoformat(told["previous"]["last_day"]) == COMPLIANCE_DAY
