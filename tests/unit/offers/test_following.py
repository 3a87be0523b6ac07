"""The offer of a spread agreement that follows from a no (R7)."""

from typing import Any

import pytest

from services.offers.http.views import view
from services.offers.rules.eligibility import Unit
from services.offers.rules.phases import State
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    CVR,
    ENDINGS,
    OTHER,
    SISTER,
    accepted,
    delivered,
    given,
    grounds,
    recorded,
    send,
    sent,
    spread,
)

pytestmark = pytest.mark.rule("R7")
SPREAD: dict[str, Any] = {"kind": AgreementKind.SPREAD, "grounds": grounds(), "follows": OTHER}


def earlier(*since: Event, offer: OfferSent | None = None) -> State:
    """Where the offer on suspicion stands."""
    state: State = given(offer or sent(agreement_id=OTHER), *since).state
    return state


@pytest.mark.parametrize("ending", ["declined", "lapsed"])
def test_a_spread_offer_names_the_no_that_it_follows_from(ending: str) -> None:
    offer = given().when(send(**SPREAD, earlier=earlier(delivered(), *ENDINGS[ending]))).one(OfferSent)
    assert offer.follows == OTHER
    assert view(given(offer).state, recorded(offer), "da").follows == OTHER


def test_most_offers_follow_from_nothing() -> None:
    assert sent().follows is None


def test_what_offers_does_not_know_leads_to_nothing() -> None:
    given().when(send(**SPREAD)).refused("R7", f"no offer {OTHER} is known", follows=OTHER)


@pytest.mark.parametrize(
    "changes",
    [
        {"cvr": "24256790", "unit": Unit("1003388394", "24256790", "day-care")},
        {"p_number": SISTER, "unit": Unit(SISTER, CVR, "day-care")},
        {"topic": "061"},
    ],
    ids=["legal entity", "unit", "topic"],
)
def test_a_no_about_something_else_leads_to_nothing_here(changes: dict[str, Any]) -> None:
    no = earlier(delivered(), *ENDINGS["declined"])
    given().when(send(**SPREAD, **changes, earlier=no)).refused("R7", "another legal entity, unit or topic")


@pytest.mark.parametrize(
    ("since", "how"),
    [
        ((), "sent"),
        ((delivered(),), "delivered"),
        ((delivered(), accepted()), "accepted"),
        (ENDINGS["withdrawn"], "withdrawn"),
        ((delivered(), *ENDINGS["fulfilled"]), "fulfilled"),
    ],
)
def test_only_a_no_leads_to_another_offer(since: tuple[Event, ...], how: str) -> None:
    given().when(send(**SPREAD, earlier=earlier(*since))).refused("R7", "was not declined and has not lapsed", how=how)


def test_only_an_offer_on_suspicion_leads_to_a_spread_one() -> None:
    no = earlier(delivered(), *ENDINGS["declined"])
    given().when(send(follows=OTHER, earlier=no)).refused("R7", "only a spread agreement follows")
    no = earlier(delivered(), *ENDINGS["declined"], offer=spread(agreement_id=OTHER))
    given().when(send(**SPREAD, earlier=no)).refused("R7", "only from a no to one on suspicion")
