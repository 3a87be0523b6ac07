"""The daily look at a centre: it finds windows at risk in its calendars, tells them once, and lists them (R17, R18)."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.control.lookups.daily_looks import daily_look
from services.control.people.rules.absences import NoteAway, WithdrawAway
from services.control.people.rules.centre_holidays import CENTRE, centre_stream
from services.control.people.rules.person_decider import PERSON, person_stream
from services.control.planning.lookups.looks_at_windows import begin_looks
from shared.contracts.control import WindowAtRisk, WindowSafeAgain
from shared.contracts.vocabulary import Centre, Span
from shared.deadlines.copenhagen import local_day, start_of
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.events import Event, Metadata
from shared.http.tokens import Role
from tests.integration.services.calendars import ANNA, EAST, listed
from tests.integration.services.control_running import NOW, Control

pytestmark = pytest.mark.rule("R17")
COLLEAGUE = "inspector-east-2"
ABSENCE = uuid4()
ALL_BUT_TWO_DAYS = Span(first=date(2026, 6, 23), last=date(2026, 8, 19))
"""Of the window from 23 June to 21 August."""


async def told(control: Control, *intents: Intent[Any, Any]) -> None:
    await execute(control.runtime.store, intents, at=NOW, metadata=Metadata(uuid4(), "test"))


async def away(control: Control, person: str) -> None:
    await told(control, Intent(PERSON, person_stream(person), NoteAway(NOW, "leader", ABSENCE, ALL_BUT_TWO_DAYS)))


async def facts_of(control: Control, stream: UUID) -> list[Event]:
    recorded = (await control.runtime.store.load(stream)).events
    return [one.event for one in recorded if isinstance(one.event, WindowAtRisk | WindowSafeAgain)]


async def asked(control: Control, role: Role = Role.INSPECTOR, status: int = 200, **query: str) -> Any:
    answer = await control.client.get("/v1/calendar/at-risk", params=query, headers=control.asker(role))
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_third_of_three_visits_on_two_days_is_at_risk_and_is_told_once(control: Control) -> None:
    """R17: four places are left in the window. Once two visits have theirs, two are left for the third."""
    await listed(control, EAST, Centre.EAST)
    await listed(control, COLLEAGUE, Centre.EAST)
    await away(control, EAST)
    courses = [await control.accepted(inspector=EAST) for _ in range(3)]
    looked = await daily_look(control.runtime, Centre.EAST, NOW)
    assert (looked.windows, looked.next_at is not None) == (3, True)
    last = max(courses)
    (found,) = await facts_of(control, last)
    assert isinstance(found, WindowAtRisk)
    assert (found.risk, found.places_left, found.last_day) == ("few-places", 2, date(2026, 8, 21))
    ways = {one.way.value: one for one in found.would_make_room}
    assert (ways["colleague"].inspector, ways["colleague"].places) == (COLLEAGUE, 3)
    assert ways["visit-given-up"].agreement_id in set(courses)
    assert ways["later-day"].day == date(2026, 8, 24)
    assert "season" in ways["later-day"].late_reason_codes
    before = [await facts_of(control, one) for one in courses]
    await daily_look(control.runtime, Centre.EAST, NOW + timedelta(hours=1))
    assert [await facts_of(control, one) for one in courses] == before, "a second look finds nothing new"


async def test_a_window_is_safe_again_when_the_absence_is_withdrawn(control: Control) -> None:
    await listed(control, EAST, Centre.EAST)
    await away(control, EAST)
    courses = [await control.accepted(inspector=EAST) for _ in range(3)]
    await daily_look(control.runtime, Centre.EAST, NOW)
    assert [one["agreement_id"] for one in await asked(control)] == [str(max(courses))]
    await told(control, Intent(PERSON, person_stream(EAST), WithdrawAway(NOW, "leader", ABSENCE)))
    await daily_look(control.runtime, Centre.EAST, NOW + timedelta(hours=1))
    assert isinstance((await facts_of(control, max(courses)))[-1], WindowSafeAgain)
    assert await asked(control) == []


async def test_a_control_that_is_held_today_is_not_looked_at(control: Control) -> None:
    await listed(control, ANNA, Centre.EAST)
    held_today, _ = [await control.accepted(inspector=ANNA) for _ in range(2)]
    await control.done(f"/v1/agreements/{held_today}/bookings", {"day": "2026-06-24"})
    looked = [await daily_look(control.runtime, Centre.EAST, start_of(date(2026, 6, day))) for day in (23, 24, 25)]
    assert [one.windows for one in looked] == [2, 1, 2], "a day later it was not held, and needs another day"


@pytest.mark.rule("R18", "R42")
async def test_windows_at_risk_are_listed_for_the_authority_by_person_and_centre(control: Control) -> None:
    await listed(control, EAST, Centre.EAST)
    await away(control, EAST)
    for _ in range(5):
        await control.accepted(inspector=EAST)
    await daily_look(control.runtime, Centre.EAST, NOW)
    for role in (Role.INSPECTOR, Role.LEADER):
        shown = await asked(control, role, centre="east")
        assert {one["inspector"] for one in shown} == {EAST}
        assert [one["risk"] for one in shown] == ["few-places", "few-places", "impossible"]
        assert all(one["would_make_room"] for one in shown)
    assert len(await asked(control, person=EAST)) == 3
    assert await asked(control, person=COLLEAGUE) == await asked(control, centre="north") == []
    page = await asked(control, limit="2")
    assert page == (await asked(control))[:2]
    await asked(control, Role.COMPANY, 403)


async def test_every_working_day_a_timer_looks_and_stops_where_nothing_is_awaited(control: Control) -> None:
    """R17, R28: the looks begin with an acceptance, under a policy that wants them."""
    await listed(control, EAST, Centre.EAST)
    policy = control.runtime.policies.at(NOW)
    assert begin_looks(NOW, policy) == []
    looks = policy.planning.model_copy(update={"looks_at_windows": True})
    await told(control, *begin_looks(NOW, policy.model_copy(update={"planning": looks})))
    await away(control, EAST)
    for _ in range(3):
        await control.accepted(inspector=EAST)

    async def next_looks() -> dict[Centre, Any]:
        states = {one: (await read(control.runtime.store, CENTRE, centre_stream(one))).state for one in Centre}
        return {one: state.look and state.look.next_look_at for one, state in states.items()}

    control.clock.move_to(NOW + timedelta(days=3))
    async with asyncio.timeout(20):
        while (await next_looks())[Centre.NORTH] is not None or not await asked(control):
            await asyncio.sleep(0.05)
    looks_left = await next_looks()
    assert looks_left[Centre.EAST] is not None
    assert local_day(looks_left[Centre.EAST]) == date(2026, 3, 24), "the look of Monday was made"
    state = (await read(control.runtime.store, CENTRE, centre_stream(Centre.EAST))).state
    assert state.look is not None
    assert (state.look.windows, state.look.at_risk) == (3, 1)
