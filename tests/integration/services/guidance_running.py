"""The guidance service with everything behind it; offers and control speak to it over Kafka."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from deploy.local.foreign_facts import ForeignSystem
from services.guidance import service
from shared.contracts.control import ComplianceDeadlineSet
from shared.contracts.offers import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.deadlines import booking_due_at, compliance_deadline, control_window
from shared.eventstore.clock import VirtualClock
from shared.eventstore.events import Event
from shared.http.tokens import LocalIssuer, Role, pseudonym
from shared.policy.policies import load_policies
from shared.service import AGREEMENTS_TOPIC, Runtime, Settings

CVR, STRANGER, UNIT = "13748136", "24256790", "1003388394"
INSPECTOR = pseudonym(Role.INSPECTOR, "anna")
NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
POLICY = load_policies().at(NOW)
DEADLINE = compliance_deadline(NOW, 3, POLICY)


class Guidance:
    """The service, called as one role or another, and told what other services have recorded."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        runtime: Runtime,
        clock: VirtualClock,
        offers: ForeignSystem,
        control: ForeignSystem,
    ) -> None:
        self.client = client
        self.runtime = runtime
        self.clock = clock
        self._offers = offers
        self._control = control
        self._issuer = LocalIssuer(runtime.settings.state)

    async def offers_says(self, agreement_id: UUID, fact: Event) -> None:
        """Returns once guidance has taken it."""
        await self._offers.publish([(agreement_id, fact, self.clock.now())])
        await self._offers.until_taken("guidance")

    async def control_says(self, agreement_id: UUID, fact: Event) -> None:
        """Returns once guidance has taken it."""
        await self._control.publish([(agreement_id, fact, self.clock.now())])
        await self._control.until_taken("guidance")

    async def offered(self) -> UUID:
        """An agreement that is offered and not answered."""
        agreement_id = uuid4()
        await self.offers_says(agreement_id, sent(agreement_id))
        return agreement_id

    async def running(self) -> UUID:
        """An agreement that runs: guidance must be offered by 20 April 2026, and is overdue after 4 May."""
        agreement_id = await self.offered()
        await self.control_says(agreement_id, begun(agreement_id))
        return agreement_id

    async def guided(self) -> tuple[UUID, str]:
        """An agreement whose company wants the guidance that it was offered, and its path."""
        agreement_id = await self.running()
        path = f"/v1/guidance/{agreement_id}"
        await self.done(f"{path}/offer", {"form": "phone"})
        await self.done(f"{path}/answer", {"accepted": True}, Role.COMPANY)
        return agreement_id, path

    async def post(
        self,
        path: str,
        body: Any,
        role: Role = Role.INSPECTOR,
        cvr: str = CVR,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = {"If-Match": "*", "Idempotency-Key": str(uuid4()), **self.asker(role, cvr), **(headers or {})}
        return await self.client.post(path, json=body, headers=given)

    async def done(self, path: str, body: Any, role: Role = Role.INSPECTOR) -> Any:
        answer = await self.post(path, body, role)
        assert answer.status_code == 200, answer.text
        return answer.json()["recorded"]

    async def seen(self, path: str, role: Role = Role.INSPECTOR) -> Any:
        """In English."""
        answer = await self.client.get(f"{path}?language=en", headers=self.asker(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def facts(self, agreement_id: UUID) -> list[Event]:
        """Everything that guidance has recorded of an agreement, with its private parts."""
        return [one.event for one in (await self.runtime.store.load(agreement_id, readable=True)).events]

    async def until_recorded(self, agreement_id: UUID, fact: type[Event]) -> None:
        async with asyncio.timeout(10):
            while fact not in map(type, await self.facts(agreement_id)):
                await asyncio.sleep(0.05)

    async def waiting_timers(self, agreement_id: UUID) -> set[str]:
        async with self.runtime.database.acquire() as connection:
            rows = await connection.fetch("select name from timers where stream = $1", agreement_id)
        return {row["name"].removeprefix("guidance:") for row in rows}

    async def position(self) -> int:
        """How far the service's log is."""
        async with self.runtime.database.acquire() as connection:
            return int(await connection.fetchval("select newest_position()"))

    def asker(self, role: Role, cvr: str = CVR) -> dict[str, str]:
        """Headers of somebody in a role."""
        token = self._issuer.token(role, "anna", cvr if role is Role.COMPANY else None)
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def guidance_running(settings: Settings) -> AsyncIterator[Guidance]:
    """The service, between two that only speak."""
    clock = VirtualClock(settings.state / "clock", NOW)
    app = service.app(settings)
    async with (
        _speaking("offers", settings) as offers,
        _speaking("control", settings) as control,
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://guidance") as client,
    ):
        await app.state.start_check.may_act.wait()
        yield Guidance(client, app.state.runtime, clock, offers, control)


def sent(agreement_id: UUID) -> OfferSent:
    return OfferSent(
        agreement_id=agreement_id,
        kind=AgreementKind.SUSPICION,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspection_id="I-1",
        inspector=INSPECTOR,
        period_months=3,
        response_rule="R3",
        letter_version="2026-11",
        sent_at=NOW,
    )


def begun(agreement_id: UUID) -> ComplianceDeadlineSet:
    return ComplianceDeadlineSet(
        agreement_id=agreement_id,
        cvr=CVR,
        p_number=UNIT,
        topic="056",
        inspector=INSPECTOR,
        accepted_at=NOW,
        compliance_deadline=DEADLINE,
        control_window=control_window(DEADLINE, POLICY),
        books_control_at=booking_due_at(DEADLINE, POLICY),
    )


def _speaking(name: str, settings: Settings) -> ForeignSystem:
    return ForeignSystem(settings, source=name, topic=AGREEMENTS_TOPIC)
