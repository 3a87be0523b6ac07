"""Each figure answers as it held and was known at a time, or says why it cannot (R26)."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient

from services.reporting.projection import projection
from services.reporting.statistics import measure_catalogue
from services.reporting.statistics import routes as statistics_routes
from services.reporting.view import routes
from shared.eventstore.database import Database
from shared.http import problems
from shared.http.access import Viewer, viewer
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.reporting_facts import Feed

pytestmark = pytest.mark.rule("R26")
COURSE = (facts.registered(), facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set())
ROUTERS = (routes.router, measure_catalogue.router, statistics_routes.router)
FIGURES = sorted(
    route.path
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    and (route.path.startswith("/v1/statistics/") or route.path == "/v1/measure-catalogue")
)
BEFORE_ALL = "2020-01-01T00:00:00Z"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.state.database = database
    app.state.smallest_count = lambda: 1
    app.dependency_overrides[viewer] = lambda: Viewer(Role.INSPECTOR, "somebody", None)
    async with database.acquire() as connection, connection.transaction():
        await projection.apply(connection, Feed().receive(*COURSE))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as one:
        yield one


def test_there_are_figures() -> None:
    assert len(FIGURES) >= 6
    assert "/v1/statistics/agreements" in FIGURES


@pytest.mark.parametrize("asked", ["held_at", "known_at"])
@pytest.mark.parametrize("path", FIGURES)
async def test_a_figure_works_for_the_past_or_is_refused_with_the_reason(
    client: AsyncClient, path: str, asked: str
) -> None:
    now = await client.get(path)
    assert now.status_code == 200
    past = await client.get(path, params={asked: BEFORE_ALL})
    if past.status_code == 422:
        (fault,) = past.json()["faults"]
        assert (past.json()["rule"], fault["where"]) == ("R26", f"query.{asked}")
        assert "as it is known today" in fault["what"]
        return
    assert past.status_code == 200
    assert now.json()["rows"] != []
    assert past.json()["rows"] == []


async def test_a_figure_that_is_refused_names_both_times_at_once(client: AsyncClient) -> None:
    both = {"held_at": BEFORE_ALL, "known_at": BEFORE_ALL}
    answers = [await client.get(path, params=both) for path in FIGURES]
    refused = [one.json()["faults"] for one in answers if one.status_code == 422]
    assert refused
    assert all(len(faults) == 2 for faults in refused)
