"""The directory of people over HTTP: who keeps it, who reads it, and what it refuses (R31, R42)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.control.people.rules.person_decider import person_stream
from shared.contracts.vocabulary import Centre
from shared.http.tokens import LocalIssuer, Role
from tests.integration.services.control_running import Control

pytestmark = pytest.mark.rule("R42")
GRETE = "inspector-grete"
DESCRIBED: dict[str, Any] = {
    "roles": ["inspector"],
    "centre": "east",
    "competences": ["noise", "psychosocial"],
    "working_pattern": [{"weekday": 1, "begins": "08:00", "ends": "15:30"}],
    "visits_per_day": 2,
    "name": "Grete Bisgaard",
    "email": "grete@example.org",
    "phone": "33123456",
}
SHOWN_HOURS = [{"weekday": 1, "begins": "08:00:00", "ends": "15:30:00"}]
OCTOBER = {"first": "2026-10-12", "last": "2026-10-16"}


class Asking:
    """Whoever asks about people."""

    def __init__(self, control: Control, role: Role = Role.OPERATOR, leads: Centre | None = None) -> None:
        self._control = control
        self._token = LocalIssuer(control.state).token(role, "olga", leads=leads)

    async def send(self, method: str, path: str, body: Any = None, match: str | None = "*") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": str(uuid4())}
        if match is not None:
            headers["If-Match"] = match
        return await self._control.client.request(method, path, json=body, headers=headers)

    async def lists(self, person: str = GRETE, match: str | None = "*", **changes: Any) -> httpx.Response:
        return await self.send("PUT", f"/v1/people/{person}", {**DESCRIBED, **changes}, match)

    async def done(self, path: str, body: Any = None) -> Any:
        answer = await self.send("POST", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["recorded"]

    async def read(self, path: str) -> Any:
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def leader(control: Control, centre: Centre) -> Asking:
    return Asking(control, Role.LEADER, centre)


async def test_a_person_is_listed_changed_and_read_by_the_authority(control: Control) -> None:
    operator, inspector = Asking(control), Asking(control, Role.INSPECTOR)
    first = await operator.lists(match=None)
    assert first.status_code == 201, first.text
    assert (first.status_code, [one["type"] for one in first.json()["recorded"]]) == (201, ["PersonListed"])
    assert "Grete" not in first.text, "answers are kept with their keys, where erasing would not reach them"
    again = await operator.lists()
    assert (again.status_code, again.json()["recorded"]) == (200, [])
    changed = await operator.lists(phone="33123457", centre="north")
    assert [one["type"] for one in changed.json()["recorded"]] == ["PersonChanged"]
    person = await inspector.read(f"/v1/people/{GRETE}")
    assert {name: person[name] for name in DESCRIBED} == {
        **DESCRIBED,
        "phone": "33123457",
        "centre": "north",
        "working_pattern": SHOWN_HOURS,
    }
    assert (person["id"], person["status"], person["last_day"]) == (GRETE, "listed", None)


async def test_who_changes_a_person_names_the_version_that_was_read(control: Control) -> None:
    operator = Asking(control)
    assert (await operator.lists(match='"1"')).status_code == 412, "there is nobody yet"
    assert (await operator.lists(match=None)).status_code == 201
    assert (await operator.lists(match=None, centre="south")).status_code == 428
    read = await Asking(control, Role.INSPECTOR).send("GET", f"/v1/people/{GRETE}")
    assert (await operator.lists(match=read.headers["ETag"], centre="south")).status_code == 200
    assert (await operator.lists(match=read.headers["ETag"], centre="north")).status_code == 412


async def test_all_people_come_in_pages(control: Control) -> None:
    operator, inspector = Asking(control), Asking(control, Role.SUPPORTER)
    for number in range(3):
        await operator.lists(f"inspector-{number}", match=None, name=f"Nr. {number}")
    first = await inspector.send("GET", "/v1/people?limit=2")
    assert [one["name"] for one in first.json()] == ["Nr. 0", "Nr. 1"]
    rest = await inspector.send("GET", f"/v1/people?limit=2&cursor={first.headers['Next-Cursor']}")
    assert [one["name"] for one in rest.json()] == ["Nr. 2"]
    assert "Next-Cursor" not in rest.headers


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.PORTAL, Role.PERSONNEL_REGISTER])
async def test_names_are_for_the_authority_alone(control: Control, role: Role) -> None:
    await Asking(control).lists(match=None)
    assert (await Asking(control, role).send("GET", f"/v1/people/{GRETE}")).status_code == 403
    assert (await Asking(control, role).send("GET", "/v1/people")).status_code == 403


async def test_absences_and_stand_ins_are_noted_and_withdrawn(control: Control) -> None:
    operator = Asking(control)
    for person in (GRETE, "inspector-hans"):
        await operator.lists(person, match=None)
    east = leader(control, Centre.EAST)
    (away,) = await east.done(f"/v1/people/{GRETE}/absences", OCTOBER)
    stand_in = {**OCTOBER, "stand_in": "inspector-hans"}
    (named,) = await east.done(f"/v1/people/{GRETE}/stand-ins", stand_in)
    person = await east.read(f"/v1/people/{GRETE}")
    absence_id, stand_in_id = away["data"]["absence_id"], named["data"]["stand_in_id"]
    assert person["absences"] == [{"absence_id": absence_id, **OCTOBER}]
    assert person["stand_ins"] == [{"stand_in_id": stand_in_id, **stand_in}]
    await east.done(f"/v1/people/{GRETE}/absences/{absence_id}/withdrawal")
    await east.done(f"/v1/people/{GRETE}/stand-ins/{stand_in_id}/withdrawal")
    person = await east.read(f"/v1/people/{GRETE}")
    assert (person["absences"], person["stand_ins"]) == ([], [])
    stranger = await east.send("POST", f"/v1/people/{GRETE}/stand-ins", {**OCTOBER, "stand_in": "nobody"})
    assert (stranger.status_code, stranger.json()["rule"]) == (409, "R42")


async def test_who_has_left_is_shown_with_the_last_day(control: Control) -> None:
    await Asking(control).lists(match=None)
    await leader(control, Centre.EAST).done(f"/v1/people/{GRETE}/departure", {"last_day": "2026-12-31"})
    person = await Asking(control, Role.INSPECTOR).read(f"/v1/people/{GRETE}")
    assert (person["status"], person["last_day"], person["name"]) == ("gone", "2026-12-31", "Grete Bisgaard")


async def test_a_leader_keeps_the_people_of_the_own_centre_and_no_others(control: Control) -> None:
    await Asking(control).lists(match=None)
    north, east = leader(control, Centre.NORTH), leader(control, Centre.EAST)
    for answer in (
        await north.send("POST", f"/v1/people/{GRETE}/absences", OCTOBER),
        await north.lists(),
        await east.lists(centre="north"),
        await north.lists("inspector-new"),
        await north.send("PUT", "/v1/centres/east/holidays", {"days": []}),
    ):
        assert answer.status_code == 403
        assert "centre" in answer.json()["detail"]
    assert (await east.lists(competences=[])).status_code == 200
    assert (await Asking(control, Role.INSPECTOR).lists()).status_code == 403


async def test_the_holidays_of_a_centre_are_set_and_read(control: Control) -> None:
    north = leader(control, Centre.NORTH)
    assert (await north.send("PUT", "/v1/centres/north/holidays", {"days": ["2026-12-28"]})).status_code == 201
    found = await Asking(control, Role.INSPECTOR).read("/v1/centres")
    assert {one["centre"]: one["holidays"] for one in found["centres"]} == {
        "north": ["2026-12-28"],
        "east": [],
        "south": [],
        "other": [],
    }


async def test_the_personnel_register_lists_people_by_its_own_token(control: Control) -> None:
    register = Asking(control, Role.PERSONNEL_REGISTER)
    assert (await register.lists()).status_code == 201
    assert [one["type"] for one in (await register.lists(centre="south")).json()["recorded"]] == ["PersonChanged"]
    assert (await register.send("POST", f"/v1/people/{GRETE}/absences", OCTOBER)).status_code == 200


async def test_what_is_wrong_is_refused_all_at_once_and_a_dry_run_records_nothing(control: Control) -> None:
    operator = Asking(control)
    wrong = await operator.lists(roles=["leader"], competences=["music"])
    assert (wrong.status_code, {fault["rule"] for fault in wrong.json()["faults"]}) == (409, {"R42"})
    assert len(wrong.json()["faults"]) == 2
    assert (await operator.lists(centre="west")).status_code == 422
    tried = await operator.send("PUT", f"/v1/people/{GRETE}?dry_run=true", DESCRIBED)
    assert [one["type"] for one in tried.json()["recorded"]] == ["PersonListed"]
    assert (await Asking(control, Role.INSPECTOR).send("GET", f"/v1/people/{GRETE}")).status_code == 404


@pytest.mark.rule("R31")
async def test_erasing_a_person_leaves_the_history_without_a_name(control: Control) -> None:
    operator = Asking(control)
    await operator.lists(match=None)
    erased = await operator.send("POST", "/v1/operations/control/erasures", {"case": None, "person": GRETE})
    assert erased.status_code == 200, erased.text
    person = await Asking(control, Role.INSPECTOR).read(f"/v1/people/{GRETE}")
    assert (person["name"], person["email"], person["phone"], person["centre"]) == (None, None, None, "east")
    assert len((await control.runtime.store.load(person_stream(GRETE))).events) == 1
