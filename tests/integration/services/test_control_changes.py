"""What changes and what follows a course, on real servers: races, timers, orders, another inspector (R7-R22)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.control.rules.after_offer_not_accepted import NoteNotAccepted
from services.control.rules.course_decider import COURSE
from services.control.rules.order_requests import NoteOrderIssued
from shared.contracts.offers import NotAccepted
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import CVR, INSPECTOR, Control, booking, found

BO = pseudonym(Role.INSPECTOR, "bo")
DONE = {"complete": True, "text": "Done."}


async def tell(control: Control, agreement_id: UUID, command: Any) -> None:
    """A reaction, as if its fact had come."""
    now = control.clock.now()
    metadata = Metadata(command_id=uuid4(), actor="control")
    await execute(control.runtime.store, [Intent(COURSE, agreement_id, command)], at=now, metadata=metadata)


@pytest.mark.rule("R14", "R20")
async def test_of_a_termination_and_a_control_at_the_same_moment_exactly_one_holds(control: Control) -> None:
    for _ in range(3):
        agreement_id = await control.accepted()
        await control.done(f"/v1/agreements/{agreement_id}/documentation", DONE, Role.COMPANY)
        await control.once(agreement_id, booking)
        answers = await asyncio.gather(
            control.post(f"/v1/agreements/{agreement_id}/controls", found()),
            control.post(f"/v1/agreements/{agreement_id}/termination", {"grounds": "Closed."}, Role.COMPANY),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        won = "fulfilled" if answers[0].status_code == 200 else "terminated"
        refused = next(answer.json() for answer in answers if answer.status_code == 409)
        assert refused["rule"] in ("R14", "R20")
        assert won in refused["detail"]
        assert (await control.course(agreement_id))["status"] == won


@pytest.mark.rule("R16", "R17")
async def test_documentation_in_the_last_second_of_the_period_counts(control: Control) -> None:
    agreement_id = await control.accepted()
    control.clock.move_to(datetime.fromisoformat("2026-06-22T23:59:59+02:00"))
    await control.done(f"/v1/agreements/{agreement_id}/documentation", DONE, Role.COMPANY)
    course = await control.course(agreement_id)
    assert course["control_window"]["last_day"] == "2026-08-21"
    assert "complete was received" in (await _in_english(control, agreement_id))["control_window"]["why"]


@pytest.mark.rule("R13", "R28")
async def test_a_longer_deadline_moves_timers_and_what_is_booked(control: Control) -> None:
    agreement_id = await control.accepted()
    control.clock.move_to(datetime(2026, 6, 9, 3, tzinfo=UTC))
    before = await control.once(agreement_id, booking)
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/extension-requests", {"until": "2026-09-01", "reasons": "Late."}, Role.COMPANY)
    await control.done(f"{path}/extensions", {"until": "2026-09-01", "reasons": "Late."})
    after = await control.once(agreement_id, lambda course: booking(course) != booking(before))
    assert date.fromisoformat(booking(after)["day"]) > date(2026, 9, 1)
    assert "was extended on 9 June 2026" in (await _in_english(control, agreement_id))["compliance_deadline"]["why"]


@pytest.mark.rule("R15")
async def test_what_is_booked_moves_into_the_new_inspectors_calendar(control: Control) -> None:
    agreement_id = await control.accepted()
    await control.done(f"/v1/agreements/{agreement_id}/documentation", DONE, Role.COMPANY)
    before = await control.once(agreement_id, booking)
    new = f"/v1/agreements/{agreement_id}/inspector"
    await control.done(new, {"inspector": BO, "reason": "Leave."})
    after = await control.course(agreement_id)
    assert (after["inspector"], booking(after)["day"]) == (BO, booking(before)["day"])
    async with control.runtime.database.acquire() as connection:
        names = [row["name"] for row in await connection.fetch("select name from reservations where name like 'cal%'")]
    assert names == [f"calendar/{BO}/{booking(after)['day']}/1"]
    refused = await control.post(new, {"inspector": BO}, name="bo")
    assert (refused.status_code, refused.json()["rule"]) == (409, "R15")


@pytest.mark.rule("R22", "R25", "R28")
async def test_an_order_is_followed_until_it_is_issued(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", DONE, Role.COMPANY)
    await control.once(agreement_id, booking)
    await control.done(f"{path}/controls", found("violation"))
    await control.done(f"{path}/hearing-answer", {"answer": "No."}, Role.COMPANY)
    asked = await control.done(f"{path}/order-request", {"reasons": "The noise is as before."})
    request_id = asked["recorded"][0]["data"]["request_id"]
    control.clock.move_to(control.clock.now() + timedelta(days=40))
    await _recorded(control, agreement_id, "OrderRequestOverdue")
    await control.done(f"{path}/order-requests/{request_id}/resending", None)
    await tell(control, agreement_id, NoteOrderIssued(control.clock.now(), UUID(request_id), uuid4(), "1003388394"))
    async with control.runtime.database.acquire() as connection:
        assert await connection.fetchval("select count(*) from timers where stream = $1", agreement_id) == 0
    refused = await control.post(f"{path}/order-requests/{request_id}/resending", None)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R22")


@pytest.mark.rule("R7", "R28")
async def test_after_a_no_an_inspection_books_itself_where_the_calendar_is_free(control: Control) -> None:
    offer = NotAccepted(kind=AgreementKind.SUSPICION, cvr=CVR, p_number="1003388394", topic="056", inspector=INSPECTOR)
    days = []
    for _ in range(3):
        agreement_id = uuid4()
        now = control.clock.now()
        await tell(
            control,
            agreement_id,
            NoteNotAccepted(now, control.runtime.policies.at(now), agreement_id, "declined", offer),
        )
        await _recorded(control, agreement_id, "NewInspectionBooked")
        seen = await control.client.get(
            f"/v1/agreements/{agreement_id}/after-no", headers=control.asker(Role.INSPECTOR)
        )
        days.append(date.fromisoformat(seen.json()["new_inspection"]["day"]))
        hidden = await control.client.get(f"/v1/agreements/{agreement_id}", headers=control.asker(Role.COMPANY))
        assert hidden.status_code == 404
    assert all(date(2026, 3, 20) < day <= date(2026, 4, 17) for day in days), "drawn inside the 28 days"


@pytest.mark.rule("R18", "R15")
async def test_a_dry_run_names_the_window_and_never_a_day_that_is_drawn(control: Control) -> None:
    agreement_id = await control.accepted()
    await control.done(f"/v1/agreements/{agreement_id}/documentation", DONE, Role.COMPANY)
    day = booking(await control.once(agreement_id, booking))["day"]
    new = f"/v1/agreements/{agreement_id}/inspector"
    foretold = await control.done(f"{new}?dry_run=true", {"inspector": BO, "reason": "Leave."})
    booked = next(fact["data"] for fact in foretold["recorded"] if fact["type"] == "ControlBooked")
    assert booked.keys() & {"day", "slot", "control_id"} == set()
    part = {"first": "2026-03-23", "last": "2026-04-29", "spread": "evenly"}
    assert booked["drawn"] == {**part, "possible": 25, "least": 8}, "two thirds of the days"
    assert booked["window"]["last_day"] == "2026-05-19"
    recorded = await control.done(new, {"inspector": BO, "reason": "Leave."})
    booked = next(fact["data"] for fact in recorded["recorded"] if fact["type"] == "ControlBooked")
    assert booked["day"] == day, "another inspector alone draws nothing again"
    chosen = await control.done(
        f"/v1/agreements/{agreement_id}/bookings?dry_run=true", {"day": "2026-04-15"}, name="bo"
    )
    assert chosen["recorded"][0]["data"]["day"] == "2026-04-15", "what an inspector chooses is no secret to him"


@pytest.mark.rule("R11")
async def test_whoever_plans_an_inspection_gets_an_answer_with_its_reason(control: Control) -> None:
    agreement_id = await control.accepted("1003388395")

    async def advice(p_number: str, topic: str, role: Role = Role.INSPECTOR) -> Any:
        query = {"p_number": p_number, "topic": topic}
        return await control.client.get("/v1/inspection-advice", params=query, headers=control.asker(role))

    for included in ("1003388394", "1003388395"):
        told = (await advice(included, "056")).json()
        assert (told["may_inspect"], told["agreement_id"], told["until"]) == (False, str(agreement_id), "2026-06-22")
    assert (await advice("1003388394", "061")).json()["may_inspect"] is True
    assert (await advice("1003388396", "056")).json()["may_inspect"] is True
    assert (await advice("1003388394", "056", Role.COMPANY)).status_code == 403
    await control.done(f"/v1/agreements/{agreement_id}/termination", {"grounds": "Closed."})
    assert (await advice("1003388394", "056")).json()["may_inspect"] is True


async def _in_english(control: Control, agreement_id: UUID) -> Any:
    answer = await control.client.get(
        f"/v1/agreements/{agreement_id}?language=en", headers=control.asker(Role.INSPECTOR)
    )
    return answer.json()


async def _recorded(control: Control, agreement_id: UUID, fact: str) -> None:
    async with asyncio.timeout(10):
        while True:
            async with control.runtime.database.acquire() as connection:
                if await _count(connection, agreement_id, fact):
                    return
            await asyncio.sleep(0.05)


async def _count(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", stream: UUID, fact: str) -> int:
    return int(await connection.fetchval("select count(*) from events where stream = $1 and type = $2", stream, fact))


@pytest.mark.rule("R18")
async def test_a_hidden_day_is_drawn_again_for_a_reason_and_the_company_learns_of_neither(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": True, "text": "Done."}, Role.COMPANY)
    before = booking(await control.once(agreement_id, lambda course: booking(course) is not None))
    seen = await control.course(agreement_id, Role.COMPANY)
    foretold = await control.done(f"{path}/bookings/redraw?dry_run=true", {"reason": "Told by mistake."})
    assert [set(fact["data"]) & {"day", "reason"} for fact in foretold["recorded"]] == [set(), set()]
    await control.done(f"{path}/bookings/redraw", {"reason": "Told by mistake."})
    after = await control.course(agreement_id)
    assert booking(after)["day"] != before["day"]
    assert [one["reason"] for one in after["redraws"]] == ["Told by mistake."]
    assert await control.course(agreement_id, Role.COMPANY) == seen
    assert (await control.post(f"{path}/bookings/redraw", {})).status_code == 422
    assert (await control.post(f"{path}/bookings/redraw", {"reason": "x"}, Role.COMPANY)).status_code == 403
