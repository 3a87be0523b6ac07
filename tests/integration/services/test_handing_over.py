"""All cases of a colleague go over to another from a day on: a command for each, repeatable, with a report (R15)."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.rules.course_decider import COURSE
from shared.eventstore.commands import read
from shared.http.tokens import Role, pseudonym
from tests.integration.services.calendars import booked
from tests.integration.services.control_running import INSPECTOR, Control

pytestmark = pytest.mark.rule("R15", "R42")
ANNA = pseudonym(Role.INSPECTOR, "anna")


async def handed(
    control: Control,
    body: dict[str, Any],
    status: int = 200,
    *,
    key: str = "",
    role: Role = Role.INSPECTOR,
    dry: str = "false",
) -> Any:
    headers = {**control.asker(role), "Idempotency-Key": key or str(uuid4())}
    answer = await control.client.post(f"/v1/people/{ANNA}/hand-over?dry_run={dry}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def responsible(control: Control, agreement_id: str) -> str | None:
    return COURSE.responsible((await read(control.runtime.store, COURSE, UUID(agreement_id))).state)


def outcomes(report: Any) -> dict[str, str]:
    return {one["agreement_id"]: one["outcome"] for one in report["cases"]}


@pytest.fixture
def to_other(control: Control) -> dict[str, Any]:
    other = next(one for one in control.runtime.people.inspectors if one != ANNA)
    return {"inspector": other, "from_day": "2026-07-01", "reason": "She is on leave."}


async def test_cases_go_over_from_the_day_on_and_earlier_visits_stay(control: Control, to_other: Any) -> None:
    early, later = await booked(control, "2026-06-30", ANNA), await booked(control, "2026-07-01", ANNA)
    unbooked, foreign = str(await control.accepted(inspector=ANNA)), await booked(control, "2026-07-02")
    report = await handed(control, to_other)
    assert outcomes(report) == {early: "stays", later: "handed_over", unbooked: "handed_over"}
    assert (report["dry_run"], report["left"], report["next_after"]) == (False, 0, None)
    by_case = {one["agreement_id"]: one for one in report["cases"]}
    assert (by_case[later]["kept_day"], by_case[later]["other_day"]) == (1, 0)
    found = {one: await responsible(control, one) for one in (early, later, unbooked, foreign)}
    other = to_other["inspector"]
    assert found == {early: ANNA, later: other, unbooked: other, foreign: INSPECTOR}


async def test_a_dry_run_reports_the_same_and_changes_nothing(control: Control, to_other: Any) -> None:
    for _ in range(2):
        await booked(control, "2026-07-01", to_other["inspector"])
    full = await booked(control, "2026-07-01", ANNA, announced=True)
    told = await handed(control, to_other, dry="true")
    assert (told["dry_run"], outcomes(told)) == (True, {full: "handed_over"})
    assert (told["cases"][0]["kept_day"], told["cases"][0]["other_day"], told["cases"][0]["announced_moved"]) == (
        0,
        1,
        1,
    )
    assert "2026-0" not in str(told), "a day that would be drawn is not shown"
    assert await responsible(control, full) == ANNA
    done = await handed(control, to_other)
    assert (done["cases"], await responsible(control, full)) == (told["cases"], to_other["inspector"])


async def test_a_repeated_request_gets_its_answer_and_a_further_one_finds_the_rest(
    control: Control, to_other: Any
) -> None:
    first, second = str(await control.accepted(inspector=ANNA)), str(await control.accepted(inspector=ANNA))
    report = await handed(control, {**to_other, "cases": [first]}, key="one")
    assert outcomes(report) == {first: "handed_over"}
    assert await handed(control, {**to_other, "cases": [first]}, key="one") == report
    await handed(control, to_other, 409, key="one")
    assert outcomes(await handed(control, to_other)) == {second: "handed_over"}
    assert outcomes(await handed(control, to_other)) == {}


async def test_each_case_tells_who_handed_it_over_and_for_whom(control: Control, to_other: Any) -> None:
    case = await control.accepted(inspector=ANNA)
    await handed(control, to_other, role=Role.SUPPORTER)
    newest = (await control.runtime.store.load(case)).events[-1]
    supporter = pseudonym(Role.SUPPORTER, "anna")
    assert (newest.metadata["actor"], newest.metadata["on_behalf_of"]) == (supporter, ANNA)


async def test_what_a_rule_refuses_is_reported_and_the_rest_goes_over(control: Control, to_other: Any) -> None:
    await control.accepted(inspector=ANNA)
    report = await handed(control, {**to_other, "inspector": ANNA})
    (case,) = report["cases"]
    assert (case["outcome"], case["refused"]["rule"]) == ("refused", "R15")
    assert "ansvarlig" in case["refused"]["reason"]["da"]
    await handed(control, {**to_other, "inspector": "nobody-known"}, 409)


@pytest.mark.rule("R42")
async def test_it_is_for_the_authority_and_who_leads_the_centre(control: Control, to_other: Any) -> None:
    for role in (Role.COMPANY, Role.PORTAL, Role.OPERATOR):
        await handed(control, to_other, 403, role=role)
    assert control.runtime.people.centre_of(ANNA) is not None
    await handed(control, to_other, role=Role.LEADER)
