"""All faults of an offer and of an answer are told at once (R1, R2, R6, R8, R10)."""

from datetime import timedelta

import pytest

from services.offers.rules.eligibility import Quarantine, Unit
from shared.contracts.offers import OfferDelivered
from shared.contracts.vocabulary import AgreementKind, Violation
from shared.eventstore.errors import Refused
from tests.unit.offers.offer_facts import (
    IN_TIME,
    OTHER,
    SENT_AT,
    SISTER,
    TOO_LATE,
    UNIT,
    accept,
    deliver,
    given,
    grounds,
    place,
    send,
    sent,
    spread,
)
from tests.unit.scenario import Outcome

IN_QUARANTINE = (Quarantine(OTHER, SENT_AT + timedelta(days=3)),)


def rules(outcome: Outcome) -> list[str]:
    assert isinstance(outcome.refusal, Refused)
    return [one.rule for one in outcome.refusal.every_fault]


@pytest.mark.rule("R1", "R2", "R8", "R10", "R14")
def test_an_offer_is_refused_for_everything_that_is_wrong_with_it() -> None:
    wrong = send(
        kind=AgreementKind.SUSPICION,
        grounds=grounds(violation=Violation.FOUND, concrete=False),
        department="Lager",
        unit=Unit(UNIT, "24256790", "construction-building"),
        period_months=7,
        quarantines=IN_QUARANTINE,
        undecided=(OTHER,),
        slot=None,
    )
    assert rules(given().when(wrong)) == ["R2", "R2", "R1", "R1", "R8", "R10", "R8", "R14", "R8"]


@pytest.mark.rule("R6", "R8", "R10")
def test_an_answer_is_refused_for_everything_that_is_wrong_with_it() -> None:
    delivered = given(sent()).when(deliver()).one(OfferDelivered)
    until = Quarantine(OTHER, TOO_LATE + timedelta(days=3))
    wrong = accept(at=TOO_LATE, has_read=False, quarantines=(until,), includes=(place(),))
    assert rules(given(sent(), delivered).when(wrong)) == ["R6", "R10", "R8", "R10"]


@pytest.mark.rule("R8", "R10")
def test_of_a_foreign_unit_a_company_hears_only_that_it_is_foreign() -> None:
    offer = spread()
    delivered = given(offer).when(deliver()).one(OfferDelivered)
    until = (Quarantine(None, IN_TIME + timedelta(days=3)),)
    foreign = place(SISTER, unit=Unit(SISTER, "24256790", "offices"), slot=None, quarantines=until)
    outcome = given(offer, delivered).when(accept(includes=(foreign,)))
    outcome.refused("R10", "does not belong")
    assert rules(outcome) == ["R10"]


@pytest.mark.rule("R8")
def test_of_several_quarantines_the_last_day_of_the_longest_is_told() -> None:
    until = (Quarantine(None, SENT_AT + timedelta(days=3)), Quarantine(OTHER, SENT_AT + timedelta(days=9)))
    outcome = given().when(send(quarantines=until))
    outcome.refused("R8", until=(SENT_AT + timedelta(days=9)).isoformat(), agreement=OTHER, p_number=UNIT)
