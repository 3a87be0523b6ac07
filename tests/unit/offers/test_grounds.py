"""On what grounds which kind of agreement may be offered (R2)."""

from typing import Any

import pytest

from services.offers.rules.letter import letter
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind, Grounds, ReactionDue, Violation
from tests.public_form import public
from tests.unit.offers.offer_facts import given, grounds, send, sent, spread

SPREAD = AgreementKind.SPREAD


def suspected(**changes: Any) -> Grounds:
    return grounds(violation=Violation.SUSPECTED, exists_elsewhere=False, can_be_carried_over=False, **changes)


def test_r2_a_suspicion_that_says_nothing_else_is_concrete_and_material() -> None:
    assert sent().grounds == suspected()


def test_r2_a_violation_that_is_found_is_no_suspicion() -> None:
    given().when(send(grounds=grounds())).refused("R2", "order with deadline, or to a spread offer")


@pytest.mark.parametrize("lacking", ["concrete", "material"])
def test_r2_what_is_vague_or_slight_is_offered_in_neither_kind(lacking: str) -> None:
    given().when(send(grounds=suspected(**{lacking: False}))).refused("R2", "concrete and material")
    given().when(send(kind=SPREAD, grounds=grounds(**{lacking: False}))).refused("R2", "concrete and material")


def test_r2_a_spread_agreement_needs_its_grounds() -> None:
    given().when(send(kind=SPREAD)).refused("R2", "needs its grounds")


def test_r2_a_spread_agreement_needs_a_violation_that_is_found() -> None:
    given().when(send(kind=SPREAD, grounds=suspected())).refused("R2", "only where a violation is found")


@pytest.mark.parametrize("due", [ReactionDue.IMMEDIATE_ORDER, ReactionDue.NONE])
def test_r2_a_spread_agreement_only_where_an_order_with_deadline_is_due(due: ReactionDue) -> None:
    refused = given().when(send(kind=SPREAD, grounds=grounds(reaction_due=due)))
    refused.refused("R2", "is never offered", reaction=due.value)


@pytest.mark.parametrize("lacking", ["exists_elsewhere", "can_be_carried_over"])
def test_r2_a_spread_agreement_only_where_there_is_something_to_carry_over(lacking: str) -> None:
    given().when(send(kind=SPREAD, grounds=grounds(**{lacking: False}))).refused("R2")


def test_r2_a_spread_agreement_on_a_found_violation() -> None:
    given().when(send(kind=SPREAD, grounds=grounds())).records(OfferSent)


def test_r1_only_a_spread_offer_names_a_department() -> None:
    given().when(send(department="Lager")).refused("R1", "not a department")
    assert spread(department="Lager").department == "Lager"


def test_r1_r7_the_letter_of_a_spread_offer_says_what_a_no_leads_to() -> None:
    text = letter(public(spread()), None)
    assert "påbud med frist på den enhed" in text
    assert "mindst én anden enhed eller afdeling" in text
    assert "smiley" in text
