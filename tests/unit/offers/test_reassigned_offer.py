"""The responsible inspector of an open offer (R15)."""

from services.offers.rules.offer_decider import OFFER
from services.offers.rules.responsible_inspector import ReassignOffer
from shared.contracts.offers import OfferReassigned
from shared.contracts.vocabulary import NextInspector
from tests.unit.offers.offer_facts import AVAILABLE_AT, accept, accepted, delivered, given, sent

NEW = ReassignOffer(AVAILABLE_AT, "supporter-1", NextInspector(inspector="inspector-2", reason="Leave"))


def test_r15_an_unanswered_offer_moves_to_another_inspector() -> None:
    moved = given(sent(), delivered()).when(NEW).one(OfferReassigned)
    assert (moved.inspector, moved.previous) == ("inspector-2", "inspector-1")
    state = given(sent(), delivered(), moved).state
    assert OFFER.responsible(state) == "inspector-2"
    given(sent(), delivered(), moved).when(NEW).refused("R15", "already")
    assert given(sent(), delivered(), moved).when(accept()).events[0].model_dump()["inspector"] == "inspector-2"


def test_r15_an_answered_offer_is_reassigned_as_an_agreement() -> None:
    given(sent(), delivered(), accepted()).when(NEW).refused("R15", "accepted")
