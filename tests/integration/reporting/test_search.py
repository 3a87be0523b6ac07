"""R26: cases and units are found by what people write, whoever asks sees no more than elsewhere, and by indexes."""

import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from services.reporting.cases.units import unit_of
from services.reporting.projection.rebuild import compare, rebuild
from services.reporting.projection.tables import LIVE
from services.reporting.projection.tables import UNITS as UNITS_TABLE
from services.reporting.view import search_queries
from services.reporting.view.queries import CaseFilter
from services.reporting.view.search_routes import router
from services.reporting.view.search_terms import SearchTerm, terms_of
from shared.contracts.register import UnitCeased, UnitRegistered
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import Connection, Database
from shared.http import problems
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.integration.reporting.test_reporting_http import Asker
from tests.reporting_facts import AGREEMENT, CVR, ORDER, OTHER_CVR, Feed
from tests.reporting_viewers import AUTHORITY

pytestmark = pytest.mark.rule("R26")


def unit(number: int, name: str, *, cvr: str = CVR, address: str | None = None, **told: Any) -> UnitRegistered:
    values = {"industry": "day-care", "sector": "private", "size_class": "10-34", "postcode": "8000", **told}
    since = date.fromisoformat(values.pop("since", "2020-01-01"))
    p_number = f"10{number:08}"
    return UnitRegistered(p_number=p_number, cvr=cvr, name=name, address=address, effective_from=since, **values)


UNITS = (
    unit(1, "Kjær & Søns Rengøringsvogne A/S", address="Ålborgvej 7"),
    unit(2, "Aabenraa Cafe", cvr=OTHER_CVR, address="Nørregade 12, st. tv."),
    unit(3, "Østerbro Bageri", cvr=OTHER_CVR, address="Strandboulevarden 1", postcode="2100"),
    unit(4, "Zebra Ærø", cvr=OTHER_CVR, industry="cleaning"),
)
CLEANING, CAFE, BAKERY = (uuid5(AGREEMENT, name) for name in ("cleaning", "café", "bakery"))
COURSE = (
    facts.registered(),
    facts.sent(),
    facts.order_issued(),
    *UNITS,
    facts.sent(CLEANING, p_number=UNITS[0].p_number, number="2026-000456", at="2026-03-05", topic="011"),
    facts.sent(CAFE, p_number=UNITS[1].p_number, cvr=OTHER_CVR, number="AT-2019/7", at="2026-03-06"),
    facts.sent(BAKERY, p_number=UNITS[2].p_number, cvr=OTHER_CVR, number=None, at="2026-03-07"),
)


@pytest.fixture
async def asker(database: Database, tmp_path: Path) -> AsyncIterator[Asker]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    app.state.database = database
    app.state.clock = VirtualClock(tmp_path / "clock", datetime(2026, 9, 1, 9, tzinfo=UTC))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as client:
        asker = Asker(app, client, Feed())
        await asker.learn(*COURSE)
        yield asker


async def found(asker: Asker, q: str, role: Role = Role.INSPECTOR, cvr: str | None = None, **query: Any) -> list[UUID]:
    answer = await asker.get("/v1/search", role, cvr, q=q, **query)
    assert answer.status_code == 200, answer.text
    return [UUID(case["case_id"]) for case in answer.json()["cases"]]


@pytest.mark.parametrize(
    ("q", "cases"),
    [
        ("vogn", [CLEANING]),
        ("RENGOERING", [CLEANING]),
        ("rengøringsvogne kjaer", [CLEANING]),
        ("ålborgvej", [CLEANING]),
        ("aalborg 7", [CLEANING]),
        ("kjær & søn a/s", [CLEANING]),
        ("kjær b/s", []),
        ("café", [CAFE]),
        ("åbenrå", [CAFE]),
        ("nørregade", [CAFE]),
        ("vogn nørregade", []),
        ("2026-000456", [CLEANING]),
        ("2026-456", [CLEANING]),
        ("2026-0004", [CLEANING]),
        ("at-2019/7", [CAFE]),
        ("P-2026/7", [ORDER]),
        (UNITS[0].p_number, [CLEANING]),
        (OTHER_CVR, [BAKERY, CAFE]),
        ("2425679", [BAKERY, CAFE]),
        ("2100", [BAKERY]),
        ("støj", [CLEANING]),
        ("noise vogn", [CLEANING]),
        ("011", [CLEANING]),
        ("støj café", []),
        ("løft", [ORDER, BAKERY, CAFE, AGREEMENT]),
        ("lifting østerbro", [BAKERY]),
        ("solsikken", [ORDER, AGREEMENT]),
        ("xyzzy", []),
    ],
)
async def test_what_people_write_finds_the_cases(asker: Asker, q: str, cases: Sequence[UUID]) -> None:
    assert await found(asker, q) == [*cases]


async def test_the_same_is_found_where_words_are_frequent(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then cases are read in the order of the answer instead of by their ids."""
    for units_of_rare in (0, 5_000):
        monkeypatch.setattr(search_queries, "RARE", 0)
        monkeypatch.setattr(search_queries, "_UNITS_OF_RARE", units_of_rare)
        assert await found(asker, "vogn") == [CLEANING]
        assert await found(asker, "løft") == [ORDER, BAKERY, CAFE, AGREEMENT]
        assert await found(asker, "lifting østerbro") == [BAKERY]
        assert await found(asker, "støj café") == []
        assert await found(asker, "2026-456") == [CLEANING]
        assert await found(asker, "vogn", Role.COMPANY, OTHER_CVR) == []
        names = [one["name"] for one in (await asker.get("/v1/search/units", q="100000")).json()["units"]]
        assert names == [UNITS[0].name, "Zebra Ærø", "Østerbro Bageri", "Aabenraa Cafe"]


async def test_an_industry_and_a_group_are_found_by_their_names(asker: Asker) -> None:
    await asker.learn(facts.sent(uuid5(AGREEMENT, "zebra"), p_number=UNITS[3].p_number, at="2026-04-01"))
    answer = (await asker.get("/v1/search", q="rengøring")).json()
    assert [case["case_id"] for case in answer["cases"]] == [str(uuid5(AGREEMENT, "zebra")), str(CLEANING)]
    assert {(code["list"], code["code"]) for code in answer["codes"]} == {("industries", "cleaning")}
    noise = (await asker.get("/v1/search", q="støj")).json()["codes"]
    assert ("problem_groups", "noise", "Støj", "Noise") in {tuple(code.values()) for code in noise}


async def test_pages_follow_by_cursor_count_the_whole_and_take_the_filters_of_the_list(asker: Asker) -> None:
    first = (await asker.get("/v1/search", q="løft", limit=3)).json()
    assert first["count"] == {"number": 4, "more": False}
    second = (await asker.get("/v1/search", q="løft", limit=3, cursor=first["next_cursor"])).json()
    ids = [case["case_id"] for case in (*first["cases"], *second["cases"])]
    assert ids == [str(one) for one in (ORDER, BAKERY, CAFE, AGREEMENT)]
    assert (second["count"], second["next_cursor"]) == (first["count"], None)
    assert await found(asker, "løft", case_type="order") == [ORDER]
    assert await found(asker, "løft", industry="day-care", p_number=UNITS[1].p_number) == [CAFE]
    assert (await asker.get("/v1/search", q="løft", cursor="nonsense")).status_code == 422
    assert "smiley" in first["notice"]["da"]


async def test_cases_are_counted_up_to_a_limit(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    for rare, more in ((3, True), (4, False)):
        monkeypatch.setattr(search_queries, "RARE", rare)
        monkeypatch.setattr("services.reporting.view.search_routes.RARE", rare)
        assert (await asker.get("/v1/search", q="løft")).json()["count"] == {"number": rare, "more": more}


@pytest.mark.parametrize(
    ("q", "faults"),
    [
        ("aa", ["A search needs a word of at least 3 letters or digits."]),
        ("a/s & co", ["A search needs a word of at least 3 letters or digits."]),
        ("!!!", ["A search needs a word of at least 3 letters or digits."]),
        ("a b c d e f g h i", ["A search needs a word of at least 3 letters or digits."]),
        ("vogn b c d e f g h i", ["A search has at most 8 words."]),
    ],
)
@pytest.mark.parametrize("path", ["/v1/search", "/v1/search/units"])
async def test_what_no_index_could_find_is_refused(asker: Asker, path: str, q: str, faults: Sequence[str]) -> None:
    answer = await asker.get(path, q=q)
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"where": "query.q", "what": what, "rule": "R26", "values": fault["values"]}
        for what, fault in zip(faults, answer.json()["faults"], strict=True)
    ]


@pytest.mark.parametrize("q", ["", "x" * 201, None])
async def test_no_text_or_too_long_a_text_is_refused(asker: Asker, q: str | None) -> None:
    query: dict[str, Any] = {} if q is None else {"q": q}
    assert (await asker.get("/v1/search", **query)).status_code == 422


@pytest.mark.parametrize("q", ["lø_t b%g", "%%%løf_t", "vogn'", "vogn\\", "{vogn}", "vogn $1", "løft or 1=1"])
async def test_signs_are_no_patterns(asker: Asker, q: str) -> None:
    """Of words with signs in between their parts are looked for, side by side."""
    assert set(await found(asker, q)) <= ({CLEANING} if "vogn" in q else set())


async def test_a_company_finds_its_own_cases_and_units_only(asker: Asker) -> None:
    assert await found(asker, "løft", Role.COMPANY, CVR) == [ORDER, AGREEMENT]
    assert await found(asker, "café", Role.COMPANY, CVR) == []
    assert await found(asker, "2026-000123", Role.COMPANY, CVR) == [AGREEMENT]
    assert await found(asker, "2026-000123", Role.COMPANY, OTHER_CVR) == []
    assert (await asker.get(f"/v1/search?q=abc&cvr={OTHER_CVR}", Role.COMPANY, CVR)).status_code == 404
    units = (await asker.get("/v1/search/units", Role.COMPANY, CVR, q="8000")).json()["units"]
    assert [one["name"] for one in units] == ["Børnehuset Solsikken", UNITS[0].name]
    for role in (Role.OPERATOR, Role.PORTAL):
        assert (await asker.get("/v1/search", role, q="løft")).status_code == 403


@pytest.mark.rule("R40")
async def test_r40_a_company_is_not_found_by_the_name_that_a_later_owner_gave_the_unit(asker: Asker) -> None:
    sold = unit(1, "Nordlys Gulvpleje", cvr=OTHER_CVR, since="2026-05-01")
    await asker.learn(sold)
    assert await found(asker, "nordlys") == [CLEANING]
    assert await found(asker, "nordlys", Role.COMPANY, CVR) == []
    answer = (await asker.get("/v1/search/units", q=sold.p_number)).json()["units"]
    assert [(one["name"], one["cvr"], one["effective_until"]) for one in answer] == [
        (UNITS[0].name, CVR, "2026-05-01"),
        ("Nordlys Gulvpleje", OTHER_CVR, None),
    ]


async def test_units_stand_in_danish_order_page_by_page(asker: Asker) -> None:
    first = (await asker.get("/v1/search/units", q="100000", limit=3)).json()
    second = (await asker.get("/v1/search/units", q="100000", limit=3, cursor=first["next_cursor"])).json()
    names = [one["name"] for one in (*first["units"], *second["units"])]
    assert names == [UNITS[0].name, "Zebra Ærø", "Østerbro Bageri", "Aabenraa Cafe"]
    assert second["next_cursor"] is None


async def test_a_long_foreign_name_does_not_make_a_cursor_that_is_refused(asker: Asker) -> None:
    await asker.learn(*(unit(50 + number, "ж" * 300) for number in range(2)))
    first = (await asker.get("/v1/search/units", q="жжж", limit=1)).json()
    second = (await asker.get("/v1/search/units", q="жжж", limit=1, cursor=first["next_cursor"])).json()
    assert [one["p_number"] for one in (*first["units"], *second["units"])] == ["1000000050", "1000000051"]


async def test_a_rebuild_gives_the_same_rows_and_the_drift_check_covers_them(database: Database, asker: Asker) -> None:
    ceased = UnitCeased(p_number=UNITS[3].p_number, effective_from=date(2026, 5, 1))
    await asker.learn(ceased, unit(2, "Aabenraa Kaffebar", cvr=OTHER_CVR))
    async with database.acquire() as connection:
        assert await compare(connection) == []
        await connection.execute("update units set grams = '{}' where p_number = $1", UNITS[0].p_number)
        await connection.execute("update units set sort_key = 'a' where p_number = $1", UNITS[1].p_number)
        assert len(await compare(connection)) == 2
        await rebuild(connection)
        assert await compare(connection) == []
    assert await found(asker, "vogn") == [CLEANING]
    assert await found(asker, "kaffebar") == [CAFE]


async def test_rows_of_the_release_before_are_found_once_they_are_folded_anew(database: Database, asker: Asker) -> None:
    async with database.acquire() as connection:
        await connection.execute("update units set searched = null, grams = '{}', sort_key = null")
        assert await found(asker, "vogn") == []
        await rebuild(connection)
    assert await found(asker, "vogn") == [CLEANING]


async def test_searches_read_indexes_and_never_a_whole_table(connection: Connection) -> None:
    """Plans are made before a word is known: each way to find a case has an index of its own."""
    await fill(connection)
    plans: list[Any] = []

    class Noting:
        """A connection that keeps the plan of each query."""

        async def execute(self, sql: str) -> None:
            await connection.execute(sql)

        async def fetch(self, sql: str, *values: object) -> Any:
            (plan,) = await connection.fetch(f"explain (format json) {sql}", *values)
            plans.extend(nodes(json.loads(plan[0])))
            return await connection.fetch(sql, *values)

        async def fetchval(self, sql: str, *values: object) -> Any:
            return (await self.fetch(sql, *values))[0][0]

    noting: Any = Noting()

    async def indexes(search: Awaitable[Any]) -> set[str]:
        plans.clear()
        async with connection.transaction():
            await search
        assert not {node["Relation Name"] for node in plans if node["Node Type"] == "Seq Scan"} & {"units", "case_core"}
        return {node["Index Name"] for node in plans if "Index Name" in node}

    def cases(q: str) -> Awaitable[Any]:
        return search_queries.search_cases(noting, AUTHORITY, terms_of(q), CaseFilter(), limit=10)

    by_unit = {"units_grams_idx", "case_core_audience_p_number_opened_at_case_id_idx", "case_core_pkey"}
    in_order = {"case_core_audience_opened_at_case_id_idx"}
    rare, frequent = await indexes(cases("virksomhed 4321")), await indexes(cases("virksomhed støj"))
    assert by_unit <= rare
    assert not in_order & rare, "the cases of a rare term are read by their ids"
    assert in_order <= frequent, "where all terms are frequent, cases are read until a page is full"
    assert "case_core_audience_lower_idx" in await indexes(cases("2026-000456"))
    assert "case_core_audience_cvr_opened_at_case_id_idx" in await indexes(cases(OTHER_CVR))
    assert "case_core_audience_topic_opened_at_case_id_idx" in await indexes(cases("støj"))
    for word, index in (("virksomhed 4321", "units_grams_idx"), ("virksomhed", "units_sort_key_p_number_")):
        term = SearchTerm(tuple(word.split()))
        units = await indexes(search_queries.search_units(noting, AUTHORITY, term, limit=10))
        assert [name for name in units if name.startswith(index)]


async def fill(connection: Connection) -> None:
    """Gives the view so many cases and units that no plan is as good as another."""
    units = [unit_of(unit(number, f"Virksomhed {number}")) for number in range(6_000)]
    await UNITS_TABLE.insert(connection, units, LIVE)
    await connection.execute(
        """insert into case_core (audience, case_id, case_type, opened_at, updated_at, visible_version, status, cvr,
                                  p_number, topic, problem_group, number)
           select audience, gen_random_uuid(), 'agreement', opened_at, opened_at, 1, 'running', '13748136', u.p_number,
                  '011', 'noise', '2026-' || right(u.p_number, 6)
           from units u, unnest(array['authority', 'company']) audience,
                lateral (select now() - random() * interval '3 years' as opened_at) at"""
    )


def nodes(plan: Any) -> list[Any]:
    """All steps of a plan."""
    if isinstance(plan, dict):
        own = [plan] if "Node Type" in plan else []
        return own + [node for value in plan.values() for node in nodes(value)]
    return [node for part in plan for node in nodes(part)] if isinstance(plan, list) else []
