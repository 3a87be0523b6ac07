"""What the directory says of people reaches the other services on a topic of its own, without names (R15, R42)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.control import service as control_service
from services.control.people.rules.person_decider import person_stream
from services.guidance import service as guidance_service
from services.offers import service as offers_service
from services.reporting import service as reporting_service
from shared.contracts import people
from shared.contracts.vocabulary import Centre, PersonRole
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import Database
from shared.http.tokens import LocalIssuer, Role, pseudonym
from shared.messaging import reconciler
from shared.messaging.bus import Kafka
from shared.messaging.published_facts import reading
from shared.people.people_copy import people_told
from shared.people.person import Absence, NamedStandIn, Person
from shared.service import AGREEMENTS_TOPIC, PEOPLE_TOPIC, Settings
from tests.integration.services.test_offers_service import Offers, offer
from tests.integration.services.test_offers_service import _register as register_units

pytestmark = pytest.mark.rule("R42")
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
ANNA, BO = (pseudonym(Role.INSPECTOR, name) for name in ("anna", "bo"))
PLANTED = "Grete Plantet Bisgaard"
COPIES = {"offers": offers_service, "guidance": guidance_service, "reporting": reporting_service}


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A service, and whoever asks it."""
    async with app.router.lifespan_context(app):
        if hasattr(app.state, "start_check"):
            await app.state.start_check.may_act.wait()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            yield client


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await reached():
            await asyncio.sleep(0.05)


class Directory:
    """Control, asked by an operator who keeps the directory."""

    def __init__(self, client: httpx.AsyncClient, state: Path) -> None:
        self._client = client
        self._token = LocalIssuer(state).token(Role.OPERATOR, "olga")

    async def says(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "If-Match": "*", "Idempotency-Key": str(uuid4())}
        answer = await self._client.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()["recorded"][0]["data"]

    async def lists(self, person_id: str, centre: str = "south", **more: Any) -> None:
        body = {"name": PLANTED, "email": "grete@example.org", "centre": centre, "roles": ["inspector"], **more}
        await self.says("PUT", f"/v1/people/{person_id}", body)

    async def names_stand_in(self, person_id: str, stand_in: str) -> UUID:
        days = {"stand_in": stand_in, "first": "2026-03-05", "last": "2026-03-06"}
        return UUID((await self.says("POST", f"/v1/people/{person_id}/stand-ins", days))["stand_in_id"])


@pytest.fixture
def settings(postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(reconciler, "EVERY_SECONDS", 0.2)
    VirtualClock(tmp_path / "clock", NOW)
    return Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)


async def published(kafka: Kafka, topic: str) -> list[tuple[str, bytes]]:
    """Source and body of every record on a topic, with all its headers."""
    found = []
    async with reading(kafka, topic) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for records in (await consumer.getmany(partition, timeout_ms=200)).values():
                    for record in records:
                        headers = dict(record.headers)
                        found.append((headers["ce_source"].decode(), repr(record).encode()))
    return found


async def test_every_service_knows_who_works_where_who_stands_in_and_who_is_away(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        directory = Directory(await stack.enter_async_context(running(control_service.app(settings))), settings.state)
        apps = {name: module.app(settings) for name, module in COPIES.items()}
        for app in apps.values():
            await stack.enter_async_context(running(app))
        await directory.lists(ANNA, "south", leads="south", roles=["inspector", "leader"])
        await directory.lists(BO)
        stand_in = await directory.names_stand_in(ANNA, BO)
        away = {"first": "2026-03-05", "last": "2026-03-09"}
        absence = UUID((await directory.says("POST", f"/v1/people/{ANNA}/absences", away))["absence_id"])
        await directory.says("PUT", "/v1/centres/south/holidays", {"days": ["2026-03-20"]})
        await directory.says("POST", f"/v1/people/{BO}/departure", {"last_day": "2026-03-31"})
        first, last = date(2026, 3, 5), date(2026, 3, 6)
        anna = Person(
            ANNA,
            Centre.SOUTH,
            roles=(PersonRole.INSPECTOR, PersonRole.LEADER),
            leads=Centre.SOUTH,
            stand_ins={stand_in: NamedStandIn(BO, first, last)},
            absences={absence: Absence(first, date(2026, 3, 9))},
        )
        bo = Person(BO, Centre.SOUTH, roles=(PersonRole.INSPECTOR,), works_until=date(2026, 3, 31))
        for app in apps.values():
            await until_known(app.state.database, anna, bo)
        on_people = await published(settings.kafka, PEOPLE_TOPIC)
        of_people = [body for _, body in on_people if b"VisitsReplanned" not in body]
        assert ({source for source, _ in on_people}, len(of_people)) == ({people.SOURCE}, 6)
        assert await published(settings.kafka, AGREEMENTS_TOPIC) == []
        for text in (PLANTED, "Plantet", "grete@example.org"):
            assert [record for _, record in on_people if text.encode() in record] == []


async def until_known(database: Database, *persons: Person) -> None:
    async def known() -> bool:
        return [await people_told(database)(one.person_id) for one in persons] == list(persons)

    await until(known)


@pytest.mark.rule("R15")
async def test_a_stand_in_whom_control_was_told_of_acts_on_an_offer_in_those_days_alone(
    settings: Settings, postgres_dsn: str
) -> None:
    await register_units(postgres_dsn)
    async with AsyncExitStack() as stack:
        directory = Directory(await stack.enter_async_context(running(control_service.app(settings))), settings.state)
        app = offers_service.app(settings)
        client = await stack.enter_async_context(running(app))
        clock = VirtualClock(settings.state / "clock")
        offers = Offers(client, settings.state, clock, postgres_dsn, app.state.runtime)
        agreement_id = (await offers.post("/v1/offers", offer())).json()["id"]
        path, time = f"/v1/offers/{agreement_id}/time", {"phase": "offer", "minutes": 10}
        assert (await offers.post(path, time, name="bo")).status_code == 403
        await directory.lists(ANNA)
        await directory.lists(BO)
        await directory.names_stand_in(ANNA, BO)

        async def may() -> bool:
            return (await offers.post(path, time, name="bo")).status_code == 200

        await until(may)
        acted = (await offers.runtime.store.load(UUID(agreement_id))).events[-1].metadata
        assert (acted["actor"], acted["on_behalf_of"]) == (BO, ANNA)
        clock.move_to(NOW.replace(day=7))
        refused = await offers.post(path, time, name="bo")
        assert (refused.status_code, refused.json()["values"]["day"]) == (403, "2026-03-07")


async def test_facts_that_were_published_with_the_agreements_come_again_on_the_topic_of_people(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rolling upgrade: control has published people with its other facts, and readers have let them pass."""
    release_before = replace(control_service.SERVICE, publishes_apart=())
    async with AsyncExitStack() as stack:
        app = offers_service.app(settings)
        await stack.enter_async_context(running(app))
        with monkeypatch.context() as before:
            before.setattr(control_service, "SERVICE", release_before)
            control = control_service.app(settings)
        async with running(control) as client:
            directory = Directory(client, settings.state)
            await directory.lists(ANNA)
            await directory.lists(BO)

            async def passed() -> bool:
                async with app.state.database.acquire() as connection:
                    found = await connection.fetch("select source from inbox where stream = $1", person_stream(BO))
                return [row["source"] for row in found] == ["control"]

            await until(passed)
        async with running(control_service.app(settings)) as client:
            directory = Directory(client, settings.state)
            stand_in = await directory.names_stand_in(ANNA, BO)  # version 2: the first is missing on the new topic
            days = NamedStandIn(BO, date(2026, 3, 5), date(2026, 3, 6))
            bo = Person(BO, Centre.SOUTH, roles=(PersonRole.INSPECTOR,))
            await until_known(app.state.database, replace(bo, person_id=ANNA, stand_ins={stand_in: days}), bo)

            async def nothing_waits() -> bool:
                async with app.state.database.acquire() as connection:
                    waits: bool = await connection.fetchval(
                        "select exists (select from parked) or exists (select from missing)"
                    )
                return not waits

            await until(nothing_waits)
