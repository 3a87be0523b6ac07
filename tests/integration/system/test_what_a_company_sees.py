"""All services under one address: who sees what, and that a hidden booking betrays itself nowhere (R18)."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.demo.courses import at
from shared.deadlines.deadlines import next_working_day
from shared.http.tokens import Role
from shared.policy.policies import load_policies
from tests.integration.system.asking import Asker
from tests.integration.system.course import (
    CVR,
    P_NUMBER,
    SISTER,
    SISTER_P_NUMBER,
    UNIT,
    control,
    documentation,
    offer,
    play,
)
from tests.integration.system.running_system import RunningSystem, running_system

OTHER_CVR = "24256790"
FOREIGN_P_NUMBER = "1003388396"
COMMANDS_OF_A_COMPANY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/offers/{}/acceptance", {"has_read": True}),
    ("/v1/offers/{}/refusal", {}),
    ("/v1/guidance/{}/answer", {"accepted": True}),
    ("/v1/agreements/{}/documentation", {"complete": True, "text": "Færdig."}),
    ("/v1/agreements/{}/hearing-answer", {"answer": "Nej."}),
)
VIEWS_OF_A_CASE = ("/v1/offers/{}", "/v1/guidance/{}", "/v1/agreements/{}", "/v1/cases/{}")


async def test_a_course_under_one_address_shows_a_company_its_own_and_no_hidden_booking(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        foreign = UNIT.model_copy(update={"p_number": FOREIGN_P_NUMBER, "cvr": OTHER_CVR})
        await system.register(UNIT, SISTER, foreign)
        agreement_id = await _guided(system)
        # A second case, so that lists have a second page.
        await system.people.inspector("anna").do("offers", "/v1/offers", offer(SISTER_P_NUMBER))
        await system.time.settle()
        await _a_hidden_booking_changes_nothing(system, agreement_id)
        await _strangers_see_nothing(system, agreement_id)
        await _to_the_end(system, agreement_id)


async def _guided(system: RunningSystem) -> str:
    agreement_id = ""
    async for step in play(system, "no_violation"):
        agreement_id = agreement_id or step
        if step == "guidance held":
            return agreement_id
    raise AssertionError("the course ended early")


async def _a_hidden_booking_changes_nothing(system: RunningSystem, agreement_id: str) -> None:
    """What the company gets is the same to the byte before and after a control was booked without telling it."""
    inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
    agreement = (await inspector.get(f"/v1/agreements/{agreement_id}")).json()
    assert agreement["control"] is None
    last_day = date.fromisoformat(agreement["compliance_deadline"]["last_day"])
    day = next_working_day(last_day + timedelta(days=1), load_policies().at(at(last_day))).isoformat()
    before = await _all_that_is_told(company, agreement_id)
    before_for_inspectors = await _all_that_is_told(inspector, agreement_id)

    for _ in ("booked", "booked anew"):
        booked = await inspector.post(f"/v1/agreements/{agreement_id}/bookings", {"day": day, "announced": False})
        assert [fact["type"] for fact in booked.json()["recorded"]] == ["ControlBooked"]
        await system.time.settle()
        after = await _all_that_is_told(company, agreement_id)
        assert {asked: (before[asked], told) for asked, told in after.items() if told != before[asked]} == {}
    assert await _all_that_is_told(inspector, agreement_id) != before_for_inspectors
    assert (await inspector.get(f"/v1/agreements/{agreement_id}")).json()["control"]["day"] == day

    announced = await inspector.post(f"/v1/agreements/{agreement_id}/bookings", {"day": day, "announced": True})
    assert announced.status_code == 200
    await system.time.settle()
    changed = {
        asked for asked, told in (await _all_that_is_told(company, agreement_id)).items() if told != before[asked]
    }
    assert changed >= {f"GET /v1/agreements/{agreement_id}", f"GET /v1/cases/{agreement_id}", "GET /v1/cases"}


async def _all_that_is_told(asker: Asker, agreement_id: str) -> dict[str, Any]:
    """Status, headers and bytes of everything that a company can ask and try."""
    first_page = (await asker.get("/v1/cases?limit=1")).json()
    paths = [
        *(view.format(agreement_id) for view in VIEWS_OF_A_CASE),
        f"/v1/agreements/{agreement_id}?language=en",
        "/v1/cases",
        "/v1/cases?limit=1",
        f"/v1/cases?limit=1&cursor={first_page['next_cursor']}",
        "/v1/cases?due_before=2027-01-01T00:00:00Z",
        "/v1/cases?status=awaiting_control",
        f"/v1/companies/{CVR}",
        f"/v1/quarantines?cvr={CVR}&p_number={P_NUMBER}",
        "/v1/statistics/ladder",
        "/v1/statistics/agreements",
        "/v1/statistics/agreements?known_at=2027-01-01T00:00:00Z",
        "/v1/tasks",
        "/v1/operations/control/parked",
    ]
    told = {f"GET {path}": await asker.get(path) for path in paths}
    for command, body in COMMANDS_OF_A_COMPANY:
        path = f"{command.format(agreement_id)}?dry_run=true"
        for match in ("*", '"1"'):
            told[f"POST {path} If-Match: {match}"] = await asker.post(path, body, {"If-Match": match})
    return {
        asked: (answer.status_code, [pair for pair in answer.headers.multi_items() if pair[0] != "date"], answer.text)
        for asked, answer in told.items()
    }


async def _strangers_see_nothing(system: RunningSystem, agreement_id: str) -> None:
    """Another company, with a case of its own, gets the very answers that it gets about a case that does not exist."""
    inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
    stranger, operator = Asker.of(system, Role.COMPANY, OTHER_CVR), Asker.of(system, Role.OPERATOR)
    sent = await inspector.post("/v1/offers", {**offer(FOREIGN_P_NUMBER), "cvr": OTHER_CVR})
    await system.time.settle()
    nothing = str(uuid4())
    for view in VIEWS_OF_A_CASE:
        answer, of_nothing = await stranger.get(view.format(agreement_id)), await stranger.get(view.format(nothing))
        assert answer.status_code == 404
        assert answer.text == of_nothing.text.replace(nothing, agreement_id)
    for command, body in COMMANDS_OF_A_COMPANY:
        for headers in ({}, {"If-Match": None}, {"If-Match": '"1"'}):
            answer = await stranger.post(command.format(agreement_id), body, headers)
            of_nothing = await stranger.post(command.format(nothing), body, headers)
            assert answer.status_code == 404
            assert answer.text == of_nothing.text.replace(nothing, agreement_id)
    for path in (f"/v1/companies/{CVR}", f"/v1/quarantines?cvr={CVR}&p_number={P_NUMBER}", f"/v1/cases?cvr={CVR}"):
        assert (await stranger.get(path)).status_code == 404

    listed = (await stranger.get("/v1/cases")).json()
    assert [case["case_id"] for case in listed["cases"]] == [sent.json()["id"]]
    assert (listed["counts"], listed["next_cursor"]) == ({"offered": 1}, None)
    cursor = (await company.get("/v1/cases?limit=1")).json()["next_cursor"]
    assert cursor is not None
    assert (await stranger.get(f"/v1/cases?cursor={cursor}")).json()["cases"] == []
    assert (await stranger.get(f"/v1/cases?p_number={P_NUMBER}")).json()["counts"] == {}
    table = (await stranger.get("/v1/statistics/agreements")).json()
    assert [row["agreements"] for row in table["rows"] if row["dimension"] == "all"] == [1]
    assert (await stranger.get("/v1/statistics/ladder")).json()["rows"] == []

    assert (await stranger.get("/v1/tasks")).status_code == 403
    assert (await stranger.post("/v1/offers", offer())).status_code == 403
    assert (await stranger.get("/v1/operations/control/parked")).status_code == 403
    assert (await operator.get("/v1/operations/control/parked")).json() == []
    for view in VIEWS_OF_A_CASE:
        assert (await operator.get(view.format(agreement_id))).status_code in (403, 404)


async def _to_the_end(system: RunningSystem, agreement_id: str) -> None:
    inspector, company = system.people.inspector("anna"), system.people.company(CVR)
    await company.do("control", f"/v1/agreements/{agreement_id}/documentation", documentation())
    await system.time.settle()
    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    await system.time.advance_to(at(date.fromisoformat(agreement["control"]["day"])))
    await inspector.do("control", f"/v1/agreements/{agreement_id}/controls", control(agreement, "no_violation"))
    await system.time.settle()
    assert (await inspector.get("reporting", f"/v1/cases/{agreement_id}"))["status"] == "fulfilled"
