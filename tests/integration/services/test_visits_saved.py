"""What could save a visit is proposed to the authority, and is taken only while it stands (R17, R18, R21)."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.lookups.visits_saved import joining
from services.control.planning.rules.holds import HOLD, HoldPlaces, TakePlace
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.turned_into_control import NoteMeeting
from shared.contracts.control import PlacesHeld
from shared.contracts.vocabulary import ContactForm, HeldPlace
from shared.deadlines.copenhagen import start_of
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.errors import StaleVersion
from shared.eventstore.events import Metadata
from shared.http.tokens import Role
from tests.integration.services.calendars import ANNA
from tests.integration.services.control_running import CVR, NOW, Control, booking, found

pytestmark = pytest.mark.rule("R17", "R18", "R21")
HOLD_ON, JOINED = date(2026, 4, 28), "joined-visit"


async def done(control: Control) -> str:
    """An agreement whose company is done, with a hidden control."""
    agreement_id = await control.accepted(inspector=ANNA)
    path = f"/v1/agreements/{agreement_id}"
    await control.done(f"{path}/documentation", {"complete": True, "text": "Done."}, Role.COMPANY)
    await control.once(agreement_id, lambda course: booking(course) is not None)
    return str(agreement_id)


async def proposed(control: Control, agreement_id: str, kind: str) -> list[dict[str, Any]]:
    path = f"/v1/agreements/{agreement_id}/proposals"
    answer = await control.client.get(path, headers=control.asker(Role.INSPECTOR))
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["proposals"] if one["kind"] == kind]


async def chosen(control: Control, agreement_id: str, day: str) -> str:
    await control.done(f"/v1/agreements/{agreement_id}/bookings", {"day": day})
    visit: str = booking(await control.course(UUID(agreement_id)))["control_id"]
    return visit


async def test_a_control_joins_another_visit_to_the_same_unit_while_that_one_stands(control: Control) -> None:
    first, second = await done(control), await done(control)
    visit = await chosen(control, first, "2026-04-28")
    await chosen(control, second, "2026-05-04")
    (proposal,) = await proposed(control, second, JOINED)
    assert (proposal["visit_id"], proposal["day"], proposal["announced"]) == (visit, "2026-04-28", False)
    path = f"/v1/agreements/{second}/proposals/joined-visit"
    stale = await chosen(control, first, "2026-04-29")
    gone = await control.post(path, {"visit_id": visit})
    assert (gone.status_code, gone.json()["rule"]) == (409, "R17")
    recorded = (await control.done(path, {"visit_id": stale}))["recorded"]
    assert [(fact["type"], fact["data"]["joins"]) for fact in recorded] == [("ControlBooked", stale)]
    assert booking(await control.course(UUID(second)))["day"] == "2026-04-29"
    assert await proposed(control, second, JOINED) == []


async def test_a_visit_that_was_held_meanwhile_is_joined_by_nothing(control: Control) -> None:
    first, second = await done(control), await done(control)
    visit = await chosen(control, first, "2026-04-28")
    await chosen(control, second, "2026-05-04")
    assert await proposed(control, second, JOINED) != []
    control.clock.move_to(datetime(2026, 4, 28, 9, tzinfo=UTC))
    await control.done(f"/v1/agreements/{first}/controls", found())
    refused = await control.post(f"/v1/agreements/{second}/proposals/joined-visit", {"visit_id": visit})
    assert (refused.status_code, refused.json()["rule"]) == (409, "R17")
    assert booking(await control.course(UUID(second)))["day"] == "2026-05-04"


async def test_a_proposal_is_not_taken_if_its_visit_is_held_between_look_and_booking(control: Control) -> None:
    first, second = await done(control), await done(control)
    visit = await chosen(control, first, "2026-04-28")
    await chosen(control, second, "2026-05-04")
    course, policy = (await read(control.runtime.store, COURSE, UUID(second))).state, control.runtime.policies.at(NOW)
    assert isinstance(course, Running)
    command, guard = await joining(control.runtime, course, UUID(second), UUID(visit), NOW, policy)
    control.clock.move_to(datetime(2026, 4, 28, 9, tzinfo=UTC))
    await control.done(f"/v1/agreements/{first}/controls", found())
    intent, metadata = Intent(COURSE, UUID(second), command), Metadata(uuid4(), "control")
    with pytest.raises(StaleVersion):
        await execute(control.runtime.store, [intent], at=NOW, metadata=metadata, guards=[guard])
    assert booking(await control.course(UUID(second)))["day"] == "2026-05-04"


async def test_a_booked_meeting_at_the_company_can_become_the_control(control: Control) -> None:
    agreement_id = await done(control)
    meeting = uuid4()
    place = HeldPlace(number=1, day=HOLD_ON, begins=time(8), duration_minutes=180, slot=1)
    told = PlacesHeld(
        agreement_id=UUID(agreement_id),
        meeting_id=meeting,
        cvr=CVR,
        p_number="1003388394",
        topic="056",
        inspector=ANNA,
        form=ContactForm.VISIT,
        first=HOLD_ON,
        last=HOLD_ON,
        possible=1,
        places=(place,),
        held_at=NOW,
        offered_by=ANNA,
        expires_at=start_of(HOLD_ON),
    )
    policy = control.runtime.policies.at(NOW)
    for command in (HoldPlaces(policy, told), TakePlace(NOW, UUID(agreement_id), meeting, ANNA, place)):
        metadata = Metadata(uuid4(), "control")
        await execute(control.runtime.store, [Intent(HOLD, meeting, command)], at=NOW, metadata=metadata)
    (proposal,) = await proposed(control, agreement_id, "meeting-is-control")
    assert (proposal["visit_id"], proposal["reported_back"]) == (str(meeting), True)
    company = await control.client.get(f"/v1/agreements/{agreement_id}/proposals", headers=control.asker(Role.COMPANY))
    assert company.status_code == 403


async def test_a_control_soon_after_guidance_at_the_company_is_held_by_phone_on_its_day(control: Control) -> None:
    agreement_id = await done(control)
    path = f"/v1/agreements/{agreement_id}/proposals/by-phone"
    refused = await control.post(path, {})
    assert (refused.status_code, refused.json()["rule"]) == (409, "R18")
    assert await proposed(control, agreement_id, "by-phone") == []
    note = NoteMeeting(uuid4(), ContactForm.VISIT, NOW)
    intent = Intent(COURSE, UUID(agreement_id), note)
    await execute(control.runtime.store, [intent], at=NOW, metadata=Metadata(uuid4(), "control"))
    assert len(await proposed(control, agreement_id, "by-phone")) == 1
    day = booking(await control.course(UUID(agreement_id)))["day"]
    await control.done(path, {})
    shown = booking(await control.course(UUID(agreement_id)))
    assert (shown["day"], shown["form"]) == (day, "phone")
