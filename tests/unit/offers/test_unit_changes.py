"""The unit of an open offer or a running agreement changes its legal entity, or ceases (R40)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.offers.rules.agreement_ends import NoteEnd, NoteRevokedDecision
from services.offers.rules.eligibility import Unit
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.unit_change_schedule import LOOKS_AGAIN_AFTER, UNIT, LearnChange
from services.offers.rules.unit_change_schedule import timers as watch_timers
from services.offers.rules.unit_changes import NoteUnitChanges, Owner, changed_units
from shared.contracts.offers import (
    Accepted,
    AgreementEndNoted,
    Declined,
    OfferDelivered,
    OfferUnitChanged,
    PlaceTakenNoted,
    UnitChangeLearned,
    UnitChangeNoted,
    UnitChangeReachedCases,
    Withdrawn,
)
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    CVR,
    IN_TIME,
    SISTER,
    TOO_LATE,
    accept,
    accepted,
    decline,
    deliver,
    delivered,
    due,
    given,
    lapsed,
    place,
    sent,
    spread,
    withdraw,
)
from tests.unit.offers.offer_facts import (
    UNIT as P_NUMBER,
)
from tests.unit.scenario import scenarios_of

pytestmark = pytest.mark.rule("R40")
BUYER, THIRD_OWNER = "24256790", "29283958"
SOLD_ON = date(2026, 3, 20)
MUCH_LATER = datetime(2026, 5, 1, 8, tzinfo=UTC)
ON_THAT_DAY = datetime(2026, 3, 20, 8, tzinfo=UTC)
FIRST = Owner(date(2020, 1, 1), CVR)
watching = scenarios_of(UNIT)


def told(*owners: Owner, at: datetime = ON_THAT_DAY, p_number: str = P_NUMBER) -> NoteUnitChanges:
    """What the register says of one unit, from its first day on."""
    return NoteUnitChanges(at, {p_number: (FIRST, *owners)})


def sold(on: date = SOLD_ON, to: str | None = BUYER) -> Owner:
    return Owner(on, to)


def changed(*owners: Owner, at: datetime = ON_THAT_DAY) -> OfferUnitChanged:
    return given(sent(), delivered()).when(told(*owners, at=at)).one(OfferUnitChanged)


def running() -> tuple[Event, ...]:
    """A spread agreement of two units."""
    offer = spread()
    arrived = given(offer).when(deliver()).one(OfferDelivered)
    return offer, arrived, given(offer, arrived).when(accept(includes=(place(SISTER),))).one(Accepted)


def test_a_change_is_a_fact_of_the_open_offer_with_its_day_and_the_company_is_told_no_other_company() -> None:
    fact = changed(sold())
    assert (fact.p_number, fact.holds_from, fact.cvr, fact.ceased, fact.settled) == (
        P_NUMBER,
        SOLD_ON,
        BUYER,
        False,
        False,
    )
    assert BUYER not in str(fact.company_data())
    assert fact.seen_by_company()
    assert changed(sold(to=None)).ceased


def test_it_is_noted_once_and_two_changes_are_two_facts() -> None:
    fact = changed(sold())
    given(sent(), delivered(), fact).when(told(sold())).then()
    both = told(sold(), sold(date(2026, 3, 25), THIRD_OWNER), at=IN_TIME)
    given(sent(), delivered()).when(both).records(OfferUnitChanged, OfferUnitChanged)
    second = given(sent(), delivered(), fact).when(both).one(OfferUnitChanged)
    assert (second.holds_from, second.cvr) == (date(2026, 3, 25), THIRD_OWNER)


def test_the_day_decides_and_never_the_arrival() -> None:
    tomorrow = sold(date(2026, 3, 21))
    given(sent(), delivered()).when(told(tomorrow)).then()
    last_moment = start_of(date(2026, 3, 21)) - timedelta(seconds=1)
    given(sent(), delivered()).when(told(tomorrow, at=last_moment)).then()
    given(sent(), delivered()).when(told(tomorrow, at=start_of(date(2026, 3, 21)))).records(OfferUnitChanged)
    learned_late = changed(sold(date(2026, 1, 10)))
    assert learned_late.holds_from == date(2026, 1, 10), "the offer was sent to who did not have the unit any more"


def test_what_the_register_said_of_the_time_before_the_offer_changes_nothing() -> None:
    given(sent(), delivered()).when(
        NoteUnitChanges(ON_THAT_DAY, {P_NUMBER: (Owner(date(2019, 1, 1), BUYER), FIRST)})
    ).then()
    given(sent(), delivered()).when(NoteUnitChanges(ON_THAT_DAY, {P_NUMBER: ()})).then()
    given(sent(), delivered()).when(told(Owner(SOLD_ON, CVR))).then()


def test_a_change_that_is_learned_between_two_that_are_known_leaves_the_last_one_standing() -> None:
    fact = changed(sold())
    between = given(sent(), delivered(), fact).when(told(sold(date(2026, 3, 10), THIRD_OWNER), sold()))
    assert between.one(OfferUnitChanged).cvr == THIRD_OWNER
    assert between.state.about.unit_changes[-1].cvr == BUYER
    given(sent(), delivered(), fact, *between.events).when(told(sold(date(2026, 3, 10), THIRD_OWNER), sold())).then()


def test_nothing_lapses_or_is_asked_or_sent_again_while_the_unit_is_anothers() -> None:
    history = sent(), delivered(), changed(sold())
    assert given(*history).timers() == {}
    given(*history).when(due("lapse")).then()
    assert given(*history).reservations() == given(sent(), delivered()).reservations()


@pytest.mark.parametrize("at", [IN_TIME, TOO_LATE])
def test_nobody_answers_meanwhile_and_the_refusal_says_the_day(at: datetime) -> None:
    history = sent(), delivered(), changed(sold())
    for answer in (accept(at), decline(at), decline(at, acting_for=BUYER)):
        refused = given(*history).when(answer)
        refused.refused("R40", "has another legal entity since 2026-03-20", p_number=P_NUMBER)
        assert BUYER not in str(refused.refusal)


def test_a_no_is_refused_where_the_register_says_it_before_the_case_knows() -> None:
    command = decline()
    moved = type(command)(**{**vars(command), "unit": Unit(P_NUMBER, BUYER, "day-care")})
    given(sent(), delivered()).when(moved).refused("R40", "has another legal entity")
    ceased = type(command)(**{**vars(command), "unit": Unit(P_NUMBER, None, None)})
    given(sent(), delivered()).when(ceased).refused("R40", "has ceased")


def test_an_offer_is_not_made_nor_accepted_at_a_unit_that_has_ceased() -> None:
    given(sent(), delivered()).when(accept(unit=Unit(P_NUMBER, None, None))).refused("R40", "has ceased")


def test_the_inspector_can_withdraw_it() -> None:
    given(sent(), delivered(), changed(sold())).when(withdraw(IN_TIME)).records(Withdrawn)


def test_a_unit_that_comes_back_in_time_can_be_answered_for_again() -> None:
    history = sent(), delivered(), changed(sold())
    back = given(*history).when(told(sold(), Owner(date(2026, 3, 25), CVR), at=IN_TIME - timedelta(days=2)))
    assert back.one(OfferUnitChanged).settled
    assert set(given(*history, *back.events).timers()) == {"lapse", "halfway"}
    given(*history, *back.events).when(accept()).records(Accepted)
    taken_back = given(*history).when(told(Owner(SOLD_ON, CVR)))
    assert taken_back.one(OfferUnitChanged).settled, "the register corrects what it said of that day"


def test_a_unit_that_comes_back_too_late_leaves_the_decision_with_the_inspector() -> None:
    history = sent(), delivered(), changed(sold())
    back = given(*history).when(told(sold(), Owner(date(2026, 4, 8), CVR), at=TOO_LATE))
    assert not back.one(OfferUnitChanged).settled
    assert given(*history, *back.events).timers() == {}


def test_at_any_included_unit_of_a_running_agreement_control_is_told() -> None:
    noted = given(*running()).when(told(sold(), p_number=SISTER, at=TOO_LATE)).one(UnitChangeNoted)
    assert (noted.p_number, noted.cvr, noted.seen_by_company()) == (SISTER, BUYER, False)
    given(*running(), noted).when(told(sold(), p_number=SISTER, at=TOO_LATE)).then()
    given(*running()).when(told(sold(), p_number="1003388399", at=TOO_LATE)).then()


def after_the_end(history: tuple[Event, ...], how: str) -> tuple[Event, ...]:
    return *history, given(*history).when(NoteEnd(TOO_LATE, how)).one(AgreementEndNoted)


def after_a_no() -> tuple[Event, ...]:
    offer = sent(), delivered()
    return *offer, given(*offer).when(decline()).one(Declined)


def after_silence() -> tuple[Event, ...]:
    offer = sent(), delivered()
    return *offer, lapsed()


@pytest.mark.parametrize(
    "history",
    [
        after_a_no(),
        after_silence(),
        after_the_end((sent(), delivered(), accepted()), "fulfilled"),
        after_the_end((sent(), delivered(), accepted()), "breached"),
    ],
    ids=["declined", "lapsed", "fulfilled", "breached"],
)
def test_where_something_may_follow_at_the_unit_control_is_told(history: tuple[Event, ...]) -> None:
    """R7, R22, R24, R40: of an inspection, an order or a follow-up; the case is found by its unit."""
    assert f"after-at/{P_NUMBER}/{AGREEMENT}" in OFFER.reservations(OFFER.fold(history))
    noted = given(*history).when(told(sold(date(2026, 4, 20)), at=MUCH_LATER)).one(UnitChangeNoted)
    assert (noted.p_number, noted.cvr, noted.seen_by_company()) == (P_NUMBER, BUYER, False)
    given(*history, noted).when(told(sold(date(2026, 4, 20)), at=MUCH_LATER)).then()


def test_nothing_happens_to_a_case_from_which_nothing_follows() -> None:
    """R9, R14, R40: and after a found violation the order is asked for at once (R7)."""
    gone = given(sent()).when(withdraw()).one(Withdrawn)
    offer = spread()
    arrived = given(offer).when(deliver()).one(OfferDelivered)
    no = given(offer, arrived).when(decline()).one(Declined)
    terminated = after_the_end((sent(), delivered(), accepted()), "terminated")
    for history in ((sent(), gone), (offer, arrived, no), terminated):
        given(*history).when(told(sold(date(2026, 4, 20)), at=MUCH_LATER)).then()
        assert OFFER.reservations(OFFER.fold(history)) == frozenset()


def test_an_agreement_that_runs_again_is_told_what_became_of_its_units_meanwhile() -> None:
    noted = given(*running()).when(told(sold(), at=TOO_LATE)).one(UnitChangeNoted)
    ended = given(*running(), noted).when(NoteEnd(TOO_LATE, "breached")).one(AgreementEndNoted)
    owners = {P_NUMBER: (FIRST, sold()), SISTER: (FIRST, sold(date(2026, 4, 1), None))}
    again = given(*running(), noted, ended).when(NoteRevokedDecision(TOO_LATE, free=True, owners=owners))
    again.records(AgreementEndNoted, UnitChangeNoted, UnitChangeNoted)
    assert changed_units(again.state) == {P_NUMBER, SISTER}
    given(*running(), noted, ended).when(NoteRevokedDecision(TOO_LATE, free=False, owners=owners)).records(
        PlaceTakenNoted, UnitChangeNoted, UnitChangeNoted
    )


def test_a_change_ahead_is_told_on_its_day_and_once_more_when_no_request_is_under_way_any_more() -> None:
    learned = watching().when(LearnChange(ON_THAT_DAY, P_NUMBER, date(2026, 5, 1), BUYER)).one(UnitChangeLearned)
    midnight = start_of(date(2026, 5, 1))
    assert watching(learned).timers() == {"tell-cases": midnight}
    fired = watching(learned).when(TimerDue("tell-cases", midnight, midnight)).one(UnitChangeReachedCases)
    assert watching(learned, fired).timers() == {"tell-cases": midnight + LOOKS_AGAIN_AFTER}
    late = midnight + timedelta(days=3)
    after = watching(learned, fired).when(TimerDue("tell-cases", midnight + LOOKS_AGAIN_AFTER, late))
    assert watching(learned, fired, *after.events).timers() == {}
    watching(learned, fired, *after.events).when(TimerDue("tell-cases", midnight, late)).then()


def test_a_change_of_a_day_that_is_over_is_told_at_once_and_the_same_word_again_is_none() -> None:
    learned = watching().when(LearnChange(ON_THAT_DAY, P_NUMBER, date(2026, 2, 1), BUYER)).one(UnitChangeLearned)
    assert watch_timers(watching(learned).state) == {"tell-cases": ON_THAT_DAY}
    watching(learned).when(LearnChange(TOO_LATE, P_NUMBER, date(2026, 2, 1), BUYER)).then()
    corrected = LearnChange(ON_THAT_DAY, P_NUMBER, date(2026, 2, 1), THIRD_OWNER)
    watching(learned).when(corrected).records(UnitChangeLearned)


def test_no_fact_of_a_unit_is_told_to_companies() -> None:
    learned = watching().when(LearnChange(ON_THAT_DAY, P_NUMBER, SOLD_ON, BUYER)).one(UnitChangeLearned)
    assert not learned.seen_by_company()
    assert not UnitChangeReachedCases(p_number=P_NUMBER, reached_at=TOO_LATE).seen_by_company()
    assert OFFER.fold([learned]) == OFFER.initial
    assert UUID(int=1) == AGREEMENT
