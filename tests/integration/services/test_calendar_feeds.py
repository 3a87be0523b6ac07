"""Calendar feeds over HTTP: who gets a secret address, what is read there, and that it stays secret (R17, R18, R42)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event as ReadEvent

from services.control.people.rules.listing import ListPerson, NoteLeaving
from services.control.people.rules.person_decider import PERSON, Command, person_stream
from shared.contracts.vocabulary import Centre, PersonDescription, PersonRole, Reachable
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.http.tokens import Role, pseudonym
from tests.integration.services.calendars import ANNA, booked, listed
from tests.integration.services.control_running import CVR, NOW, Control, found

pytestmark = pytest.mark.rule("R17", "R42")
OWN = f"/v1/people/{ANNA}/calendar-feed"
OF_CENTRE = "/v1/centres/east/calendar-feed"
ANNA_LEADS = pseudonym(Role.LEADER, "anna")


async def sent(control: Control, method: str, path: str, role: Role = Role.INSPECTOR, **more: Any) -> httpx.Response:
    headers = {**control.asker(role, name=more.pop("name", "anna")), "Idempotency-Key": more.pop("key", str(uuid4()))}
    return await control.client.request(method, path, headers=headers, **more)


async def opened(control: Control, path: str = OWN, role: Role = Role.INSPECTOR) -> str:
    answer = await sent(control, "POST", path, role)
    assert answer.status_code in (200, 201), answer.text
    address: str = answer.json()["path"]
    return address


async def read(control: Control, address: str, **headers: str) -> httpx.Response:
    """As a calendar program does: without any token but the address."""
    return await control.client.get(address, headers=headers)


async def shown(control: Control, address: str) -> list[ReadEvent]:
    answer = await read(control, address)
    assert answer.status_code == 200, answer.text
    return list(IcsCalendarStream.calendar_from_ics(answer.text).events)


def by_case(events: list[ReadEvent]) -> dict[str, ReadEvent]:
    """By the end of the agreement's id, which is all that an entry says of the case."""
    assert all(str(event.summary).startswith("Kontrol, sag ") for event in events)
    return {str(event.summary).removeprefix("Kontrol, sag "): event for event in events}


async def noted(control: Control, person: str, *commands: Command) -> None:
    for command in commands:
        metadata = Metadata(uuid4(), "test")
        intent = Intent(PERSON, person_stream(person), command)
        await execute(control.runtime.store, [intent], at=NOW, metadata=metadata)


def leader(centre: Centre = Centre.EAST) -> ListPerson:
    told = PersonDescription(roles=(PersonRole.LEADER,), centre=centre, leads=centre)
    return ListPerson(NOW, "operator", ANNA_LEADS, told, Reachable())


async def test_a_feed_that_is_read_again_moves_and_strikes_out_what_a_calendar_program_has(control: Control) -> None:
    await listed(control, ANNA, Centre.EAST)
    address = await opened(control)
    assert await shown(control, address) == []
    moved, dropped = await booked(control, "2026-07-01", ANNA), await booked(control, "2026-07-02", ANNA)
    await booked(control, "2026-07-01")
    before = by_case(await shown(control, address))
    assert set(before) == {moved[-8:], dropped[-8:]}
    assert CVR not in (await read(control, address)).text

    await control.done(f"/v1/agreements/{moved}/bookings", {"day": "2026-07-03"})
    await control.done(f"/v1/agreements/{dropped}/termination", {"grounds": "Lukket."})
    after = by_case(await shown(control, address))
    assert {case: event.uid for case, event in after.items()} == {case: event.uid for case, event in before.items()}
    of_moved, of_dropped = after[moved[-8:]], after[dropped[-8:]]
    assert (f"{of_moved.dtstart:%d}", of_moved.sequence, of_moved.status) == ("03", 1, "CONFIRMED")
    assert (f"{of_dropped.dtstart:%d}", of_dropped.sequence, of_dropped.status) == ("02", 1, "CANCELLED")
    control.clock.move_to(NOW.replace(month=4, day=21))
    assert {event.uid for event in await shown(control, address)} == {of_moved.uid}


async def test_a_visit_that_a_colleague_took_over_is_cancelled_in_the_one_feed_and_stands_in_the_other(
    control: Control,
) -> None:
    for person in (ANNA, "inspector-east"):
        await listed(control, person, Centre.EAST)
    await noted(control, ANNA_LEADS, leader())
    address, of_centre = await opened(control), await opened(control, OF_CENTRE, Role.LEADER)
    agreement_id = await booked(control, "2026-07-01", ANNA)
    (before,) = await shown(control, address)
    await control.done(f"/v1/agreements/{agreement_id}/inspector", {"inspector": pseudonym(Role.INSPECTOR, "bo")})
    (cancelled,) = await shown(control, address)
    assert (cancelled.uid, cancelled.status, cancelled.sequence) == (before.uid, "CANCELLED", 1)
    (of_all,) = await shown(control, of_centre)
    assert (of_all.uid, of_all.status) == (before.uid, "CANCELLED"), "Bo is not listed in the centre East"
    await listed(control, pseudonym(Role.INSPECTOR, "bo"), Centre.EAST)
    (again,) = await shown(control, of_centre)
    assert (again.uid, again.status, again.sequence) == (before.uid, "CONFIRMED", 1)


async def test_what_was_held_is_shown_for_thirty_days_more(control: Control) -> None:
    await listed(control, ANNA, Centre.EAST)
    address = await opened(control)
    agreement_id = await booked(control, "2026-07-01", ANNA)
    control.clock.move_to(NOW.replace(month=7, day=1))
    await control.done(f"/v1/agreements/{agreement_id}/controls", found())
    control.clock.move_to(NOW.replace(month=7, day=31))
    assert [event.status for event in await shown(control, address)] == ["CONFIRMED"]
    control.clock.move_to(NOW.replace(month=8, day=1))
    assert await shown(control, address) == []


async def test_a_program_that_has_the_feed_already_gets_it_again_only_once_it_differs(control: Control) -> None:
    await listed(control, ANNA, Centre.EAST)
    address = await opened(control)
    agreement_id = await booked(control, "2026-07-01", ANNA)
    first = await read(control, address)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    for known in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": date}):
        again = await read(control, address, **known)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    control.clock.move_to(NOW.replace(hour=10))
    await control.done(f"/v1/agreements/{agreement_id}/bookings", {"day": "2026-07-02"})
    for known in ({"If-None-Match": tag}, {"If-Modified-Since": date}, {"If-Modified-Since": "yesterday"}):
        assert (await read(control, address, **known)).status_code == 200
    assert (await read(control, f"{address}?language=en")).text.count("SUMMARY:Control\\, case") == 1


async def test_an_address_that_holds_no_more_answers_as_one_that_never_was(control: Control) -> None:
    await listed(control, ANNA, Centre.EAST)
    unknown = await read(control, f"/v1/calendar/feeds/{'A' * 43}.ics")
    assert unknown.status_code == 404
    replaced, withdrawn = await opened(control), await opened(control)
    assert [(await read(control, one)).status_code for one in (replaced, withdrawn)] == [404, 200]
    assert (await sent(control, "DELETE", OWN)).status_code == 200
    assert (await sent(control, "DELETE", OWN)).json()["recorded"] == [], "again, it changes nothing"
    left = await opened(control)
    await noted(control, ANNA, NoteLeaving(NOW, "leader", NOW.date()))
    assert (await read(control, left)).status_code == 200, "on the last day, too"
    control.clock.move_to(NOW.replace(day=21))
    await listed(control, ANNA, Centre.EAST)
    for address in (replaced, withdrawn, left, "/v1/calendar/feeds/.ics", "/v1/calendar/feeds/a%00b.ics"):
        answer = await read(control, address)
        assert (answer.status_code, address[20:40] in answer.text) == (404, False), address
    for address in (replaced, withdrawn, left):
        assert (await read(control, address)).json() == unknown.json()


async def test_the_feed_of_a_centre_ends_when_its_leader_does_not_lead_it_any_more(control: Control) -> None:
    refused = await sent(control, "POST", OF_CENTRE, Role.LEADER)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R42")
    await noted(control, ANNA_LEADS, leader())
    address = await opened(control, OF_CENTRE, Role.LEADER)
    assert (await read(control, address)).status_code == 200
    assert (await sent(control, "POST", "/v1/centres/north/calendar-feed", Role.LEADER)).status_code == 403
    await noted(control, ANNA_LEADS, leader(Centre.SOUTH))
    assert (await read(control, address)).status_code == 404
    await noted(control, ANNA_LEADS, leader())
    assert (await read(control, address)).status_code == 200
    assert (await sent(control, "DELETE", OF_CENTRE, Role.OPERATOR)).status_code == 200
    assert (await read(control, address)).status_code == 404


async def test_a_person_alone_opens_the_own_feed_and_who_leads_the_centre_may_withdraw_it(control: Control) -> None:
    refused = await sent(control, "POST", OWN)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R42"), "nothing would end it"
    await listed(control, ANNA, Centre.EAST)
    await control.stands_in(pseudonym(Role.INSPECTOR, "bo"), ANNA)
    for role, name in ((Role.INSPECTOR, "bo"), (Role.LEADER, "anna"), (Role.SUPPORTER, "anna")):
        assert (await sent(control, "POST", OWN, role, name=name)).status_code == 403
    await listed(control, ANNA, Centre.EAST)
    address = await opened(control)
    assert (await sent(control, "DELETE", OWN, name="bo")).status_code == 403
    assert (await read(control, address)).status_code == 200


async def test_the_address_is_told_once_and_only_its_hash_is_kept(
    control: Control, capfd: pytest.CaptureFixture[str]
) -> None:
    await listed(control, ANNA, Centre.EAST)
    dry = await sent(control, "POST", OWN, params={"dry_run": "true"})
    assert (dry.json()["path"], "token_hash" in dry.text) == (None, False)
    first = await sent(control, "POST", OWN, key="once")
    token = first.json()["path"].removeprefix("/v1/calendar/feeds/").removesuffix(".ics")
    again = await sent(control, "POST", OWN, key="once")
    assert again.json() == {**first.json(), "path": None}
    assert (first.headers["Cache-Control"], again.headers["ETag"]) == ("no-store", first.headers["ETag"])
    for path in (f"/v1/calendar/feeds/{token}.ics", f"/v1/calendar/feeds/{token}", f"/v1/calendar/feeds/{token}.ics/x"):
        for method in ("GET", "PUT"):
            answer = await control.client.request(method, path)
            assert token not in answer.text
    async with control.runtime.database.acquire() as connection:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = current_schema()"
        )
        for (table,) in [tuple(row) for row in tables]:
            rows = await connection.fetch(f"select t::text from {table} t")
            assert not any(token in row["t"] for row in rows), table
    assert token not in "".join(capfd.readouterr())


@pytest.mark.rule("R18")
@pytest.mark.parametrize("role", [Role.COMPANY, Role.PORTAL, Role.PERSONNEL_REGISTER, Role.OPERATOR])
async def test_nobody_outside_of_the_authority_gets_an_address(control: Control, role: Role) -> None:
    await listed(control, ANNA, Centre.EAST)
    for path in (OWN, OF_CENTRE):
        assert (await sent(control, "POST", path, role)).status_code == 403
