"""The questions over HTTP: who gets which answer."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from services.reporting.projection import projection
from services.reporting.statistics import measure_catalogue
from services.reporting.statistics import routes as statistics_routes
from services.reporting.view.routes import router
from shared.contracts.control import ConflictEnded, ConflictFlagged
from shared.contracts.offers import OfferReassigned, Withdrawn
from shared.contracts.vocabulary import Centre, ControlOutcome, Involvement, Participation
from shared.eventstore.clock import VirtualClock
from shared.eventstore.database import Database
from shared.eventstore.events import Event
from shared.http import problems
from shared.http.access import Viewer, viewer
from shared.http.tokens import Role
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CVR, INSPECTOR, ORDER, OTHER_CVR, Feed

COURSE = (
    facts.registered(),
    facts.sent(),
    facts.delivered(),
    facts.accepted(),
    facts.deadline_set(),
    facts.guidance_scheduled(),
    facts.documented(),
    facts.booked(announced=False),
    facts.controlled(ControlOutcome.VIOLATION),
    facts.breached(),
    facts.quarantine_imposed(),
    facts.order_requested(),
    facts.order_issued(),
)


class Asker:
    """A client that asks as whoever it is told to be."""

    def __init__(self, app: FastAPI, client: AsyncClient, feed: Feed) -> None:
        self.app = app
        self._client = client
        self._feed = feed

    async def learn(self, *events: Event) -> None:
        """Some more facts have come."""
        async with self.app.state.database.acquire() as connection, connection.transaction():
            await projection.apply(connection, self._feed.receive(*events))

    async def get(self, path: str, role: Role = Role.INSPECTOR, cvr: str | None = None, **query: Any) -> Response:
        self.app.dependency_overrides[viewer] = lambda: Viewer(role, "somebody", cvr)
        return await self._client.get(path, params=query or None)


@pytest.fixture
async def asker(database: Database, tmp_path: Path) -> AsyncIterator[Asker]:
    app = FastAPI()
    problems.install(app)
    for one in (router, measure_catalogue.router, statistics_routes.router):
        app.include_router(one)
    app.state.database = database
    app.state.smallest_count = lambda: 3
    app.state.clock = VirtualClock(tmp_path / "clock", datetime(2026, 9, 1, 9, tzinfo=UTC))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://reporting") as client:
        asker = Asker(app, client, Feed())
        await asker.learn(*COURSE)
        yield asker


async def test_one_list_shows_agreements_and_orders_with_what_comes_next(asker: Asker) -> None:
    answer = (await asker.get("/v1/cases")).json()
    assert [(case["case_id"], case["status"]) for case in answer["cases"]] == [
        (str(ORDER), "issued"),
        (str(AGREEMENT), "breached"),
    ]
    assert answer["cases"][0]["next"] == {
        "step": "comply_with_order",
        "by": "company",
        "due": "2026-08-31T22:00:00Z",
    }
    assert answer["counts"] == {"breached": 1, "issued": 1}
    assert answer["next_cursor"] is None


@pytest.mark.rule("R26")
async def test_r26_cases_show_the_number_by_which_people_name_them(asker: Asker) -> None:
    for role, cvr in ((Role.INSPECTOR, None), (Role.COMPANY, CVR)):
        listed = (await asker.get("/v1/cases", role, cvr)).json()["cases"]
        assert [case["number"] for case in listed] == ["P-2026/7", "2026-000123"]
    await asker.learn(facts.sent(uuid4(), number=None, topic="061"))
    assert None in [case["number"] for case in (await asker.get("/v1/cases")).json()["cases"]], "of an earlier release"


async def test_pages_follow_by_cursor_and_count_the_whole_list(asker: Asker) -> None:
    first = (await asker.get("/v1/cases", limit=1)).json()
    second = (await asker.get("/v1/cases", limit=1, cursor=first["next_cursor"])).json()
    assert [case["case_id"] for case in (*first["cases"], *second["cases"])] == [str(ORDER), str(AGREEMENT)]
    assert second["next_cursor"] is None
    assert first["counts"] == second["counts"]


@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4IiwgInkiXQ", "bnVsbA", "WzEsMl0", "ZmZm", "😀"])
async def test_what_is_no_cursor_is_refused(asker: Asker, cursor: str) -> None:
    assert (await asker.get("/v1/cases", cursor=cursor)).status_code == 422


async def test_r23_a_case_says_that_an_agreement_is_no_decision_and_does_not_touch_the_smiley(asker: Asker) -> None:
    notice = (await asker.get(f"/v1/cases/{AGREEMENT}", Role.COMPANY, CVR)).json()["notice"]
    assert "smiley" in notice["da"]
    assert "neither a decision" in notice["en"]
    assert (await asker.get(f"/v1/cases/{ORDER}")).json()["notice"] is None


async def test_a_case_shows_its_deadlines_explained_its_measures_orders_and_timeline(asker: Asker) -> None:
    case = (await asker.get(f"/v1/cases/{AGREEMENT}")).json()
    response = next(deadline for deadline in case["deadlines"] if deadline["name"] == "response")
    assert response["explanation_da"]
    assert response["explanation_en"] != response["explanation_da"]
    assert case["measures"][0]["control_use"] == "limited"
    assert [other["case_id"] for other in case["related"]] == [str(ORDER)]
    assert [fact["type"] for fact in case["timeline"]][-1] == "OrderRequested"
    assert case["control_day"] == "2026-06-15"
    assert case["version"] == len(case["timeline"]) + 1  # the order that followed counts, and stands in its own case


@pytest.mark.rule("R17", "R18")
async def test_a_control_without_a_day_is_shown_to_the_authority_and_changes_nothing_for_the_company(
    asker: Asker,
) -> None:
    """R17, R18: the detail and the tasks tell of it; to the company every answer is the same, to the byte."""
    running = UUID(int=77)
    told = (facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set(), facts.place_not_found(running))
    *course, not_found = (fact.model_copy(update={"agreement_id": running}) for fact in told)
    planned = facts.planned(running, day="2026-08-03").model_copy(update={"agreement_id": running})
    paths = (f"/v1/cases/{running}", f"/v1/cases/{running}/timeline", "/v1/cases", f"/v1/companies/{CVR}")
    await asker.learn(*course)
    before = [await asker.get(path, Role.COMPANY, CVR) for path in paths]
    await asker.learn(not_found)
    after = [await asker.get(path, Role.COMPANY, CVR) for path in paths]
    assert [(one.content, one.headers) for one in after] == [(one.content, one.headers) for one in before]
    assert after[0].json()["places_not_found"] == []
    assert (await asker.get(f"/v1/cases/{running}")).json()["places_not_found"] == [
        {
            "place_id": str(running),
            "since": "2026-05-04T10:00:00Z",
            "last_day": "2026-08-21",
            "again_at": "2026-05-05T10:00:00Z",
            "cause": "absence",
            "would_make_room": ["colleague"],
            "late_too": False,
        }
    ]
    tasks = (await asker.get("/v1/tasks")).json()["tasks"]
    assert ("place-not-found", "2026-08-21T22:00:00Z") in {
        (one["kind"], one["due"]) for one in tasks if one["case_id"] == str(running)
    }
    await asker.learn(planned)
    found = (await asker.get(f"/v1/cases/{running}")).json()
    assert (found["places_not_found"], [place["planned_on"] for place in found["places"]]) == ([], ["2026-08-03"])
    after = [await asker.get(path, Role.COMPANY, CVR) for path in paths]
    assert [(one.content, one.headers) for one in after] == [(one.content, one.headers) for one in before]
    assert [place["planned_on"] for place in after[0].json()["places"]] == [None]


async def test_r18_a_company_is_shown_nothing_of_an_unannounced_control(asker: Asker) -> None:
    answer = await asker.get(f"/v1/cases/{AGREEMENT}", Role.COMPANY, CVR)
    case = answer.json()
    assert case["control_day"] is None
    assert {deadline["name"] for deadline in case["deadlines"]} == {"response", "compliance", "control_window"}
    assert "ControlBooked" not in answer.text
    assert "GuidanceScheduled" not in answer.text


@pytest.mark.rule("R41")
@pytest.mark.parametrize("own", [True, False])
async def test_a_conflict_with_an_order_is_shown_on_both_cases_and_to_a_company_where_the_order_is_its_own(
    asker: Asker, own: bool
) -> None:
    order = uuid4()
    cvr = CVR if own else OTHER_CVR
    issued = facts.order_issued().model_copy(update={"case_id": order, "cvr": cvr, "agreement_id": None})
    told = {"agreement_id": AGREEMENT, "other_kind": "order", "other_case_id": order, "other_is_own": own}
    at = facts.on("2026-04-01")
    flagged = ConflictFlagged.model_validate({**told, "p_number": "1003388394", "flagged_at": at})
    await asker.learn(issued, flagged)
    for one, other in ((AGREEMENT, order), (order, AGREEMENT)):
        case = (await asker.get(f"/v1/cases/{one}")).json()
        assert [(each["case_id"], each["kind"], each["ended_at"]) for each in case["conflicts"]] == [
            (str(other), "order", None)
        ]
        assert case["in_conflict"]
        assert str(other) in [each["case_id"] for each in case["related"]]
    (agreement,) = [await asker.get(f"/v1/cases/{AGREEMENT}", Role.COMPANY, CVR)]
    assert (str(order) in agreement.text) is own
    assert ("ConflictFlagged" in agreement.text) is own
    assert agreement.json()["in_conflict"] is own
    of_order = await asker.get(f"/v1/cases/{order}", Role.COMPANY, cvr)
    assert (str(AGREEMENT) in of_order.text) is own
    await asker.learn(ConflictEnded.model_validate({**told, "ended_at": at}))
    case = (await asker.get(f"/v1/cases/{order}")).json()
    assert (case["in_conflict"], [each["ended_at"] is None for each in case["conflicts"]]) == (False, [False])
    tasks = (await asker.get("/v1/tasks", case_id=str(AGREEMENT))).json()["tasks"]
    assert "conflict-to-look-into" not in [task["kind"] for task in tasks]


@pytest.mark.rule("R8")
@pytest.mark.parametrize("own", [True, False])
async def test_a_company_is_told_of_the_breach_behind_a_withdrawal_only_where_it_is_its_own(
    asker: Asker, own: bool
) -> None:
    overtaken = uuid4()
    withdrawn = Withdrawn(
        agreement_id=overtaken, rule="R8", withdrawn_at=facts.on("2026-07-01"), because_of=AGREEMENT, breach_is_own=own
    )
    await asker.learn(facts.sent(overtaken), withdrawn)
    seen = (await asker.get(f"/v1/cases/{overtaken}")).json()["timeline"][-1]["data"]
    shown = (await asker.get(f"/v1/cases/{overtaken}", Role.COMPANY, CVR)).json()["timeline"][-1]["data"]
    assert seen["because_of"] == str(AGREEMENT)
    assert shown.get("because_of") == (str(AGREEMENT) if own else None)


async def test_a_company_gets_404_for_what_is_not_its_own(asker: Asker) -> None:
    for path in (f"/v1/cases/{AGREEMENT}", f"/v1/companies/{CVR}"):
        assert (await asker.get(path, Role.COMPANY, OTHER_CVR)).status_code == 404, path
    assert (await asker.get(f"/v1/cases?cvr={CVR}", Role.COMPANY, OTHER_CVR)).status_code == 404
    assert (await asker.get("/v1/cases", Role.COMPANY, OTHER_CVR)).json()["cases"] == []


async def test_tasks_are_for_the_authority_only(asker: Asker) -> None:
    assert (await asker.get("/v1/tasks", Role.COMPANY, CVR)).status_code == 403
    assert (await asker.get("/v1/tasks", Role.INSPECTOR, inspector=INSPECTOR)).json()["tasks"] == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.PORTAL])
async def test_operators_and_the_portal_itself_see_no_case(asker: Asker, role: Role) -> None:
    for path in ("/v1/cases", f"/v1/cases/{AGREEMENT}", f"/v1/companies/{CVR}", "/v1/statistics/ladder", "/v1/tasks"):
        assert (await asker.get(path, role)).status_code == 403, path


async def test_a_company_page_holds_units_quarantines_and_cases(asker: Asker) -> None:
    company = (await asker.get(f"/v1/companies/{CVR}", Role.COMPANY, CVR)).json()
    assert [unit["industry"] for unit in company["units"]] == ["day-care"]
    shown = (*company["units"], *company["cases"]["cases"], (await asker.get(f"/v1/cases/{AGREEMENT}")).json())
    assert {(one["postcode"], one["address"]) for one in shown} == {("8000", "Solsikkens Vænge 7")}
    assert company["quarantines"][0]["ends_at"] == "2027-06-15T12:00:00Z"
    assert len(company["cases"]["cases"]) == 2
    assert (await asker.get(f"/v1/companies/{OTHER_CVR}")).status_code == 404


@pytest.mark.rule("R22", "R40")
async def test_a_quarantine_that_a_unit_brought_along_is_shown_to_its_new_owner_without_the_case(asker: Asker) -> None:
    await asker.learn(facts.registered().model_copy(update={"cvr": OTHER_CVR, "effective_from": date(2026, 8, 1)}))
    authority = (await asker.get(f"/v1/companies/{OTHER_CVR}")).json()
    (known,) = authority["quarantines"]
    assert (known["p_number"], known["agreement_id"]) == (facts.UNIT, str(AGREEMENT))
    company = await asker.get(f"/v1/companies/{OTHER_CVR}", Role.COMPANY, OTHER_CVR)
    (shown,) = company.json()["quarantines"]
    assert shown == {**known, "agreement_id": None}
    assert shown["reason"] == "breach_of_former_owner"
    assert CVR not in company.text
    assert str(AGREEMENT) not in company.text


@pytest.mark.rule("R40")
@pytest.mark.parametrize("since", [date(2026, 9, 2), date(2027, 7, 1)], ids=["tomorrow", "after its end"])
async def test_a_company_is_shown_no_quarantine_of_a_unit_that_it_does_not_have_while_it_stands(
    asker: Asker, since: date
) -> None:
    await asker.learn(facts.registered().model_copy(update={"cvr": OTHER_CVR, "effective_from": since}))
    company = (await asker.get(f"/v1/companies/{OTHER_CVR}", Role.COMPANY, OTHER_CVR)).json()
    assert company["quarantines"] == []


async def test_statistics_name_their_base(asker: Asker) -> None:
    table = (await asker.get("/v1/statistics/agreements")).json()
    whole = next(row for row in table["rows"] if row["dimension"] == "all")
    assert (whole["agreements"], whole["orders"], whole["breached"]) == (1, 1, 1)
    assert (table["course"]["breached_of_controlled"], table["course"]["breached_of_accepted"]) == (1.0, 1.0)
    past = (await asker.get("/v1/statistics/agreements", known_at="2026-04-01T00:00:00Z")).json()
    assert past["course"] is None
    assert next(row for row in past["rows"] if row["dimension"] == "all")["running"] == 1
    ladder = (await asker.get("/v1/statistics/ladder")).json()
    assert [(row["ladder"], row["level"], row["limited"]) for row in ladder["rows"]] == [("general", 3, 1)]


async def test_an_instant_without_an_offset_is_refused(asker: Asker) -> None:
    assert (await asker.get("/v1/cases", due_before="2026-04-01T00:00:00")).status_code == 422


@pytest.mark.parametrize("asked", ["/v1/tasks?due_before=0001-01-01T00:00:00%2B14:00", "/v1/cases?inspector=%00"])
async def test_a_value_that_no_database_can_hold_is_a_fault_of_the_request(asker: Asker, asked: str) -> None:
    answer = await asker.get(asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.rule("R38")
async def test_what_others_did_is_shown_only_where_enough_companies_did_it(asker: Asker) -> None:
    assert (await asker.get("/v1/measure-catalogue", topic="056")).json()["rows"] == []
    asker.app.state.smallest_count = lambda: 1  # as by a policy that comes into force while the service runs
    (row,) = (await asker.get("/v1/measure-catalogue", Role.COMPANY, OTHER_CVR, topic="056")).json()["rows"]
    assert (row["kind"], row["companies"], row["limited"]) == ("technical-aid", 1, 1)
    assert not {"case_id", "cvr", "p_number", "inspector"} & set(row)
    assert (await asker.get("/v1/measure-catalogue", topic="061")).json()["rows"] == []
    assert (await asker.get("/v1/measure-catalogue", industry="day-care")).json()["rows"][0]["industry"] == "day-care"


@pytest.mark.rule("R33", "R35", "R37")
async def test_involvement_use_and_time_are_told_by_what_they_are_asked_for(asker: Asker) -> None:
    assert (await asker.get("/v1/statistics/involvement")).json()["rows"] == []
    told = facts.controlled().model_copy(
        update={"involvement": Involvement(safety_representative=Participation.CONSULTED)}
    )
    await asker.learn(told)
    (row,) = (await asker.get("/v1/statistics/involvement")).json()["rows"]
    assert (row["at"], row["side"], row["involvement"], row["agreements"]) == (
        "control",
        "safety_representative",
        "consulted",
        1,
    )
    assert (row["industry"], row["problem_group"]) == ("day-care", "musculoskeletal")
    (used,) = (await asker.get("/v1/statistics/use")).json()["rows"]
    assert (used["at"], used["use"], used["measures"]) == ("control", "limited", 1)
    assert (await asker.get("/v1/statistics/time")).json()["rows"] == []
    assert (await asker.get("/v1/statistics/time", Role.COMPANY, CVR)).status_code == 403


@pytest.mark.rule("R18", "R19")
async def test_a_company_sees_its_places_without_the_sample_and_hidden_bookings(asker: Asker) -> None:
    (seen,) = (await asker.get(f"/v1/cases/{AGREEMENT}")).json()["places"]
    (shown,) = (await asker.get(f"/v1/cases/{AGREEMENT}", Role.COMPANY, CVR)).json()["places"]
    assert (seen["sampled"], shown["sampled"], shown["control_day"]) == (True, None, None)
    assert seen["breached"] is shown["breached"] is True


@pytest.mark.rule("R26", "R42")
async def test_the_centre_of_a_case_is_a_column_and_a_filter_for_the_authority(asker: Asker) -> None:
    from_east = facts.sent(uuid4()).model_copy(update={"centre": Centre.EAST})
    moved = OfferReassigned.model_validate(
        {
            "agreement_id": AGREEMENT,
            "inspector": "somebody",
            "previous": INSPECTOR,
            "reassigned_at": facts.on("2026-03-05"),
            "reassigned_by": INSPECTOR,
            "centre": "north",
        }
    )
    await asker.learn(from_east, moved)
    listed = (await asker.get("/v1/cases")).json()["cases"]
    assert {case["case_id"]: case["centre"] for case in listed} == {
        str(AGREEMENT): "north",
        str(from_east.model_dump()["agreement_id"]): "east",
        str(ORDER): None,
    }
    (north,) = (await asker.get("/v1/cases", centre="north")).json()["cases"]
    assert north["case_id"] == str(AGREEMENT)
    assert (await asker.get(f"/v1/cases/{AGREEMENT}")).json()["centre"] == "north"
    assert (await asker.get(f"/v1/cases/{AGREEMENT}", Role.COMPANY, CVR)).json()["centre"] is None
    assert (await asker.get("/v1/cases", centre="west")).status_code == 422
    table = (await asker.get("/v1/statistics/agreements")).json()["rows"]
    by_centre = {row["value"]: row["agreements"] for row in table if row["dimension"] == "centre"}
    assert by_centre == {"north": 1, "east": 1, None: 0}
    async with asker.app.state.database.acquire() as connection:
        assert await connection.fetchval("select centre from v_cases where case_id = $1", AGREEMENT) == "north"


async def test_me_stands_for_whoever_asks(asker: Asker) -> None:
    assert (await asker.get("/v1/cases", inspector="me")).json()["cases"] == []
    mine = facts.sent(uuid4()).model_copy(update={"inspector": "somebody"})
    await asker.learn(mine)
    (case,) = (await asker.get("/v1/cases", inspector="me")).json()["cases"]
    assert case["inspector"] == "somebody"
    tasks = (await asker.get("/v1/tasks", inspector="me")).json()["tasks"]
    assert {task["inspector"] for task in tasks} <= {"somebody"}
