"""An agreement that was carried over to a unit's new owner is one agreement in every figure (R40, R26)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.reporting.projection import projection
from services.reporting.statistics import measure_catalogue
from services.reporting.statistics import routes as statistics_routes
from services.reporting.view import routes
from shared.contracts import control, guidance, offers
from shared.contracts.vocabulary import (
    ContactForm,
    ControlOutcome,
    Involvement,
    Measure,
    Participation,
    Side,
    WorkPhase,
)
from shared.eventstore.database import Connection, Database
from shared.eventstore.events import Event
from shared.http import problems
from shared.http.access import Viewer, viewer
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CVR, INSPECTOR, OTHER_CVR, Feed, on

pytestmark = [pytest.mark.rule("R40"), pytest.mark.rule("R26")]
GOES_ON = UUID("0190c1b2-0000-7000-8000-000000000002")
GOES_ON_AGAIN = UUID("0190c1b2-0000-7000-8000-000000000003")
THIRD_CVR = "31000009"
INFORMED = Involvement(safety_representative=Participation.INFORMED)
TOOK_PART = Involvement(safety_representative=Participation.TOOK_PART)


def changed(event: Event, **values: Any) -> Event:
    return event.model_copy(update=values)


def met(agreement_id: UUID, at: str, involvement: Involvement) -> Event:
    return guidance.GuidanceHeld(
        agreement_id=agreement_id,
        meeting_id=UUID(int=agreement_id.int + 7),
        form=ContactForm.PHONE,
        held_at=on(at),
        inspector=INSPECTOR,
        minutes_spent=20,
        involvement=involvement,
    )


def spent(agreement_id: UUID) -> Event:
    return offers.TimeSpent(
        agreement_id=agreement_id,
        entry_id=UUID(int=agreement_id.int + 8),
        phase=WorkPhase.OFFER,
        minutes=10,
        inspector=INSPECTOR,
        on_day=date(2026, 3, 4),
    )


def documented(agreement_id: UUID) -> Event:
    taken = Measure(measure_id=UUID(int=agreement_id.int + 9), kind="technical-aid", ladder_level=3)
    return changed(facts.documented(agreement_id, complete=False, at="2026-05-01"), measures=(taken,))


FORMER = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    spent(AGREEMENT),
    met(AGREEMENT, "2026-04-20", INFORMED),
    documented(AGREEMENT),
)


def carried_over(before: UUID, after: UUID, cvr: str, on_day: str) -> tuple[Event, ...]:
    """A new owner accepts that an agreement goes on, and the former owner's ends."""
    return (
        changed(facts.sent(after, at=on_day, cvr=cvr), is_carried_over=True, carries_over=before),
        changed(facts.delivered(after), available_at=on(on_day)),
        changed(facts.accepted(after, cvr=cvr), accepted_at=on(on_day, 10), carries_over=before),
        changed(facts.deadline_set(after, cvr=cvr), accepted_at=on(on_day, 10)),
        control.Terminated(
            agreement_id=before,
            by=Side.AUTHORITY,
            terminated_at=on(on_day, 11),
            terminated_by="control",
            reason="changed-owner",
            carried_over_to=after,
        ),
    )


CARRIED_OVER = carried_over(AGREEMENT, GOES_ON, OTHER_CVR, "2026-05-05")
DECIDED = (
    spent(GOES_ON),
    met(GOES_ON, "2026-05-20", TOOK_PART),
    documented(GOES_ON),
    facts.controlled(ControlOutcome.VIOLATION, GOES_ON),
    changed(facts.breached(GOES_ON), cvr=OTHER_CVR),
)


class Figures:
    """Asks for figures as the authority, or as a company."""

    def __init__(self, app: FastAPI, client: AsyncClient) -> None:
        self._app, self._client = app, client

    async def ask(self, path: str, cvr: str | None = None, **query: str) -> Any:
        role = Role.INSPECTOR if cvr is None else Role.COMPANY
        self._app.dependency_overrides[viewer] = lambda: Viewer(role, "somebody", cvr)
        answer = await self._client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def agreements(self, cvr: str | None = None, **query: str) -> dict[str, int]:
        rows = (await self.ask("/v1/statistics/agreements", cvr, **query))["rows"]
        (every,) = [row for row in rows if row["dimension"] == "all"]
        return {name: number for name, number in every.items() if isinstance(number, int) and number}


@asynccontextmanager
async def figures_of(database: Database, *told: Event) -> AsyncIterator[Figures]:
    """The figures after these facts."""
    app = FastAPI()
    problems.install(app)
    for router in (routes.router, measure_catalogue.router, statistics_routes.router):
        app.include_router(router)
    app.state.database = database
    app.state.smallest_count = lambda: 1
    feed = Feed()
    async with database.acquire() as connection, connection.transaction():
        await projection.apply(connection, feed.receive(*told))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as client:
        yield Figures(app, client)


@pytest.fixture
async def figures(database: Database) -> AsyncIterator[Figures]:
    async with figures_of(database, *FORMER, *CARRIED_OVER, *DECIDED) as asked:
        yield asked


@pytest.fixture
async def of_three_owners(database: Database) -> AsyncIterator[Figures]:
    """The second owner has told nothing of who is involved; the third has."""
    second = (spent(GOES_ON), documented(GOES_ON), *carried_over(GOES_ON, GOES_ON_AGAIN, THIRD_CVR, "2026-05-20"))
    third = (spent(GOES_ON_AGAIN), met(GOES_ON_AGAIN, "2026-06-01", TOOK_PART), documented(GOES_ON_AGAIN))
    async with figures_of(database, *FORMER, *CARRIED_OVER, *second, *third) as asked:
        yield asked


async def test_by_status_it_stands_where_it_goes_on(figures: Figures) -> None:
    assert await figures.agreements() == {"agreements": 1, "breached": 1}
    rows = (await figures.ask("/v1/statistics/agreements"))["rows"]
    assert {row["value"] for row in rows if row["dimension"] == "status"} == {"breached"}


async def test_as_it_held_before_it_was_the_former_owners(figures: Figures) -> None:
    assert await figures.agreements(held_at="2026-05-01T12:00:00Z") == {"agreements": 1, "running": 1}
    after = await figures.agreements(held_at="2026-05-06T12:00:00Z")
    assert after == {"agreements": 1, "running": 1}


async def test_each_owner_counts_its_own_case(figures: Figures) -> None:
    assert await figures.agreements(CVR) == {"agreements": 1, "not_accepted": 1}
    assert await figures.agreements(OTHER_CVR) == {"agreements": 1, "breached": 1}


async def test_the_share_of_breaches_has_it_once_in_its_base(figures: Figures) -> None:
    course = (await figures.ask("/v1/statistics/agreements"))["course"]
    counted = {name: course[name] for name in ("offered", "accepted", "guidance_taken", "breached", "terminated")}
    assert counted == {"offered": 1, "accepted": 1, "guidance_taken": 1, "breached": 1, "terminated": 0}
    assert course["breached_of_accepted"] == 1.0


async def test_on_the_ladder_measures_of_both_owners_are_of_one_agreement(figures: Figures) -> None:
    (row,) = (await figures.ask("/v1/statistics/ladder"))["rows"]
    assert (row["agreements"], row["measures"]) == (1, 2)


async def test_the_safety_representative_is_as_involved_as_the_new_owner_told_last(figures: Figures) -> None:
    rows = (await figures.ask("/v1/statistics/involvement"))["rows"]
    assert [(row["at"], row["involvement"], row["agreements"]) for row in rows] == [("guidance", "took_part", 1)]


async def test_all_minutes_count_and_are_of_one_agreement(figures: Figures) -> None:
    rows = (await figures.ask("/v1/statistics/time"))["rows"]
    told = {row["phase"]: (row["minutes"], row["cases"]) for row in rows}
    assert told == {"offer": (20, 1), "guidance": (40, 1)}


async def test_carried_over_twice_it_is_one_agreement_in_every_figure(of_three_owners: Figures) -> None:
    assert await of_three_owners.agreements() == {"agreements": 1, "running": 1}
    (measures,) = (await of_three_owners.ask("/v1/statistics/ladder"))["rows"]
    assert (measures["agreements"], measures["measures"]) == (1, 3)
    spent_on = (await of_three_owners.ask("/v1/statistics/time"))["rows"]
    assert {row["phase"]: (row["minutes"], row["cases"]) for row in spent_on} == {"offer": (30, 1), "guidance": (40, 1)}
    involved = (await of_three_owners.ask("/v1/statistics/involvement"))["rows"]
    assert [(row["at"], row["involvement"], row["agreements"]) for row in involved] == [("guidance", "took_part", 1)]


async def test_analysts_can_leave_the_former_part_out_and_views_that_count_do(
    figures: Figures, connection: Connection
) -> None:
    assert (await figures.agreements())["agreements"] == 1
    rows = await connection.fetch("select case_id, carried_over_to from v_cases order by case_id")
    assert [tuple(row) for row in rows] == [(AGREEMENT, GOES_ON), (GOES_ON, None)]
    for view in ("v_guidance", "v_involvement"):
        counted = await connection.fetch(f"select distinct case_id from {view}")
        assert [row["case_id"] for row in counted] == [GOES_ON], view


async def test_until_the_new_owner_consents_the_agreement_and_the_offer_are_two(database: Database) -> None:
    feed = Feed()
    async with database.acquire() as connection, connection.transaction():
        await projection.apply(connection, feed.receive(*FORMER, *CARRIED_OVER[:2]))
        rows = await connection.fetch("select status from v_cases where carried_over_to is null order by opened_at")
    assert [row["status"] for row in rows] == ["running", "delivered"]
