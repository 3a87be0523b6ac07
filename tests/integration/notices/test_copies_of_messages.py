"""Operators ask which messages are copies of what is erased, by case or person, page by page (R31)."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.notices import service
from services.notices.rules.reader import reader_stream
from shared.contracts.notices import (
    AgreementFollowed,
    Channel,
    DigestSent,
    MatterOwner,
    MatterRaised,
    NoticeQueued,
    NoticeSent,
    Occasion,
    Recipient,
)
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.events import Event, Metadata
from shared.http.pages import NEXT_CURSOR
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.service import Runtime, Settings
from tests.unit.notices.notices_facts import at, followed

pytestmark = pytest.mark.rule("R31")
PATH = "/v1/operations/notices/messages"
DUE = at("2026-03-12", "08:00")
CONTACT = uuid4()


class Notices:
    """The service, called in one role or another."""

    def __init__(self, client: httpx.AsyncClient, runtime: Runtime, state: Path) -> None:
        self._client, self._runtime, self._issuer = client, runtime, LocalIssuer(state)

    async def record(self, stream: UUID, *events: Event) -> None:
        write = Write(stream, 0, tuple(Occurred(event, DUE) for event in events))
        await self._runtime.store.append(Change(Metadata(command_id=uuid4(), actor="notices"), (write,)))

    async def ask(self, asked: Mapping[str, str], role: Role = Role.OPERATOR) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._issuer.token(role, 'anna')}"}
        return await self._client.get(PATH, params=asked, headers=headers)

    async def found(self, **asked: str) -> set[str]:
        answer = await self.ask(asked)
        assert answer.status_code == 200, answer.text
        return {one["message_id"] for one in answer.json()}


@pytest.fixture
async def notices(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Notices]:
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False, background=False))
    async with app.router.lifespan_context(app):
        await app.state.start_check.may_act.wait()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://notices") as client:
            yield Notices(client, app.state.runtime, tmp_path)


def facts_of(case: UUID, inspector: str, contact_id: UUID) -> list[Event]:
    """A contact was told by a message, and the inspector in a digest."""
    to_contact, to_inspector = uuid4(), uuid4()
    of_case: AgreementFollowed = followed().model_copy(update={"agreement_id": case, "inspector": inspector})
    return [
        of_case,
        _raised(case, to_contact, Recipient.UNIT_MANAGER),
        _raised(case, to_inspector, Recipient.INSPECTOR),
        NoticeQueued(agreement_id=case, matter_id=to_inspector, person=inspector, queued_at=DUE),
        _sent(case, to_contact, Channel.EMAIL, f"message of {case}", contact_id, None),
        _sent(case, to_inspector, Channel.DIGEST, f"digest of {inspector}", None, inspector),
        DigestSent(person_id=inspector, message_id=f"digest of {inspector}", matters=(to_inspector,), sent_at=DUE),
    ]


def _raised(case: UUID, matter: UUID, recipient: Recipient) -> MatterRaised:
    return MatterRaised(
        agreement_id=case,
        matter_id=matter,
        occasion=Occasion.OFFER_WAITING,
        recipient=recipient,
        owner=MatterOwner.OFFERS,
        about="",
        due_at=DUE,
        latest_at=DUE,
        raised_at=DUE,
    )


def _sent(
    case: UUID, matter: UUID, channel: Channel, name: str, contact_id: UUID | None, person: str | None
) -> NoticeSent:
    return NoticeSent(
        agreement_id=case,
        matter_id=matter,
        channel=channel,
        message_id=name,
        text_version="1",
        contact_id=contact_id,
        person=person,
        sent_at=DUE,
    )


async def test_messages_of_a_case_and_of_a_person_are_listed(notices: Notices) -> None:
    case, other = uuid4(), uuid4()
    for one, inspector, contact in ((case, "anna", CONTACT), (other, "bo", uuid4())):
        *facts, digest = facts_of(one, inspector, contact)
        await notices.record(one, *facts)
        await notices.record(reader_stream(inspector), digest)
    of_case = await notices.found(case=str(case))
    assert {f"message of {case}", "digest of anna"} < of_case
    assert not {f"message of {other}", "digest of bo"} & of_case
    assert f"message of {case}" in await notices.found(person=str(CONTACT))
    assert await notices.found(person=str(CONTACT)) == await notices.found(case=str(case), person=str(CONTACT))
    assert "digest of bo" in await notices.found(person="bo")
    assert await notices.found(person="bo", case=str(case)) <= of_case
    assert await notices.found(person="nobody") == set()
    assert await notices.found(case=str(uuid4())) == set()


async def test_a_long_list_has_pages(notices: Notices) -> None:
    case = uuid4()
    *facts, digest = facts_of(case, "anna", CONTACT)
    await notices.record(case, *facts)
    await notices.record(reader_stream("anna"), digest)
    listed: list[str] = []
    asked = {"case": str(case), "limit": "1"}
    while True:
        answer = await notices.ask(asked)
        listed += [one["message_id"] for one in answer.json()]
        if NEXT_CURSOR not in answer.headers:
            break
        asked["cursor"] = answer.headers[NEXT_CURSOR]
    assert listed == sorted(await notices.found(case=str(case)))
    assert len(listed) == 4


async def test_only_operators_ask_and_they_name_whom(notices: Notices) -> None:
    for role in (Role.INSPECTOR, Role.SUPPORTER, Role.PORTAL, Role.PERSONNEL_REGISTER, Role.NOTICES):
        assert (await notices.ask({"case": str(uuid4())}, role)).status_code == 403, role
    refused = await notices.ask({})
    assert (refused.status_code, refused.json()["faults"][0]["where"]) == (422, "query.case")
