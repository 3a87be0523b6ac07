"""Contacts, the responsible inspector, time, and what a no passes on (R7, R15, R34, R37)."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.offers.offer import OFFER
from services.offers.people_and_time import NameContact, ReassignOffer, SpendTime
from shared.contracts.offers import ContactNamed, Declined, OfferReassigned, TimeSpent
from shared.contracts.vocabulary import ContactDetails, ContactRole, WorkPhase
from shared.kernel.events import Event
from tests.unit.offers.offer_facts import (
    AVAILABLE_AT,
    ENDINGS,
    IN_TIME,
    accept,
    accepted,
    decline,
    delivered,
    given,
    lapsed,
    sent,
)

CONTACT = NameContact(
    AVAILABLE_AT, "company-1", UUID(int=9), ContactRole.SAFETY_REPRESENTATIVE, ContactDetails(name="Kim Andersen")
)
TIME = SpendTime(AVAILABLE_AT, "inspector-1", WorkPhase.INVESTIGATION, 90, AVAILABLE_AT.date())
NEW = ReassignOffer(AVAILABLE_AT, "supporter-1", "inspector-2", "Leave")
ANY_TIME: dict[str, tuple[Event, ...]] = {
    "sent": (),
    "delivered": (delivered(),),
    "accepted": (delivered(), accepted()),
    **{name: (delivered(), *ending) for name, ending in ENDINGS.items()},
}


@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_r34_a_contact_is_named_at_any_time_and_its_name_is_private(since: tuple[Event, ...]) -> None:
    named = given(sent(), *since).when(CONTACT).one(ContactNamed)
    assert "Kim" not in named.public_json()
    assert named.private_parts() == {
        str(UUID(int=9)): {"details": {"name": "Kim Andersen", "email": None, "phone": None}}
    }


@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_r37_time_is_recorded_at_any_time_by_phase(since: tuple[Event, ...]) -> None:
    spent = given(sent(), *since).when(TIME).one(TimeSpent)
    assert (spent.phase, spent.minutes, spent.seen_by_company()) == (WorkPhase.INVESTIGATION, 90, False)


def test_r37_no_time_is_spent_on_a_day_that_has_not_come() -> None:
    given(sent()).when(replace(TIME, on_day=date(2026, 3, 6))).refused("R37", "has not come")


def test_r34_r37_nothing_belongs_to_an_offer_that_was_never_sent() -> None:
    given().when(CONTACT).refused("R34", "never sent")
    given().when(TIME).refused("R37", "never sent")


def test_r15_an_unanswered_offer_moves_to_another_inspector() -> None:
    moved = given(sent(), delivered()).when(NEW).one(OfferReassigned)
    assert (moved.inspector, moved.previous) == ("inspector-2", "inspector-1")
    state = given(sent(), delivered(), moved).state
    assert OFFER.responsible(state) == "inspector-2"
    given(sent(), delivered(), moved).when(NEW).refused("R15", "already")
    assert given(sent(), delivered(), moved).when(accept()).events[0].model_dump()["inspector"] == "inspector-2"


def test_r15_an_answered_offer_is_reassigned_as_an_agreement() -> None:
    given(sent(), delivered(), accepted()).when(NEW).refused("R15", "accepted")


def test_r7_a_no_says_what_was_offered_so_that_the_authority_can_go_on() -> None:
    for fact in (given(sent(), delivered()).when(decline(IN_TIME)).one(Declined), lapsed()):
        assert fact.offer is not None
        assert (fact.offer.kind, fact.offer.topic, fact.offer.inspector) == ("suspicion", "056", "inspector-1")
