"""The control service on real servers: bookings by itself, calendars that are shared, and what a company sees of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from migrations.topics import create_topics
from services.control import service
from services.control.course import COURSE
from services.control.starting import StartCourse
from shared.contracts.offers import Accepted
from shared.contracts.vocabulary import AgreementKind, Place
from shared.http.tokens import LocalIssuer, Role
from shared.kernel.bus import Kafka
from shared.kernel.clock import VirtualClock
from shared.kernel.commands import Intent, execute
from shared.kernel.events import Metadata
from shared.service import Runtime, Settings

CVR = "13748136"
NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
INSPECTOR = "north/team_1%"
"""An id with everything that separates or stands for something else in a name."""
NEIGHBOUR = "north/teamX1%"


class Control:
    """The service, called as one role or another."""

    def __init__(self, client: httpx.AsyncClient, state: Path, clock: VirtualClock, runtime: Runtime) -> None:
        self.client = client
        self.clock = clock
        self.runtime = runtime
        self._issuer = LocalIssuer(state)

    async def accepted(self, *others: str, inspector: str = INSPECTOR) -> UUID:
        """A course of a unit, and of so many others in a spread agreement."""
        agreement_id = uuid4()
        places = [Place(place_id=agreement_id, p_number="1003388394")]
        places += [Place(place_id=uuid4(), p_number=p_number) for p_number in others]
        fact = Accepted(
            agreement_id=agreement_id,
            kind=AgreementKind.SPREAD if others else AgreementKind.SUSPICION,
            cvr=CVR,
            p_number="1003388394",
            topic="056",
            inspector=inspector,
            period_months=3,
            accepted_at=NOW,
            accepted_by="person-1",
            places=tuple(places),
        )
        command = StartCourse(at=NOW, policy=self.runtime.policies.at(NOW), fact=fact)
        metadata = Metadata(command_id=uuid4(), actor="control")
        await execute(self.runtime.store, [Intent(COURSE, agreement_id, command)], at=NOW, metadata=metadata)
        return agreement_id

    async def post(self, path: str, body: Any, role: Role = Role.INSPECTOR) -> httpx.Response:
        return await self.client.post(path, json=body, headers={**self._asker(role), "Idempotency-Key": str(uuid4())})

    async def done(self, path: str, body: Any, role: Role = Role.INSPECTOR) -> Any:
        answer = await self.post(path, body, role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def course(self, agreement_id: UUID, role: Role = Role.INSPECTOR) -> Any:
        answer = await self.client.get(f"/v1/agreements/{agreement_id}", headers=self._asker(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def once(self, agreement_id: UUID, holds: Callable[[Any], bool]) -> Any:
        """The course, as soon as something holds of it."""
        async with asyncio.timeout(10):
            while not holds(course := await self.course(agreement_id)):
                await asyncio.sleep(0.05)
        return course

    def _asker(self, role: Role) -> dict[str, str]:
        token = self._issuer.token(role, "anna", CVR if role is Role.COMPANY else None)
        return {"Authorization": f"Bearer {token}", "If-Match": "*"}


@pytest.fixture
async def control(postgres_dsn: str, kafka: str, tmp_path: Path) -> AsyncIterator[Control]:
    cluster = Kafka(kafka, f"test-{uuid4().hex[:8]}-")
    await create_topics(kafka, prefix=cluster.prefix)
    clock = VirtualClock(tmp_path / "clock", NOW)
    app = service.app(Settings(postgres_dsn, cluster, tmp_path, virtual_clock=True))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
            yield Control(client, tmp_path, clock, app.state.runtime)


def all_sampled_are_booked(course: Any) -> bool:
    return all(row["control"] is not None for row in course["matrix"] if row["sampled"])


def booking(course: Any) -> Any:
    return course["control"]


def found(outcome: str = "no_violation", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "judged_by": ["seen_in_use"], "spoke_with": ["manager"], **more}


@pytest.mark.rule("R17", "R19", "R28")
async def test_every_place_of_a_sample_is_booked_by_itself(control: Control) -> None:
    agreement_id = await control.accepted(*(f"10033884{number:02}" for number in range(10)))
    control.clock.move_to(datetime(2026, 6, 8, 3, tzinfo=UTC))
    course = await control.once(agreement_id, all_sampled_are_booked)
    rows = [row for row in course["matrix"] if row["control"]]
    assert len(rows) == 3
    assert rows[0]["place_id"] == str(agreement_id)
    assert all(date(2026, 6, 22) < date.fromisoformat(row["control"]["day"]) <= date(2026, 8, 21) for row in rows)
    places = {(booked.inspector, booked.day, booked.slot) for booked in await _bookings(control, agreement_id)}
    assert len(places) == 3


@pytest.mark.rule("R18", "R19")
async def test_of_which_a_company_sees_nothing(control: Control) -> None:
    agreement_id = await control.accepted("1003388395")
    before = await control.course(agreement_id, Role.COMPANY)
    control.clock.move_to(datetime(2026, 6, 8, 3, tzinfo=UTC))
    await control.once(agreement_id, all_sampled_are_booked)
    assert await control.course(agreement_id, Role.COMPANY) == before
    assert [row["sampled"] for row in before["matrix"]] == [None, None]


@pytest.mark.rule("R17")
async def test_a_full_day_is_full_and_the_next_inspector_has_a_calendar_of_her_own(control: Control) -> None:
    day = {"day": "2026-07-01"}
    full = [await control.accepted() for _ in range(3)]
    for agreement_id in full[:2]:
        await control.done(f"/v1/agreements/{agreement_id}/bookings", day)
    refused = await control.post(f"/v1/agreements/{full[2]}/bookings", day)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R17")
    elsewhere = await control.accepted(inspector=NEIGHBOUR)
    await control.done(f"/v1/agreements/{elsewhere}/bookings", day)


@pytest.mark.rule("R17", "R18")
async def test_a_booking_can_be_changed_on_its_own_day_although_the_day_is_full(control: Control) -> None:
    first, second = [await control.accepted() for _ in range(2)]
    for agreement_id in (first, second):
        await control.done(f"/v1/agreements/{agreement_id}/bookings", {"day": "2026-07-01"})
    await control.done(f"/v1/agreements/{first}/bookings", {"day": "2026-07-01", "announced": True})
    seen = booking(await control.course(first, Role.COMPANY))
    assert (seen["day"], seen["announced"]) == ("2026-07-01", True)
    await control.done(f"/v1/agreements/{first}/bookings", {"day": "2026-07-02"})
    assert booking(await control.course(first, Role.COMPANY)) is None


@pytest.mark.rule("R17", "R21")
async def test_what_a_control_could_not_decide_is_booked_anew_by_itself(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    control.clock.move_to(datetime(2026, 4, 1, 9, tzinfo=UTC))
    await control.done(f"{path}/documentation", {"complete": True, "text": "We are done."}, Role.COMPANY)
    course = await control.once(agreement_id, lambda course: booking(course) is not None)
    held = booking(course)
    control.clock.move_to(datetime.fromisoformat(f"{held['day']}T09:00:00+00:00"))
    await control.done(f"{path}/fresh-investigation", {"later_visit": True, "reason": "More must be asked."})
    again = await control.once(
        agreement_id, lambda course: booking(course) and booking(course)["control_id"] != held["control_id"]
    )
    assert held["day"] < booking(again)["day"] <= course["control_window"]["last_day"]
    assert [one["later_visit"] for one in again["fresh_investigations"]] == [True]


@pytest.mark.rule("R20", "R22", "R30")
async def test_a_spread_agreement_from_controls_to_a_correction(control: Control) -> None:
    agreement_id = await control.accepted("1003388395", "1003388396")
    path = f"/v1/agreements/{agreement_id}"
    measures = [{"kind": "technical-aid", "description": "A lift.", "ladder_level": 3}]
    told = {"complete": True, "text": "We are done.", "measures": measures}
    control.clock.move_to(datetime(2026, 4, 1, 9, tzinfo=UTC))
    await control.done(f"{path}/documentation", told, Role.COMPANY)
    course = await control.once(agreement_id, all_sampled_are_booked)
    control.clock.move_to(datetime(2026, 5, 29, 9, tzinfo=UTC))
    use = [{"measure_id": course["measures"][0]["measure_id"], "use": "in_use"}]
    origin, other = [row["place_id"] for row in course["matrix"] if row["sampled"]]
    await control.done(f"{path}/controls", found("violation", place_id=other, measures=use))
    assert (await control.course(agreement_id))["status"] == "running"
    recorded = await control.done(f"{path}/controls", found(place_id=origin, measures=use))
    assert [fact["type"] for fact in recorded["recorded"]] == ["ControlCompleted", "Breached", "HearingOpened"]
    breached = await control.course(agreement_id, Role.COMPANY)
    unit = next(row["p_number"] for row in course["matrix"] if row["place_id"] == other)
    assert (breached["status"], breached["breached_units"]) == ("breached", [unit])
    wrong = next(held for held in breached["held_controls"] if held["place_id"] == other)
    correction = {**found(measures=use), "form": "visit", "reason": "It was another unit's."}
    await control.done(f"{path}/controls/{wrong['control_id']}/correction", correction)
    corrected = await control.course(agreement_id, Role.COMPANY)
    assert (corrected["status"], corrected["breached_units"]) == ("fulfilled", [])
    assert [row["result"] for row in corrected["matrix"] if row["result"]] == ["no_violation", "no_violation"]


@pytest.mark.rule("R35")
async def test_a_reason_for_non_use_that_nobody_knows_is_refused(control: Control) -> None:
    agreement_id = await control.accepted()
    observation = {"measure_id": str(uuid4()), "use": "not_in_use", "non_use_reason": "because"}
    answer = await control.post(f"/v1/agreements/{agreement_id}/controls", found(measures=[observation]))
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["rule"] == "R35"


async def _bookings(control: Control, agreement_id: UUID) -> Any:
    loaded = await control.runtime.store.load(agreement_id)
    return COURSE.fold([one.event for one in loaded.events]).bookings.values()  # type: ignore[union-attr]
