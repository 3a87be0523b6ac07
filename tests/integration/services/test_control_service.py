"""The control service on real servers: bookings by itself, calendars that are shared, and what a company sees of it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.rules.course_decider import COURSE
from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import Control, all_sampled_are_booked, booking, found

NEIGHBOUR = "north/teamX1%"


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
    await control.stands_in(pseudonym(Role.INSPECTOR, "anna"), NEIGHBOUR)
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
    await control.once(agreement_id, lambda course: booking(course) is not None)
    early = "2026-04-20"  # the day that was drawn may be the last one of the window
    await control.done(f"{path}/bookings", {"day": early})
    course = await control.once(agreement_id, lambda course: booking(course)["day"] == early)
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


@pytest.mark.rule("R17", "R30")
async def test_a_correction_tells_when_a_control_was_held_and_what_was_not_seen(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}"
    control.clock.move_to(datetime(2026, 4, 1, 9, tzinfo=UTC))
    await control.done(f"{path}/documentation", {"complete": True, "text": "We are done."}, Role.COMPANY)
    await control.once(agreement_id, lambda course: booking(course) is not None)
    control.clock.move_to(datetime(2026, 5, 29, 9, tzinfo=UTC))
    await control.done(f"{path}/controls", found(not_seen="The paint shop.", minutes_spent=90))
    (held,) = (await control.course(agreement_id))["held_controls"]
    correcting = f"{path}/controls/{held['control_id']}/correction"
    told = {**found(), "form": "visit", "reason": "A day earlier.", "not_seen": "The night shift."}
    recorded = await control.done(correcting, {**told, "held_at": "2026-05-28T09:00:00Z"})
    assert [fact["type"] for fact in recorded["recorded"]] == ["ControlCorrected", "DecisionRevoked", "Fulfilled"]
    course = await control.course(agreement_id)
    (corrected,) = course["held_controls"]
    assert (corrected["held_at"], corrected["not_seen"]) == ("2026-05-28T09:00:00Z", "The night shift.")
    assert (corrected["minutes_spent"], course["follow_up_on"]) == (90, "2027-05-28")
    ahead = await control.post(correcting, {**told, "held_at": "2026-05-30T09:00:00Z"})
    assert (ahead.status_code, ahead.json()["rule"]) == (409, "R17")


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
