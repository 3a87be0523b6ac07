"""All visits that stand in calendars between two days, by person, centre and unit (R7, R17, R42)."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.control.planning.lookups.centres import people_of_centre
from services.control.planning.lookups.visits import EVERYBODY, Whose, visits_between
from services.control.planning.rules.visit import Visit, VisitKind
from services.control.rules.after_offer_not_accepted import NoteNotAccepted
from services.control.rules.course_decider import COURSE
from shared.contracts.offers import NotAccepted
from shared.contracts.vocabulary import AgreementKind, Centre
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.http.tokens import Role, pseudonym
from tests.integration.services.calendars import EAST, booked, listed
from tests.integration.services.control_running import CVR, INSPECTOR, NOW, Control, found

pytestmark = pytest.mark.rule("R7", "R17", "R42")
WEEK = date(2026, 6, 29), date(2026, 7, 3)


async def in_calendars(control: Control, first: date, last: date, whose: Whose = EVERYBODY) -> list[Visit]:
    return await visits_between(control.runtime, first, last, control.runtime.policies.at(NOW), whose)


async def test_visits_of_a_week_come_by_day_with_all_that_is_known_of_them(control: Control) -> None:
    second = await booked(control, "2026-07-01", announced=True)
    first = await booked(control, "2026-06-30", EAST)
    await booked(control, "2026-07-06")
    visits = await in_calendars(control, *WEEK)
    assert [(str(one.stream), one.inspector, one.day.isoformat()) for one in visits] == [
        (first, EAST, "2026-06-30"),
        (second, INSPECTOR, "2026-07-01"),
    ]
    shown = visits[1]
    assert (shown.kind, shown.announced, shown.p_number, shown.cvr) == (VisitKind.CONTROL, True, "1003388394", CVR)
    assert (shown.hours.begins.hour, shown.hours.duration_minutes) == (8, 180)
    assert (shown.window.first, shown.window.last, shown.is_late) == (date(2026, 6, 23), date(2026, 8, 21), False)


async def test_visits_are_found_by_person_centre_and_unit(control: Control) -> None:
    await listed(control, EAST, Centre.EAST)
    mine, theirs = await booked(control, "2026-07-01"), await booked(control, "2026-07-01", EAST)
    await listed(control, "inspector-idle", Centre.EAST)
    await listed(control, INSPECTOR, Centre.SOUTH)

    async def streams(**whose: Any) -> list[str]:
        return [str(one.stream) for one in await in_calendars(control, *WEEK, Whose(**whose))]

    assert await streams(inspector=INSPECTOR) == [mine]
    assert await streams(centre=Centre.EAST) == [theirs]
    assert await streams(centre=Centre.NORTH) == []
    assert sorted(await streams(p_number="1003388394")) == sorted([mine, theirs])
    assert await streams(p_number="1003388395") == []
    of_east, known = await people_of_centre(control.runtime, Centre.EAST), control.runtime.people.inspectors
    assert set(of_east) == {EAST, "inspector-idle", *(one for one in known if known[one].centre is Centre.EAST)}


async def test_what_was_held_or_moved_takes_no_time_any_more(control: Control) -> None:
    held = await booked(control, "2026-07-01")
    moved = await booked(control, "2026-07-02")
    await control.done(f"/v1/agreements/{moved}/bookings", {"day": "2026-07-03"})
    control.clock.move_to(NOW.replace(month=7, day=1))
    await control.done(f"/v1/agreements/{held}/controls", found())
    assert [(str(one.stream), one.day.day) for one in await in_calendars(control, *WEEK)] == [(moved, 3)]


async def test_the_inspection_after_a_no_is_a_visit_with_its_own_window(control: Control) -> None:
    await control.stands_in(pseudonym(Role.INSPECTOR, "anna"), INSPECTOR)
    agreement_id = uuid4()
    offer = NotAccepted(kind=AgreementKind.SUSPICION, cvr=CVR, p_number="1003388394", topic="056", inspector=INSPECTOR)
    command = NoteNotAccepted(NOW, control.runtime.policies.at(NOW), agreement_id, "declined", offer)
    metadata = Metadata(uuid4(), "control")
    await execute(control.runtime.store, [Intent(COURSE, agreement_id, command)], at=NOW, metadata=metadata)
    await control.stands_in(pseudonym(Role.INSPECTOR, "anna"), INSPECTOR)
    day = date(2026, 4, 8)
    await control.done(f"/v1/agreements/{agreement_id}/new-inspection", {"day": day.isoformat()}, Role.INSPECTOR)
    (visit,) = await in_calendars(control, date(2026, 3, 20), date(2026, 6, 1))
    assert (visit.kind, visit.stream, visit.day, visit.announced) == (VisitKind.INSPECTION, agreement_id, day, False)
    within = control.runtime.policies.at(NOW).not_accepted.inspection_within_days
    assert (visit.window.last - NOW.date()).days == within
