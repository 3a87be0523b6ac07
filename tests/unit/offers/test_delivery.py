"""How an offer reaches the company, or does not (R3, R4, R30)."""

from dataclasses import replace
from datetime import date, timedelta

from services.offers.rules.delivery import CorrectDelivery, ResendOffer
from shared.contracts.offers import DeliveryCorrected, DeliveryFailed, OfferDelivered, OfferResent
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    AVAILABLE_AT,
    POLICIES,
    SENT_AT,
    accepted,
    deliver,
    delivered,
    due,
    fail,
    given,
    lapsed,
    sent,
)

A_DAY = timedelta(hours=24)


def failed(*since: Event) -> DeliveryFailed:
    return given(sent(), *since).when(fail()).one(DeliveryFailed)


def resend_when_due(*since: Event) -> OfferResent:
    history = given(sent(), *since)
    when = history.timers()["resend"]
    return history.when(TimerDue("resend", when, when)).one(OfferResent)


def correct(available_at: str) -> CorrectDelivery:
    at = AVAILABLE_AT + timedelta(days=8)
    instant = AVAILABLE_AT.fromisoformat(available_at)
    return CorrectDelivery(at, instant, "portal-1", "The clock was wrong.", POLICIES.at(instant))


def test_r4_a_failed_delivery_starts_no_clock_and_closes_nothing() -> None:
    assert set(given(sent(), failed()).timers()) == {"resend"}
    given(sent(), failed()).when(deliver()).records(OfferDelivered)


def test_r4_a_failure_is_told_once_per_attempt() -> None:
    given(sent(), failed()).when(fail()).then()


def test_r4_an_offer_that_did_not_arrive_is_sent_again_by_itself_after_a_day() -> None:
    assert failed().resend_at == AVAILABLE_AT + A_DAY
    again = resend_when_due(failed())
    assert (again.attempt, again.resent_by, again.seen_by_company()) == (2, "offers", False)
    assert given(sent(), failed(), again).timers() == {}


def test_r4_after_three_times_only_somebody_sends_it_again() -> None:
    history: list[Event] = []
    for _ in range(3):
        history.append(failed(*history))
        history.append(resend_when_due(*history))
    last = failed(*history)
    assert (last.attempt, last.resend_at) == (4, None)
    assert given(sent(), *history, last).timers() == {}
    by_hand = given(sent(), *history, last).when(ResendOffer(AVAILABLE_AT, "supporter-1")).one(OfferResent)
    assert (by_hand.attempt, by_hand.resent_by) == (5, "supporter-1")


def test_r4_what_has_arrived_is_not_sent_again() -> None:
    given(sent(), delivered()).when(ResendOffer(AVAILABLE_AT, "supporter-1")).refused("R4", "was delivered")
    given(sent(), delivered(), accepted()).when(ResendOffer(AVAILABLE_AT, "supporter-1")).refused("R4", "accepted")
    late = given(sent(), failed()).timers()["resend"]
    given(sent(), failed(), delivered()).when(TimerDue("resend", late, late)).then()


def test_r3_nothing_is_available_before_its_time_has_come() -> None:
    command = replace(deliver(), available_at=AVAILABLE_AT + A_DAY)
    given(sent()).when(command).refused("R3", "has not come yet")


def test_r3_r30_a_corrected_delivery_moves_every_date() -> None:
    corrected = given(sent(), delivered()).when(correct("2026-03-06T12:00+01:00"))
    fact = corrected.one(DeliveryCorrected)
    assert fact.response_deadline.last_day == date(2026, 4, 7), "3 April is Good Friday"
    assert fact.response_deadline.counted_from == date(2026, 3, 6)
    assert corrected.timers() == {"halfway": fact.halfway_at, "lapse": fact.lapses_at}
    assert corrected.timers() != given(sent(), delivered()).timers()


def test_r30_what_is_corrected_must_have_been_recorded_otherwise() -> None:
    given(sent()).when(correct("2026-03-06T12:00+01:00")).refused("R3", "has not been delivered")
    given(sent(), delivered()).when(correct(AVAILABLE_AT.isoformat())).refused("R30", "what was recorded")
    early = (SENT_AT - timedelta(hours=1)).isoformat()
    given(sent(), delivered()).when(correct(early)).refused("R3", "before it was sent")


def test_r30_after_the_answer_no_date_of_the_offer_moves_any_more() -> None:
    for since in ((accepted(),), (lapsed(),)):
        given(sent(), delivered(), *since).when(correct("2026-03-06T12:00+01:00")).refused("R30", "not open")


def test_r28_a_timer_of_dates_that_were_corrected_does_nothing() -> None:
    corrected = given(sent(), delivered()).when(correct("2026-03-12T12:00+01:00")).one(DeliveryCorrected)
    given(sent(), delivered(), corrected).when(due("lapse")).then()
