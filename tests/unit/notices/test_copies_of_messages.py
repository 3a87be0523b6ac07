"""Which messages are erased with a case or a person: those that told of it, went to the person, or name it (R31)."""

from uuid import UUID

import pytest

from services.notices.rules import copies_of_messages as copies
from services.notices.rules.message import message_id
from shared.contracts.notices import (
    Channel,
    DigestBegun,
    DigestSent,
    MatterRaised,
    NoticeQueued,
    NoticeSent,
    Occasion,
    Recipient,
    ResponsibleNoted,
)
from shared.eventstore.events import Event
from tests.unit.notices.notices_facts import AGREEMENT, INSPECTOR, at, followed, matter

pytestmark = pytest.mark.rule("R31")
KEY = b"k" * 32
DUE = at("2026-03-12", "08:00")
MANAGER, REPRESENTATIVE = UUID(int=8), UUID(int=9)
TO_MANAGER = matter(Occasion.OFFER_WAITING, Recipient.UNIT_MANAGER, DUE)
TO_REPRESENTATIVE = matter(Occasion.OFFER_WAITING, Recipient.SAFETY_REPRESENTATIVE, DUE)
NEVER_RECORDED = matter(Occasion.OFFER_HALFWAY, Recipient.UNIT_MANAGER, DUE)
TO_LEADER = matter(Occasion.GUIDANCE_OVERDUE, Recipient.LEADER, DUE)
IN_DIGEST = matter(Occasion.OFFER_ANSWERED, Recipient.INSPECTOR, DUE)
DIGEST, EARLIER_DIGEST = "digest", "earlier digest"


def made_for(raised: MatterRaised) -> str:
    return message_id(KEY, raised.matter_id, 0)


def told(raised: MatterRaised, contact_id: UUID | None = None, person: str | None = None) -> NoticeSent:
    channel = Channel.DIGEST if raised is IN_DIGEST else Channel.EMAIL
    return NoticeSent(
        agreement_id=AGREEMENT,
        matter_id=raised.matter_id,
        channel=channel,
        message_id=DIGEST if raised is IN_DIGEST else made_for(raised),
        text_version="1",
        contact_id=contact_id,
        person=person,
        sent_at=DUE,
    )


def digest(name: str | None, *matters: UUID) -> DigestSent:
    return DigestSent(person_id=INSPECTOR, message_id=name, matters=matters, sent_at=DUE)


CASE: list[Event] = [
    followed(),
    TO_MANAGER,
    TO_REPRESENTATIVE,
    NEVER_RECORDED,
    TO_LEADER,
    IN_DIGEST,
    NoticeQueued(agreement_id=AGREEMENT, matter_id=IN_DIGEST.matter_id, person=INSPECTOR, queued_at=DUE),
    told(TO_MANAGER, MANAGER),
    told(TO_REPRESENTATIVE, REPRESENTATIVE),
    told(TO_LEADER, person="leader"),
    told(IN_DIGEST, person=INSPECTOR),
]
SINGLE = {made_for(one) for one in (TO_MANAGER, TO_REPRESENTATIVE, NEVER_RECORDED, TO_LEADER, IN_DIGEST)}


def test_all_that_told_of_a_case_counts_also_what_may_have_been_sent() -> None:
    assert copies.of_case(CASE, KEY) == {*SINGLE, DIGEST}


def test_what_went_to_a_contact_counts_and_what_nobody_recorded() -> None:
    assert copies.of_person(CASE, str(MANAGER), KEY) == {made_for(TO_MANAGER), made_for(NEVER_RECORDED)}
    assert copies.of_person(CASE, "leader", KEY) == {made_for(TO_LEADER), made_for(NEVER_RECORDED)}


@pytest.mark.rule("R15")
def test_messages_name_whoever_is_or_was_responsible() -> None:
    later = ResponsibleNoted(agreement_id=AGREEMENT, inspector="inspector-2", noted_at=DUE)
    for inspector in (INSPECTOR, "inspector-2"):
        assert copies.of_person([*CASE, later], inspector, KEY) == SINGLE


def test_a_digest_counts_if_it_told_of_the_case_or_went_to_the_person() -> None:
    assert copies.readers(CASE) == {INSPECTOR}
    events = [
        digest(EARLIER_DIGEST, UUID(int=5)),
        digest(None, IN_DIGEST.matter_id),
        digest(DIGEST, IN_DIGEST.matter_id),
    ]
    assert copies.digests_of_case(events, CASE, KEY) == {DIGEST}
    assert copies.digests_of_person(events, KEY) == {EARLIER_DIGEST, DIGEST}


def test_a_digest_counts_that_was_begun_and_may_have_been_sent() -> None:
    told = (IN_DIGEST.matter_id,)
    begun = DigestBegun(person_id=INSPECTOR, digest_id=UUID(int=77), matters=told, begun_at=DUE)
    assert copies.digests_of_case([begun], CASE, KEY) == {message_id(KEY, UUID(int=77), 0)}
    assert copies.digests_of_person([begun], KEY) == {message_id(KEY, UUID(int=77), 0)}
