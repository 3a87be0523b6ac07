"""What a company can read at control is the same whether hidden visits are planned, moved and missed or not (R18)."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.planned_places import NoteNoPlace, PlanPlaces
from services.control.rules.window_risk import LookedAt, NoteWindows
from services.control.service import app
from shared.contracts.vocabulary import Centre, PlanCause, WindowRisk
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Metadata
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.services.calendars import ANNA, EAST, booked, listed
from tests.integration.services.control_running import INSPECTOR, NOW, Control
from tests.unit.control.planning_policy import PLANNING_POLICIES

pytestmark = pytest.mark.rule("R17", "R18")
VALUES = {
    "person_id": EAST,
    "centre": "east",
    "token": "A" * 43,
    "file_id": str(UUID(int=9)),
    "occasion": "control-announced",
    "period": "2026-06",
    "deadline": "2026-07-20",
    "from": "2026-06-01",
    "to": "2026-07-31",
    "person": INSPECTOR,
    "p_number": "1003388394",
    "topic": "056",
    "sha256": "0" * 64,
    "key": "1",
}
"""What a request names where the path or the query asks for it; a test says which one is missing."""


def readings(control: Control, agreement_id: UUID) -> list[tuple[str, dict[str, str]]]:
    """Every path of control that can be read, with what it demands in the query."""
    nowhere = Settings(postgres="", kafka=Kafka(""), state=control.state, virtual_clock=False)
    values = {**VALUES, "agreement_id": str(agreement_id)}
    found = []
    for path, operations in app(nowhere).openapi()["paths"].items():
        if "get" in operations and not path.startswith("/v1/operations/"):
            asked = [one for one in operations["get"].get("parameters", ()) if one["required"]]
            query = {one["name"]: values[one["name"]] for one in asked if one["in"] == "query"}
            found.append((path.format_map(values), query))
    return found


async def all_that_is_told(control: Control, agreement_id: UUID) -> dict[str, Any]:
    """Status, headers and bytes of everything that a company or the portal can read, of the case and in all."""
    told: dict[str, httpx.Response] = {}
    for role in (Role.COMPANY, Role.PORTAL):
        for path, query in readings(control, agreement_id):
            told[f"{role} {path}"] = await control.client.get(path, params=query, headers=control.asker(role))
    return {asked: (answer.status_code, dict(answer.headers), answer.content) for asked, answer in told.items()}


async def recorded(control: Control, agreement_id: UUID, command: Any) -> list[str]:
    metadata = Metadata(uuid4(), "control")
    (decided,) = await execute(
        control.runtime.store, [Intent(COURSE, agreement_id, command)], at=NOW, metadata=metadata
    )
    return [type(event).__name__ for event in decided.events]


async def planned(control: Control) -> UUID:
    """A course whose control has a place that no company knows of."""
    control.runtime.policies = PLANNING_POLICIES
    agreement_id = await control.accepted(inspector=EAST)
    async with asyncio.timeout(10):
        while True:
            state = (await read(control.runtime.store, COURSE, agreement_id)).state
            if isinstance(state, Running) and state.plans:
                return agreement_id
            await asyncio.sleep(0.05)


async def test_nothing_that_is_planned_changes_an_answer_to_a_company(control: Control) -> None:
    for person in (EAST, ANNA):
        await listed(control, person, Centre.EAST)
    agreement_id = UUID(await booked(control, "2026-06-29", announced=True))
    before = await all_that_is_told(control, agreement_id)
    assert before[f"company /v1/agreements/{agreement_id}"][0] == 200

    # Of another case of the same company and unit: planned, not found, at risk, booked; and a feed that shows it all.
    other = await planned(control)
    missing = PlanPlaces(PLANNING_POLICIES.at(NOW), (NoteNoPlace(NOW, other, NOW, PlanCause.ACCEPTED, ()),))
    assert await recorded(control, other, missing) == ["PlaceNotFound"]
    risk = LookedAt(other, date(2026, 8, 21), WindowRisk.FEW_PLACES, places_left=1, missed_percent=40)
    assert await recorded(control, other, NoteWindows(NOW, (risk,))) == ["WindowAtRisk"]
    await booked(control, "2026-06-30", EAST)
    headers = {**control.asker(Role.INSPECTOR), "Idempotency-Key": "feed"}
    opened = await control.client.post(f"/v1/people/{ANNA}/calendar-feed", headers=headers)
    assert opened.status_code == 200
    assert await all_that_is_told(control, agreement_id) == before

    # Of the case itself: a hidden visit moves from day to day.
    hidden = UUID(await booked(control, "2026-07-01"))
    before = await all_that_is_told(control, hidden)
    for day in ("2026-07-02", "2026-07-03"):
        await control.done(f"/v1/agreements/{hidden}/bookings", {"day": day})
    after = await all_that_is_told(control, hidden)
    assert {asked: told for asked, told in after.items() if told != before[asked]} == {}
    assert b"2026-07-0" not in b"".join(content for _, _, content in after.values())
