"""Records cases of which companies were told, and of which only the authority was, in the log of notices."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.contracts.notices import (
    AgreementFollowed,
    Channel,
    MatterOwner,
    MatterRaised,
    NoticeSent,
    Occasion,
    Recipient,
)
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.database import Database
from shared.eventstore.event_store import EventStore
from shared.eventstore.events import Event, Metadata
from shared.http.tokens import LocalIssuer, Role
from shared.service import Settings
from shared.telemetry.loops import Heartbeat
from tests.integration.notices.notices_running import NOW, Notices, notices_running

CVR, OTHER_CVR = "13748136", "24256790"
AT = NOW


def raised(case: UUID, recipient: Recipient, occasion: Occasion = Occasion.OFFER_WAITING) -> MatterRaised:
    return MatterRaised(
        agreement_id=case,
        matter_id=uuid4(),
        occasion=occasion,
        recipient=recipient,
        owner=MatterOwner.OFFERS,
        about="",
        due_at=AT,
        latest_at=AT + timedelta(days=14),
        raised_at=AT,
    )


def sent(matter: MatterRaised) -> NoticeSent:
    return NoticeSent(
        agreement_id=matter.agreement_id,
        matter_id=matter.matter_id,
        channel=Channel.EMAIL,
        message_id=f"{matter.matter_id.hex}@notices.aftale.invalid",
        text_version="1",
        sent_at=AT,
    )


class ToldCases:
    """Cases in the log of a service."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._versions: dict[UUID, int] = {}

    async def begin(self, cvr: str = CVR) -> UUID:
        """Begins a case of a company."""
        case = uuid4()
        followed = AgreementFollowed(
            agreement_id=case,
            cvr=cvr,
            p_number="1003388394",
            topic="056",
            kind=AgreementKind.SUSPICION,
            inspector="inspector-1",
            followed_at=AT,
        )
        await self.record(case, [followed])
        return case

    async def tell(self, case: UUID, recipient: Recipient = Recipient.UNIT_MANAGER) -> UUID:
        """Records that somebody was told of a matter; returns the matter's id."""
        matter = raised(case, recipient)
        await self.record(case, [matter, sent(matter)])
        return matter.matter_id

    async def record(self, case: UUID, events: Sequence[Event]) -> None:
        """Appends facts to a case."""
        known = self._versions.get(case, 0)
        write = Write(case, known, tuple(Occurred(event, AT) for event in events))
        await self._store.append(Change(Metadata(command_id=uuid4(), actor="notices"), (write,)))
        self._versions[case] = known + len(events)


class Told(Notices):
    """The service, with cases in its log, and what it says to the portal."""

    @cached_property
    def cases(self) -> ToldCases:
        return ToldCases(self.runtime.store)

    async def feed(self, **query: Any) -> list[dict[str, Any]]:
        """Reads the feed as the portal does."""
        answer = await self.get("/v1/notices/feed", Role.PORTAL, **query)
        assert answer.status_code == 200, answer.text
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries

    async def push_again(self, role: Role, after: int) -> httpx.Response:
        """Has the portal told again from a position."""
        token = LocalIssuer(self.state).token(role, "oscar")
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.post("/v1/operations/notices/portal/pushes", json={"after": after}, headers=headers)

    async def stands(self) -> dict[str, Any]:
        """Up to where the portal has taken entries, and how the last try failed."""
        async with self.runtime.database.acquire() as connection:
            return dict(await connection.fetchrow("select * from portal_webhook") or {})

    def heartbeat(self) -> Heartbeat:
        return self.runtime.loops.heartbeat("portal-webhook")


@asynccontextmanager
async def telling(settings: Settings) -> AsyncIterator[Told]:
    """One process of the service."""
    async with notices_running(settings) as running:
        yield Told(running.app, running.client, running.clock, running.state)


async def until_told(database: Database, number: int) -> None:
    """Returns once the feed has so many entries."""
    async with asyncio.timeout(60), database.acquire() as connection:
        while await connection.fetchval("select count(*) from portal_entries") < number:
            await asyncio.sleep(0.02)
