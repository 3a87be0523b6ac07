"""Lists come in pages: every item once, whatever comes meanwhile, and nobody reads more by another's cursor."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.reporting.view.routes import router
from shared.contracts.control import ConflictFlagged
from shared.contracts.offers import QuarantineImposed
from shared.contracts.vocabulary import ConflictKind
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import Database
from shared.http import problems
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.integration.reporting.test_reporting_http import COURSE, Asker
from tests.reporting_facts import AGREEMENT, CVR, OTHER_CVR, UNIT, Feed

SECOND, THIRD = UUID(int=71), UUID(int=72)


@pytest.fixture
async def asker(database: Database, tmp_path: Path) -> AsyncIterator[Asker]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    app.state.database = database
    app.state.clock = VirtualClock(tmp_path / "clock", datetime(2026, 9, 1, 9, tzinfo=UTC))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as client:
        asker = Asker(app, client, Feed())
        await asker.learn(
            *COURSE,
            facts.registered(size="35-49", since="2026-04-01"),
            facts.sent(SECOND),
            facts.delivered(SECOND),
            facts.accepted(SECOND),
            facts.deadline_set(SECOND),
            facts.documented(SECOND),
            facts.sent(THIRD),
            facts.delivered(THIRD),
            facts.halfway(THIRD),
            *(_conflict(AGREEMENT, other) for other in (SECOND, THIRD)),
            *(_quarantine(UUID(int=900 + number)) for number in range(3)),
        )
        yield asker


def _conflict(agreement_id: UUID, other: UUID) -> ConflictFlagged:
    return ConflictFlagged(
        agreement_id=agreement_id,
        other_case_id=other,
        other_kind=ConflictKind.AGREEMENT,
        other_is_own=True,
        p_number=UNIT,
        flagged_at=facts.on("2026-05-01"),
    )


def _quarantine(agreement_id: UUID) -> QuarantineImposed:
    return QuarantineImposed(
        agreement_id=agreement_id,
        cvr=CVR,
        p_number=UNIT,
        imposed_at=facts.on("2026-06-16"),
        ends_at=facts.on("2027-06-16"),
        policy="2024-01-01",
    )


LISTS = (
    ("/v1/tasks", "tasks", Role.INSPECTOR),
    (f"/v1/cases/{AGREEMENT}/timeline", "timeline", Role.INSPECTOR),
    (f"/v1/cases/{AGREEMENT}/timeline", "timeline", Role.COMPANY),
    (f"/v1/cases/{AGREEMENT}/related", "related", Role.INSPECTOR),
    (f"/v1/cases/{AGREEMENT}/conflicts", "conflicts", Role.INSPECTOR),
    (f"/v1/companies/{CVR}/units", "units", Role.INSPECTOR),
    (f"/v1/companies/{CVR}/quarantines", "quarantines", Role.INSPECTOR),
    (f"/v1/companies/{CVR}/quarantines", "quarantines", Role.COMPANY),
)


async def one_by_one(asker: Asker, path: str, name: str, role: Role) -> list[Any]:
    """Every item, a page of one after the other."""
    items: list[Any] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        answer = await asker.get(path, role, CVR, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page[name]
        if page["next_cursor"] is None:
            return items
        assert len(page[name]) == 1
        query["cursor"] = page["next_cursor"]


async def test_page_by_page_comes_what_comes_at_once(asker: Asker) -> None:
    for path, name, role in LISTS:
        whole = (await asker.get(path, role, CVR)).json()
        assert len(whole[name]) > 1, path
        assert whole["next_cursor"] is None
        assert await one_by_one(asker, path, name, role) == whole[name]


async def test_what_is_no_cursor_of_a_list_is_refused(asker: Asker) -> None:
    for path, _, role in LISTS:
        for cursor in ("nonsense", "W10", "bnVsbA", "WzEsMl0", "ZmZm", "WyIyMDI2Il0", "W251bGwsICJhIl0"):
            assert (await asker.get(path, role, CVR, cursor=cursor)).status_code == 422, (path, cursor)


async def test_what_comes_in_between_moves_no_page(asker: Asker) -> None:
    path = f"/v1/cases/{AGREEMENT}/timeline"
    before = (await asker.get(path, Role.COMPANY, CVR)).json()["timeline"]
    first = (await asker.get(path, Role.COMPANY, CVR, limit=3)).json()
    await asker.learn(facts.halfway(), facts.guidance_held())
    rest = (await asker.get(path, Role.COMPANY, CVR, cursor=first["next_cursor"])).json()["timeline"]
    read = [entry["type"] for entry in (*first["timeline"], *rest)]
    assert [kind for kind in read if kind != "GuidanceHeld"] == [entry["type"] for entry in before]
    assert read.count("GuidanceHeld") == 1


@pytest.mark.rule("R18")
async def test_no_cursor_tells_how_many_facts_are_hidden_and_none_opens_anothers_case(asker: Asker) -> None:
    path = f"/v1/cases/{AGREEMENT}/timeline"
    own = (await asker.get(path, Role.COMPANY, CVR, limit=1)).json()["next_cursor"]
    assert (await asker.get(path, Role.COMPANY, OTHER_CVR, cursor=own)).status_code == 404
    of_authority = (await asker.get(path, Role.INSPECTOR, limit=9)).json()
    shown = (await asker.get(path, Role.COMPANY, CVR, cursor=of_authority["next_cursor"])).json()["timeline"]
    all_shown = (await asker.get(path, Role.COMPANY, CVR)).json()["timeline"]
    assert [entry for entry in all_shown if entry in shown] == shown
    quarantines = f"/v1/companies/{CVR}/quarantines"
    cursor = (await asker.get(quarantines, Role.COMPANY, CVR, limit=1)).json()["next_cursor"]
    assert (await asker.get(quarantines, Role.COMPANY, OTHER_CVR, cursor=cursor)).status_code == 404
    assert (await asker.get("/v1/tasks", Role.COMPANY, CVR, cursor=cursor)).status_code == 403


async def test_a_case_and_a_company_say_where_their_lists_go_on(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    case = (await asker.get(f"/v1/cases/{AGREEMENT}")).json()
    assert case["next_cursors"] == {"timeline": None, "related": None, "conflicts": None}
    uncut = await asker.get(f"/v1/companies/{CVR}")
    assert uncut.json()["next_cursors"] == {"units": None, "quarantines": None}
    await asker.learn(*(_conflict(AGREEMENT, uuid4()) for _ in range(1001)))
    long = (await asker.get(f"/v1/cases/{AGREEMENT}")).json()
    assert len(long["timeline"]) == 1000
    rest = await asker.get(f"/v1/cases/{AGREEMENT}/timeline", cursor=long["next_cursors"]["timeline"])
    numbers = [entry["number"] for entry in (*long["timeline"], *rest.json()["timeline"])]
    assert len(numbers) > 1001
    assert numbers == list(range(1, len(numbers) + 1))
    assert rest.json()["next_cursor"] is None
