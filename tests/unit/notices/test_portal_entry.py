"""The portal is told what became of matters for the company, by codes and ids, and of nothing else (R18, R29)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.notices.rules.portal_entry import EntryStatus, PortalEntry, entry_of
from shared.contracts.notices import (
    FACTS,
    AgreementFollowed,
    Channel,
    MatterEnded,
    MatterOwner,
    MatterRaised,
    NoticeReturned,
    NoticeSent,
    Occasion,
    Recipient,
    Untold,
)
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.events import Event

AT, LATEST = datetime(2026, 3, 5, 9, tzinfo=UTC), datetime(2026, 4, 7, 22, tzinfo=UTC)
AGREEMENT, MATTER, ENTRY = UUID(int=1), UUID(int=2), UUID(int=3)
COMPANY = (Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE, Recipient.SAFETY_REPRESENTATIVE)
TOLD_WHEN = (Untold.NO_ADDRESS, Untold.UNDELIVERABLE, Untold.IN_DOUBT)


def followed() -> AgreementFollowed:
    return AgreementFollowed(
        agreement_id=AGREEMENT,
        cvr="13748136",
        p_number="1003388394",
        topic="056",
        kind=AgreementKind.SUSPICION,
        inspector="inspector-1",
        followed_at=AT,
    )


def raised(recipient: Recipient, owner: MatterOwner = MatterOwner.OFFERS) -> MatterRaised:
    return MatterRaised(
        agreement_id=AGREEMENT,
        matter_id=MATTER,
        occasion=Occasion.OFFER_WAITING,
        recipient=recipient,
        owner=owner,
        about="a-secret-day",
        due_at=AT,
        latest_at=LATEST,
        person="inspector-1",
        raised_at=AT,
    )


def sent() -> NoticeSent:
    return NoticeSent(
        agreement_id=AGREEMENT,
        matter_id=MATTER,
        channel=Channel.EMAIL,
        message_id="id@notices.aftale.invalid",
        text_version="1-abc",
        sent_at=AT,
    )


def ended(why: Untold) -> MatterEnded:
    return MatterEnded(agreement_id=AGREEMENT, matter_id=MATTER, why=why, ended_at=AT)


def returned() -> NoticeReturned:
    return NoticeReturned(
        agreement_id=AGREEMENT,
        matter_id=MATTER,
        message_id="id@notices.aftale.invalid",
        status="5.1.1",
        returned_at=AT,
    )


def told(fact: Event, recipient: Recipient = Recipient.UNIT_MANAGER) -> PortalEntry | None:
    return entry_of(fact, ENTRY, AT, raised(recipient), followed())


@pytest.mark.rule("R29")
def test_an_entry_has_codes_and_ids_only() -> None:
    entry = told(sent())
    assert entry is not None
    assert entry.model_dump(mode="json") == {
        "entry_id": str(ENTRY),
        "status": "told",
        "why": None,
        "occasion": "offer-waiting",
        "recipient": "unit_manager",
        "agreement_id": str(AGREEMENT),
        "matter_id": str(MATTER),
        "cvr": "13748136",
        "p_number": "1003388394",
        "message_id": "id@notices.aftale.invalid",
        "at": "2026-03-05T09:00:00Z",
        "latest_at": "2026-04-07T22:00:00Z",
        "link": f"/v1/offers/{AGREEMENT}",
    }


@pytest.mark.rule("R18", "R34")
@pytest.mark.parametrize("recipient", Recipient)
def test_the_portal_is_told_only_what_is_for_the_company(recipient: Recipient) -> None:
    facts = (sent(), ended(Untold.NO_ADDRESS), returned())
    assert [told(fact, recipient) is not None for fact in facts] == [recipient in COMPANY] * len(facts)


@pytest.mark.rule("R29")
@pytest.mark.parametrize("why", Untold)
def test_who_could_not_be_told_is_an_entry_and_who_did_not_have_to_be_is_none(why: Untold) -> None:
    entry = told(ended(why))
    assert (entry is not None) == (why in TOLD_WHEN)
    if entry is not None:
        assert (entry.status, entry.why, entry.message_id) == (EntryStatus.NOT_TOLD, why, None)


@pytest.mark.rule("R4")
def test_what_came_back_is_an_entry_of_its_own() -> None:
    entry = told(returned())
    assert entry is not None
    assert (entry.status, entry.message_id) == (EntryStatus.RETURNED, "id@notices.aftale.invalid")


def test_nothing_else_is_worth_an_entry() -> None:
    others = set(FACTS) - {NoticeSent, MatterEnded, NoticeReturned}
    assert raised(Recipient.UNIT_MANAGER).__class__ in others
    assert told(raised(Recipient.UNIT_MANAGER)) is None


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        (MatterOwner.OFFERS, f"/v1/offers/{AGREEMENT}"),
        (MatterOwner.GUIDANCE, f"/v1/guidance/{AGREEMENT}"),
        (MatterOwner.CONTROL, f"/v1/agreements/{AGREEMENT}"),
    ],
)
def test_the_link_leads_to_the_owner_of_the_matter(owner: MatterOwner, path: str) -> None:
    entry = entry_of(sent(), ENTRY, AT, raised(Recipient.UNIT_MANAGER, owner), followed())
    assert entry is not None
    assert entry.link == path
