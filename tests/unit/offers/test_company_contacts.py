"""The contacts of the company, each told what concerns it (R34)."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.offers.http.views import view
from services.offers.rules.contacts import NameContact
from shared.contracts.offers import ContactNamed
from shared.contracts.vocabulary import ContactDetails, ContactRole
from shared.eventstore.events import Event
from shared.reference.reference import company_messages
from tests.unit.offers.offer_facts import ANY_TIME, AVAILABLE_AT, given, recorded, sent

CONTACT = NameContact(
    AVAILABLE_AT, "company-1", UUID(int=9), ContactRole.SAFETY_REPRESENTATIVE, ContactDetails(name="Kim Andersen")
)


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


def test_r34_no_contact_belongs_to_an_offer_that_was_never_sent() -> None:
    given().when(CONTACT).refused("R34", "never sent")
