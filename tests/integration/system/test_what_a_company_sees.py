"""All services under one address: who sees what, and that a hidden booking betrays itself nowhere (R18)."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.demo.courses import at
from deploy.demo.people import Person
from shared.http.tokens import LocalIssuer, Role
from tests.integration.system.course import CVR, P_NUMBER, UNIT, control, documentation, offer, play
from tests.integration.system.running_system import RunningSystem, running_system

OTHER_CVR = "24256790"


async def test_a_course_under_one_address_shows_a_company_its_own_and_no_hidden_booking(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        agreement_id = await _documented(system)
        await _see_nothing_of_a_booking(system, agreement_id)
        await _strangers_see_nothing(system, agreement_id)
        await _requests_are_conditional(system, agreement_id)
        await _to_the_end(system, agreement_id)


async def _documented(system: RunningSystem) -> str:
    agreement_id = ""
    async for step in play(system, "no_violation"):
        agreement_id = agreement_id or step
        if step == "guidance held":
            return agreement_id
    raise AssertionError("the course ended early")


async def _see_nothing_of_a_booking(system: RunningSystem, agreement_id: str) -> None:
    """What the company gets is the same to the byte before and after a control was booked without telling it."""
    inspector, company = system.people.inspector("anna"), system.people.company(CVR)
    await company.do("control", f"/v1/agreements/{agreement_id}/documentation", documentation())
    # The documentation makes a control book itself: look with another, announced nowhere, in its place.
    await system.time.settle()
    before = await _all_that_is_seen(system, company, agreement_id)
    booked = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    day = date.fromisoformat(booked["control"]["day"])
    moved = {"day": day.replace(day=day.day + (3 if day.weekday() == 4 else 1)).isoformat(), "announced": False}
    answer = await inspector.do("control", f"/v1/agreements/{agreement_id}/bookings", moved)
    assert [fact["type"] for fact in answer["recorded"]] == ["ControlBooked"]
    await system.time.settle()
    assert await _all_that_is_seen(system, company, agreement_id) == before
    assert "ControlBooked" not in str(before)
    assert booked["control"] is not None


async def _all_that_is_seen(system: RunningSystem, company: Person, agreement_id: str) -> dict[str, Any]:
    return {
        path: (answer.status_code, answer.headers.get("ETag"), answer.text)
        for path in (
            f"/v1/offers/{agreement_id}",
            f"/v1/guidance/{agreement_id}",
            f"/v1/agreements/{agreement_id}",
            "/v1/cases",
            "/v1/cases?limit=1",
            f"/v1/cases/{agreement_id}",
            f"/v1/companies/{CVR}",
            "/v1/statistics/ladder",
            "/v1/statistics/agreements",
            "/v1/tasks",
        )
        for answer in [await _get(system, path, _token(system, Role.COMPANY, CVR))]
    }


async def _strangers_see_nothing(system: RunningSystem, agreement_id: str) -> None:
    stranger = _token(system, Role.COMPANY, OTHER_CVR)
    for path in (f"/v1/offers/{agreement_id}", f"/v1/guidance/{agreement_id}", f"/v1/agreements/{agreement_id}"):
        assert (await _get(system, path, stranger)).status_code == 404
    assert (await _get(system, f"/v1/cases/{agreement_id}", stranger)).status_code == 404
    assert (await _get(system, f"/v1/companies/{CVR}", stranger)).status_code == 404
    assert (await _get(system, f"/v1/quarantines?cvr={CVR}&p_number={P_NUMBER}", stranger)).status_code == 404
    listed = (await _get(system, "/v1/cases", stranger)).json()
    assert (listed["cases"], listed["counts"], listed["next_cursor"]) == ([], {}, None)
    refused = await _post(system, f"/v1/agreements/{agreement_id}/documentation", documentation(), stranger)
    assert refused.status_code == 404
    for token in ("nonsense", _token(system, Role.INSPECTOR)[:-4] + "AAAA"):
        assert (await _get(system, "/v1/cases", token)).status_code == 401
    operator = _token(system, Role.OPERATOR)
    assert (await _get(system, f"/v1/offers/{agreement_id}", operator)).status_code == 404
    assert (await _get(system, "/v1/operations/control/parked", operator)).json() == []
    assert (await _get(system, "/v1/operations/control/parked", stranger)).status_code == 403
    assert (await _post(system, "/v1/offers", offer(), stranger)).status_code == 403


async def _requests_are_conditional(system: RunningSystem, agreement_id: str) -> None:
    company, path = _token(system, Role.COMPANY, CVR), f"/v1/agreements/{agreement_id}/documentation"
    version = (await _get(system, f"/v1/agreements/{agreement_id}", company)).headers["ETag"]
    assert (await _post(system, path, documentation(), company, {"If-Match": ""})).status_code == 412
    assert (await _post(system, path, documentation(), company, {"If-Match": '"1"'})).status_code == 412
    without = {"Authorization": f"Bearer {company}", "Idempotency-Key": "x"}
    assert (await system.client.post(f"{_address(system)}{path}", json={}, headers=without)).status_code in (422, 428)
    dry = await _post(system, f"{path}?dry_run=true", documentation(), company, {"If-Match": version})
    assert (dry.status_code, dry.json()["dry_run"]) == (200, True)
    assert (await _get(system, f"/v1/agreements/{agreement_id}", company)).headers["ETag"] == version
    assert (await _post(system, path, documentation(), company, {"If-Match": version})).status_code == 200


async def _to_the_end(system: RunningSystem, agreement_id: str) -> None:
    inspector = system.people.inspector("anna")
    agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
    await system.time.advance_to(at(date.fromisoformat(agreement["control"]["day"])))
    await inspector.do("control", f"/v1/agreements/{agreement_id}/controls", control(agreement, "no_violation"))
    await system.time.settle()
    listed = await inspector.get("reporting", "/v1/cases")
    assert [case["status"] for case in listed["cases"]] == ["fulfilled"]


def _address(system: RunningSystem) -> str:
    return f"http://127.0.0.1:{system.ports['offers']}"


def _token(system: RunningSystem, role: Role, cvr: str | None = None) -> str:
    return LocalIssuer(system.state).token(role, "somebody", cvr)


async def _get(system: RunningSystem, path: str, token: str) -> httpx.Response:
    return await system.client.get(f"{_address(system)}{path}", headers={"Authorization": f"Bearer {token}"})


async def _post(
    system: RunningSystem, path: str, body: Any, token: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    given = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4()), "If-Match": "*", **(headers or {})}
    return await system.client.post(f"{_address(system)}{path}", json=body, headers=given)
