"""After an upgrade no company is served until what was taken before is marked and folded by today's rules (R18)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from services.reporting.projection import checkpoint, projection
from services.reporting.service import keep_visibility
from services.reporting.statistics import measure_catalogue
from services.reporting.statistics import routes as statistics_routes
from services.reporting.view import routes
from shared.contracts.orders import OtherCaseKind, OtherCaseOpened
from shared.eventstore.clock import RealClock
from shared.eventstore.database import Database
from shared.http import problems
from shared.http.access import Viewer, viewer
from shared.http.tokens import Role
from shared.telemetry.loops import Heartbeat
from tests import reporting_facts as facts
from tests.reporting_facts import CVR, OTHER_CVR, UNIT, Feed

INSPECTION = OtherCaseOpened(
    case_id=facts.ORDER,
    case_kind=OtherCaseKind.INSPECTION,
    cvr=CVR,
    p_number=UNIT,
    opened_on=facts.on("2026-09-09").date(),
)
QUESTIONS = (
    "/v1/cases",
    f"/v1/cases/{facts.AGREEMENT}",
    f"/v1/cases/{facts.ORDER}",
    f"/v1/companies/{CVR}",
    "/v1/statistics/ladder",
    "/v1/statistics/agreements",
    "/v1/statistics/involvement",
    "/v1/statistics/use",
    "/v1/measure-catalogue",
)
ANOTHER_RELEASE_WRITES = "update checkpoint set position = position, state = gen_random_uuid()"


class Asker:
    def __init__(self, app: FastAPI, client: AsyncClient) -> None:
        self._app, self._client = app, client

    async def get(self, path: str, role: Role = Role.COMPANY, cvr: str | None = CVR) -> Response:
        self._app.dependency_overrides[viewer] = lambda: Viewer(role, "somebody", cvr)
        return await self._client.get(path)


@pytest.fixture
async def asker(database: Database) -> AsyncIterator[Asker]:
    app = FastAPI()
    problems.install(app)
    for one in (routes.router, measure_catalogue.router, statistics_routes.router):
        app.include_router(one)
    app.state.database = database
    app.state.smallest_count = lambda: 3
    app.state.clock = RealClock()
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as client:
        yield Asker(app, client)


async def take_as_an_earlier_release_did(database: Database) -> None:
    """With rules of visibility by which the inspection was shown."""
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(OtherCaseOpened, "seen_by_company", lambda _: True)
        earlier.setattr(OtherCaseOpened, "as_company_sees", lambda fact: fact)
        earlier.setattr(checkpoint, "VISIBILITY", "of an earlier release")
        async with database.acquire() as connection, connection.transaction():
            await projection.apply(connection, Feed().receive(facts.registered(), facts.sent(), INSPECTION))


@pytest.mark.rule("R18")
async def test_after_an_upgrade_no_company_is_served_until_all_is_folded_anew(database: Database, asker: Asker) -> None:
    """R18: 503 to every question, whoever's case it is about; inspectors are served; then the inspection is gone."""
    await take_as_an_earlier_release_did(database)
    for path in QUESTIONS:
        refused = await asker.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1"), path
        assert (await asker.get(path, Role.INSPECTOR, None)).status_code == 200, path
    foreign = await asker.get(f"/v1/cases/{facts.AGREEMENT}", cvr=OTHER_CVR)
    assert foreign.json() == (await asker.get(f"/v1/cases/{facts.AGREEMENT}")).json()
    await until_served(database, asker)
    assert (await asker.get("/v1/cases")).json()["counts"] == {"offered": 1}
    assert (await asker.get(f"/v1/cases/{facts.ORDER}")).status_code == 404


@pytest.mark.rule("R18")
async def test_a_process_of_another_release_stops_companies_from_being_served(database: Database, asker: Asker) -> None:
    """R18: what it wrote was folded by other rules; what this release writes afterwards does not mend that."""
    feed = Feed()
    async with database.acquire() as connection:
        async with connection.transaction():
            await projection.apply(connection, feed.receive(facts.registered(), facts.sent()))
        assert (await asker.get("/v1/cases")).status_code == 200
        await connection.execute(ANOTHER_RELEASE_WRITES)
        assert (await asker.get("/v1/cases")).status_code == 503
        async with connection.transaction():
            await projection.apply(connection, feed.receive(facts.delivered()))
        assert (await asker.get("/v1/cases")).status_code == 503
    await until_served(database, asker)
    assert (await asker.get("/v1/cases")).json()["counts"] == {"delivered": 1}


async def until_served(database: Database, asker: Asker) -> None:
    """The service's own loop does it, from its start on."""
    loop = asyncio.create_task(keep_visibility(database, Heartbeat("visibility")))
    try:
        async with asyncio.timeout(30):
            while (await asker.get("/v1/cases")).status_code == 503:
                await asyncio.sleep(0.05)
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
