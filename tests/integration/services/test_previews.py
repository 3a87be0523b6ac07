"""Previews say what would have to move if a deadline moved or a colleague were away, and move nothing (R13, R17)."""

from typing import Any
from uuid import uuid4

import pytest

from services.control.people.rules.listing import ListPerson
from services.control.people.rules.person_decider import PERSON, person_stream
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.http.tokens import Role
from tests.integration.services.calendars import EAST, booked, listed
from tests.integration.services.control_running import NOW, Control

pytestmark = pytest.mark.rule("R17", "R18")
WORKING_DAYS_OF_WINDOW = 44
"""From 23 June to 21 August 2026."""


async def asked(control: Control, path: str, role: Role = Role.INSPECTOR, status: int = 200, **query: Any) -> Any:
    answer = await control.client.get(path, params=query, headers=control.asker(role))
    assert answer.status_code == status, answer.text
    return answer.json()


async def away(control: Control, first: str, last: str) -> list[dict[str, Any]]:
    span: dict[str, Any] = {"from": first, "to": last}
    shown = await asked(control, f"/v1/people/{EAST}/absence-preview", **span)
    return [{name: one[name] for name in ("day", "possible", "finds_place")} for one in shown["visits"]]


@pytest.mark.rule("R42")
async def test_an_absence_says_which_visits_would_move_and_to_how_many_days_but_moves_none(control: Control) -> None:
    await listed(control, EAST, Centre.EAST)
    first, second = await booked(control, "2026-06-30", EAST), await booked(control, "2026-07-06", EAST)
    before = await asked(control, "/v1/calendar", period="2026-06-29/2026-07-10")
    other_days = WORKING_DAYS_OF_WINDOW - 5
    week = await away(control, "2026-06-29", "2026-07-05")
    assert week == [{"day": "2026-06-30", "possible": other_days, "finds_place": True}]
    assert len(await away(control, "2026-06-29", "2026-07-06")) == 2
    assert await away(control, "2026-06-23", "2026-08-21") == [
        {"day": "2026-06-30", "possible": 0, "finds_place": False},
        {"day": "2026-07-06", "possible": 0, "finds_place": False},
    ]
    assert await asked(control, "/v1/calendar", period="2026-06-29/2026-07-10") == before
    assert {one["agreement_id"] for one in before} == {first, second}


@pytest.mark.rule("R42")
async def test_visits_that_would_need_the_same_day_do_not_both_find_a_place(control: Control) -> None:
    once_a_day = PersonDescription(roles=(PersonRole.INSPECTOR,), centre=Centre.EAST, visits_per_day=1)
    command = ListPerson(NOW, "leader", EAST, once_a_day, Reachable())
    intent = Intent(PERSON, person_stream(EAST), command)
    await execute(control.runtime.store, [intent], at=NOW, metadata=Metadata(uuid4(), "test"))
    for day in ("2026-06-30", "2026-07-06"):
        await booked(control, day, EAST)
    found = await away(control, "2026-06-23", "2026-08-20")
    assert [(one["possible"], one["finds_place"]) for one in found] == [(1, True), (1, False)]


@pytest.mark.rule("R13")
async def test_a_longer_deadline_says_which_visits_it_would_move_and_moves_none(control: Control) -> None:
    early, late = await booked(control, "2026-06-30"), await booked(control, "2026-08-10")
    preview = f"/v1/agreements/{early}/bookings/preview"
    (moved,) = (await asked(control, preview, deadline="2026-07-20"))["visits"]
    assert (moved["day"], moved["finds_place"], moved["possible"] > 30) == ("2026-06-30", True, True)
    assert (await asked(control, f"/v1/agreements/{late}/bookings/preview", deadline="2026-07-20"))["visits"] == []
    assert (await asked(control, f"/v1/agreements/{early}"))["control"]["day"] == "2026-06-30"
    refused = await asked(control, preview, status=409, deadline="2026-06-01")
    assert refused["rule"] == "R13"


async def test_no_preview_is_for_a_company_or_without_a_period(control: Control) -> None:
    agreement_id = await booked(control, "2026-06-30", EAST)
    span: dict[str, Any] = {"from": "2026-06-29", "to": "2026-07-05"}
    for role in (Role.COMPANY, Role.PORTAL, Role.OPERATOR, Role.SUPPORTER):
        await asked(control, f"/v1/people/{EAST}/absence-preview", role, 403, **span)
        await asked(control, f"/v1/agreements/{agreement_id}/bookings/preview", role, 403, deadline="2026-07-20")
    backwards = {**span, "to": "2026-06-01"}
    wrong = await asked(control, f"/v1/people/{EAST}/absence-preview", status=422, **backwards)
    assert [one["where"] for one in wrong["faults"]] == ["query.to"]
