"""The calendar was corrected while an offer was open: the day to answer moves later, never earlier (R3, R27)."""

from datetime import date, datetime, timedelta

import pytest

from services.offers.rules.recounted_deadline import differing
from shared.contracts.offers import Declined, Lapsed, ResponseDeadlineRecounted
from shared.deadlines.recounting import RecountDeadlines, WhyItStays
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.corrected_calendar import corrected_calendar
from tests.unit.offers.offer_facts import (
    AVAILABLE_AT,
    IN_TIME,
    POLICIES,
    TOO_LATE,
    accept,
    accepted,
    decline,
    delivered,
    due,
    given,
    lapsed,
    sent,
)

pytestmark = pytest.mark.rule("R3", "R6", "R27")
A_WEEK_ON = AVAILABLE_AT + timedelta(days=7)
DELIVERED = delivered()
LAST_DAY = "2026-04-07"
"""By the calendar by which the offer was delivered: four weeks are over on Maundy Thursday."""


def recount(at: datetime = A_WEEK_ON) -> RecountDeadlines:
    return RecountDeadlines(at=at, by="operator-1", reason="A holiday was missing.", policies=POLICIES)


def recounted(*since: Event) -> ResponseDeadlineRecounted:
    with corrected_calendar(closes=LAST_DAY):
        return given(sent(), DELIVERED, *since).when(recount()).one(ResponseDeadlineRecounted)


def test_a_day_that_is_closed_by_the_corrected_calendar_moves_the_deadline_with_all_that_hangs_on_it() -> None:
    fact, before = recounted(), DELIVERED
    assert (fact.previous, fact.response_deadline.last_day) == (before.response_deadline, date(2026, 4, 8))
    assert fact.lapses_at == before.lapses_at + timedelta(days=1)
    assert fact.halfway_at == before.halfway_at + timedelta(hours=12)
    assert (fact.recounted_at, fact.recounted_by, fact.reason) == (A_WEEK_ON, "operator-1", "A holiday was missing.")
    history = given(sent(), before, fact)
    assert history.timers() == {"halfway": fact.halfway_at, "lapse": fact.lapses_at}


def test_the_timer_of_the_former_day_does_not_lapse_the_offer_and_an_answer_on_the_new_day_is_in_time() -> None:
    fact = recounted()
    given(sent(), DELIVERED, fact).when(due("lapse")).then()
    given(sent(), DELIVERED, fact).when(decline(TOO_LATE)).records(Declined)
    given(sent(), DELIVERED, fact).when(decline(TOO_LATE + timedelta(days=1))).refused("R6", "8")
    given(sent(), DELIVERED, fact).when(TimerDue("lapse", fact.lapses_at, fact.lapses_at)).records(Lapsed)


def test_it_is_not_moved_to_an_earlier_day() -> None:
    history = given(sent(), DELIVERED)
    with corrected_calendar(opens="2026-04-02"):
        history.when(recount()).then()
        (found,) = differing(history.state, A_WEEK_ON, POLICIES)
    assert (found.would_be.last_day, found.stays) == (date(2026, 4, 2), WhyItStays.EARLIER)


def test_nothing_is_recounted_twice_or_where_nothing_differs() -> None:
    given(sent(), DELIVERED).when(recount()).then()
    with corrected_calendar(closes=LAST_DAY):
        given(sent(), DELIVERED, recounted()).when(recount()).then()


def test_what_has_no_deadline_or_has_ended_or_is_over_stays() -> None:
    with corrected_calendar(closes=LAST_DAY):
        for history in ((), (sent(),), (sent(), DELIVERED, lapsed())):
            given(*history).when(recount()).then()
        given(sent(), DELIVERED).when(recount(TOO_LATE)).then()
    running = given(sent(), DELIVERED, accepted())
    with corrected_calendar(closes=LAST_DAY):
        running.when(recount()).then()


def test_an_offer_that_was_asked_about_half_way_is_not_asked_about_again() -> None:
    half_way = DELIVERED.halfway_at
    asked = given(sent(), DELIVERED).when(TimerDue("halfway", half_way, half_way)).events
    assert set(given(sent(), DELIVERED, *asked, recounted(*asked)).timers()) == {"lapse"}


def test_the_company_sees_the_new_day_and_why_but_nothing_of_what_the_authority_does_by_it() -> None:
    told = recounted().company_data()
    assert told["response_deadline"]["last_day"] == "2026-04-08"
    assert told["previous"]["last_day"] == LAST_DAY
    assert not {"halfway_at", "lapses_at"} & set(told)
    assert "A holiday" not in recounted().public_json()


def test_accepting_on_the_former_last_day_is_as_before() -> None:
    assert given(sent(), DELIVERED, recounted()).when(accept(IN_TIME)).refusal is None
