"""Contacts, the responsible inspector, time, and what a no passes on (R7, R15, R30, R34, R37)."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.offers.http.views import view
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.people_and_time import CorrectTime, NameContact, ReassignOffer, SpendTime
from shared.contracts.offers import ContactNamed, Declined, OfferReassigned, SpentTime, TimeCorrected, TimeSpent
from shared.contracts.vocabulary import ContactDetails, ContactRole, NextInspector, WorkPhase
from shared.eventstore.events import Event
from shared.reference.reference import company_messages
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
    recorded,
    sent,
)

CONTACT = NameContact(
    AVAILABLE_AT, "company-1", UUID(int=9), ContactRole.SAFETY_REPRESENTATIVE, ContactDetails(name="Kim Andersen")
)
ENTRY = UUID(int=11)
SPENT = SpentTime(phase=WorkPhase.INVESTIGATION, minutes=90)
TIME = SpendTime(AVAILABLE_AT, ENTRY, "inspector-1", AVAILABLE_AT.date(), SPENT)
NEW = ReassignOffer(AVAILABLE_AT, "supporter-1", NextInspector(inspector="inspector-2", reason="Leave"))
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


@pytest.mark.rule("R34")
@pytest.mark.parametrize(
    ("role", "not_told"),
    [
        (ContactRole.LEGALLY_RESPONSIBLE, {"guidance-offered", "control-announced"}),
        (ContactRole.UNIT_MANAGER, set()),
        (ContactRole.SAFETY_REPRESENTATIVE, {"deadline-approaching"}),
    ],
)
def test_each_contact_is_shown_with_what_concerns_it(role: ContactRole, not_told: set[str]) -> None:
    named = given(sent()).when(replace(CONTACT, role=role))
    facts = recorded(sent(), named.one(ContactNamed))
    (contact,) = view(named.state, facts, "da").contacts
    assert contact.is_told[0].text == "Et tilbud venter på svar"
    assert {message.code for message in contact.is_told} == company_messages().keys() - not_told
    (in_english,) = view(named.state, facts, "en").contacts
    assert in_english.is_told[0].text == "An offer waits for an answer"


@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_r37_time_is_recorded_at_any_time_by_phase(since: tuple[Event, ...]) -> None:
    spent = given(sent(), *since).when(TIME).one(TimeSpent)
    assert (spent.phase, spent.minutes, spent.seen_by_company()) == (WorkPhase.INVESTIGATION, 90, False)


def test_r37_no_time_is_spent_on_a_day_that_has_not_come() -> None:
    given(sent()).when(replace(TIME, on_day=date(2026, 3, 6))).refused("R37", "has not come")


def correct(phase: WorkPhase = WorkPhase.OFFER, minutes: int = 40, on_day: date | None = None) -> CorrectTime:
    told = SpentTime(phase=phase, minutes=minutes)
    return CorrectTime(IN_TIME, ENTRY, "inspector-2", on_day, told, "The other case's.")


@pytest.mark.rule("R30", "R37")
@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_time_is_corrected_at_any_time_by_a_new_fact_with_a_reason(since: tuple[Event, ...]) -> None:
    spent = given(sent()).when(TIME).one(TimeSpent)
    corrected = given(sent(), spent, *since).when(correct())
    fact = corrected.one(TimeCorrected)
    assert (fact.phase, fact.minutes, fact.previous_phase, fact.previous_minutes) == ("offer", 40, "investigation", 90)
    assert (fact.inspector, fact.corrected_by, fact.on_day) == ("inspector-1", "inspector-2", spent.on_day)
    assert not fact.seen_by_company()
    assert fact.private_parts() == {"": {"reason": "The other case's."}}
    (shown,) = view(corrected.state, recorded(sent(), spent, *since, fact), "da").time
    assert (shown.entry_id, shown.phase, shown.minutes, shown.inspector) == (ENTRY, "offer", 40, "inspector-1")


@pytest.mark.rule("R30", "R37")
def test_time_that_was_not_spent_is_taken_back_and_can_be_corrected_again() -> None:
    spent = given(sent()).when(TIME).one(TimeSpent)
    taken_back = given(sent(), spent).when(correct(minutes=0)).one(TimeCorrected)
    assert taken_back.minutes == 0
    again = given(sent(), spent, taken_back).when(correct(minutes=5)).one(TimeCorrected)
    assert (again.minutes, again.previous_phase, again.previous_minutes) == (5, "offer", 0)


@pytest.mark.rule("R30", "R37")
def test_only_time_that_was_recorded_and_otherwise_is_corrected() -> None:
    first_release = given(sent()).when(TIME).one(TimeSpent).model_copy(update={"entry_id": None})
    for history in ((sent(),), (sent(), first_release)):
        given(*history).when(correct()).refused("R30", "no time is known", entry_id=ENTRY)
    spent = given(sent()).when(TIME).one(TimeSpent)
    given(sent(), spent).when(correct(WorkPhase.INVESTIGATION, 90)).refused("R30", "that is what was recorded")
    given(sent(), spent).when(correct(on_day=date(2027, 1, 1))).refused("R37", "has not come")


def test_r34_r37_nothing_belongs_to_an_offer_that_was_never_sent() -> None:
    given().when(CONTACT).refused("R34", "never sent")
    given().when(TIME).refused("R37", "never sent")
    given().when(correct()).refused("R30", "never sent")


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
