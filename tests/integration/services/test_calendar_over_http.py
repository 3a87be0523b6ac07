"""The calendar over HTTP: for the authority alone, by day, week and month, by person, centre and unit (R17, R42)."""

from typing import Any

import pytest

from services.control.planning.rules.half_hours import MINUTES
from shared.contracts.vocabulary import Centre
from shared.http.tokens import Role
from tests.integration.services.calendars import EAST, booked, listed
from tests.integration.services.control_running import INSPECTOR, Control

pytestmark = pytest.mark.rule("R17", "R42")
UNIT = "1003388394"


async def asked(control: Control, path: str, role: Role = Role.INSPECTOR, status: int = 200, **query: Any) -> Any:
    answer = await control.client.get(f"/v1/calendar{path}", params=query, headers=control.asker(role))
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_week_is_shown_by_day_and_hour(control: Control) -> None:
    tuesday, monday = await booked(control, "2026-06-30", EAST), await booked(control, "2026-06-29", announced=True)
    await booked(control, "2026-07-06")
    shown = await asked(control, "", period="2026-W27")
    assert [(one["agreement_id"], one["day"], one["inspector"]) for one in shown] == [
        (monday, "2026-06-29", INSPECTOR),
        (tuesday, "2026-06-30", EAST),
    ]
    assert {name: shown[0][name] for name in ("kind", "begins", "ends", "announced", "late", "window")} == {
        "kind": "control",
        "begins": "08:00:00",
        "ends": "11:00:00",
        "announced": True,
        "late": False,
        "window": {"first": "2026-06-23", "last": "2026-08-21"},
    }


async def test_it_is_asked_by_day_and_month_person_centre_and_unit_and_comes_in_pages(control: Control) -> None:
    await listed(control, EAST, Centre.EAST)
    first, second = await booked(control, "2026-06-30", EAST), await booked(control, "2026-07-01")
    third = await booked(control, "2026-07-01", EAST)
    await listed(control, INSPECTOR, Centre.SOUTH)

    async def cases(**query: Any) -> set[str]:
        return {one["agreement_id"] for one in await asked(control, "", **query)}

    assert await cases(period="2026-06-30") == {first}
    assert await cases(period="2026-07") == {second, third}
    assert await cases(period="2026-06-30/2026-07-01", person=EAST) == {first, third}
    assert await cases(period="2026-07", centre="east") == {third}
    assert await cases(period="2026-07", centre="north") == set()
    assert await cases(period="2026-W27", p_number=UNIT) == {first, second, third}
    query, headers = {"period": "2026-W27", "limit": "2"}, control.asker(Role.SUPPORTER)
    page = await control.client.get("/v1/calendar", params=query, headers=headers)
    rest = await control.client.get(
        "/v1/calendar", params={**query, "cursor": page.headers["Next-Cursor"]}, headers=headers
    )
    ids = [one["agreement_id"] for answer in (page, rest) for one in answer.json()]
    assert (ids[0], sorted(ids[1:])) == (first, sorted([second, third]))
    assert "Next-Cursor" not in rest.headers


async def test_visits_after_their_window_are_listed_with_their_reason(control: Control) -> None:
    await booked(control, "2026-07-01")
    late = await booked(control, "2026-09-01", late_reason="season")
    (shown,) = await asked(control, "/late")
    assert (shown["agreement_id"], shown["late"], shown["late_reason"]) == (late, True, "season")


async def test_free_days_say_why_others_are_not_free_and_asking_takes_none(control: Control) -> None:
    for _ in range(2):
        await booked(control, "2026-06-30", EAST)
    shown = await asked(control, "/free", person=EAST, period="2026-06-29/2026-07-05")
    assert [(one["day"][-2:], one["free"], one["why_not"]) for one in shown["days"]] == [
        ("29", True, None),
        ("30", False, "full"),
        ("01", True, None),
        ("02", True, None),
        ("03", True, None),
    ]
    assert shown == await asked(control, "/free", person=EAST, period="2026-06-29/2026-07-05")
    assert len(await asked(control, "", period="2026-W27")) == 2


async def test_load_counts_worked_and_taken_half_hours_by_person_and_centre(control: Control) -> None:
    for person in (EAST, "inspector-idle"):
        await listed(control, person, Centre.EAST)
    await booked(control, "2026-06-30", EAST)
    week, day = 5 * 8 * 60 // MINUTES, 3 * 60 // MINUTES
    shown = {one["person"]: one for one in await asked(control, "/load", period="2026-W27", centre="east")}
    assert shown[EAST] == {"person": EAST, "worked_half_hours": week, "taken_half_hours": day, "visits": 1}
    assert (shown["inspector-idle"]["worked_half_hours"], shown["inspector-idle"]["taken_half_hours"]) == (week, 0)
    centres = {one["centre"]: one for one in (await asked(control, "/centres", period="2026-W27"))["centres"]}
    of_east = centres["east"]
    assert (of_east["people"], of_east["taken_half_hours"], of_east["visits"]) == (len(shown), day, 1)
    assert of_east["worked_half_hours"] == week * len(shown)
    (alone,) = await asked(control, "/load", period="2026-W27", person=EAST)
    assert alone == shown[EAST]


@pytest.mark.rule("R18")
@pytest.mark.parametrize("path", ["", "/late", "/free", "/load", "/centres"])
async def test_no_calendar_is_for_a_company_or_for_who_keeps_the_directory(control: Control, path: str) -> None:
    query = {"period": "2026-W27", "person": EAST} if path in ("/free",) else {"period": "2026-W27"}
    for role in (Role.COMPANY, Role.PORTAL, Role.OPERATOR, Role.PERSONNEL_REGISTER):
        await asked(control, path, role, 403, **({} if path == "/late" else query))


async def test_a_period_that_does_not_exist_is_said_to_be_none(control: Control) -> None:
    wrong = await asked(control, "", status=422, period="2026-07-01/2026-12-31")
    assert [(one["where"], "92" in one["what"]) for one in wrong["faults"]] == [("query.period", True)]


@pytest.mark.rule("R18", "R27")
async def test_a_booking_answers_why_it_stands_there_and_what_moved_it(control: Control) -> None:
    agreement_id = await booked(control, "2026-06-30")
    await control.done(f"/v1/agreements/{agreement_id}/bookings", {"day": "2026-07-01"})
    path = f"/v1/agreements/{agreement_id}/bookings/why"
    for role, status in ((Role.COMPANY, 403), (Role.PORTAL, 403), (Role.SUPPORTER, 403), (Role.LEADER, 200)):
        assert (await control.client.get(path, headers=control.asker(role))).status_code == status
    (why,) = (await control.client.get(path, headers=control.asker(Role.INSPECTOR))).json()["visits"]
    assert (why["day"], why["inspector"], why["drawn"]) == ("2026-07-01", INSPECTOR, False)
    assert ["chosen by" in why["in_words"]["en"], "valgt af" in why["in_words"]["da"]] == [True, True]
    assert [(one["before"] or {}).get("day") for one in why["moves"]] == [None, "2026-06-30"]
    assert [one["after"]["day"] for one in why["moves"]] == ["2026-06-30", "2026-07-01"]
