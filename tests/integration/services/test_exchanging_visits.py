"""Two visits of one or two inspectors exchange their days in one append, and no announced one in silence (R17, R18)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.http.tokens import Role
from tests.integration.services.calendars import EAST, booked
from tests.integration.services.control_running import Control, booking

pytestmark = pytest.mark.rule("R17", "R18")


async def visit(control: Control, agreement_id: str) -> dict[str, Any]:
    course = await control.course(UUID(agreement_id))
    return {"agreement_id": agreement_id, "visit_id": booking(course)["control_id"]}


async def exchanged(
    control: Control, one: dict[str, Any], other: dict[str, Any], status: int = 200, *, dry: str = "false", **more: Any
) -> Any:
    path = f"/v1/calendar/exchange?dry_run={dry}"
    headers = {**control.asker(Role.INSPECTOR), "Idempotency-Key": str(uuid4())}
    answer = await control.client.post(path, json={"one": one, "other": other, **more}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def days(control: Control, *agreements: str) -> list[str]:
    courses = [await control.course(UUID(one)) for one in agreements]
    return [booking(course)["day"] for course in courses]


async def test_two_visits_of_full_days_exchange_their_places_at_once(control: Control) -> None:
    first, second = await booked(control, "2026-06-30", EAST), await booked(control, "2026-07-01", EAST)
    for day in ("2026-06-30", "2026-07-01"):
        await booked(control, day, EAST)
    one, other = await visit(control, first), await visit(control, second)
    tried = await exchanged(control, one, other, dry="true")
    assert [moved["recorded"][0]["data"]["day"] for moved in tried["moved"]] == ["2026-07-01", "2026-06-30"]
    assert await days(control, first, second) == ["2026-06-30", "2026-07-01"]
    await exchanged(control, one, other)
    assert await days(control, first, second) == ["2026-07-01", "2026-06-30"]
    await exchanged(control, one, other, 409)


async def test_visits_of_two_inspectors_stay_in_their_calendars(control: Control) -> None:
    first, second = await booked(control, "2026-06-30", EAST), await booked(control, "2026-07-01")
    one, other = await visit(control, first), await visit(control, second)
    await exchanged(control, one, other)
    assert await days(control, first, second) == ["2026-07-01", "2026-06-30"]
    full = await booked(control, "2026-07-02")
    for _ in range(2):
        await booked(control, "2026-07-02", EAST)
    refused = await exchanged(control, await visit(control, first), await visit(control, full), 409)
    assert (refused["rule"], await days(control, first, full)) == ("R17", ["2026-07-01", "2026-07-02"])


async def test_an_announced_visit_moves_with_a_reason_only_and_the_company_reads_it(control: Control) -> None:
    told, hidden = await booked(control, "2026-06-30", EAST, announced=True), await booked(control, "2026-07-01", EAST)
    one, other = await visit(control, told), await visit(control, hidden)
    refused = await exchanged(control, one, other, 409)
    assert (refused["rule"], await days(control, told, hidden)) == ("R18", ["2026-06-30", "2026-07-01"])
    await exchanged(control, one, other, reason="The inspector is at a course.")
    course = await control.course(UUID(told), Role.COMPANY)
    assert booking(course)["day"] == "2026-07-01"
    assert [one["reason"] for one in course["called_off"]] == ["The inspector is at a course."]
    assert booking(await control.course(UUID(hidden), Role.COMPANY)) is None
    assert (await control.course(UUID(hidden)))["called_off"] == []


async def test_exchanges_at_the_same_moment_book_no_place_twice(control: Control) -> None:
    cases = [await booked(control, day, EAST) for day in ("2026-06-29", "2026-06-30", "2026-07-01", "2026-07-02")]
    visits = [await visit(control, case) for case in cases]
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)]
    headers = control.asker(Role.INSPECTOR)
    answers = await asyncio.gather(
        *(
            control.client.post(
                "/v1/calendar/exchange",
                json={"one": visits[one], "other": visits[other]},
                headers={**headers, "Idempotency-Key": str(uuid4())},
            )
            for one, other in pairs
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert sum(answer.status_code == 200 for answer in answers) >= 1
    assert sorted(await days(control, *cases)) == ["2026-06-29", "2026-06-30", "2026-07-01", "2026-07-02"]
