"""A unit gets another legal entity, or ceases: an open offer, a running agreement, a quarantine that stands (R40)."""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.register import UnitCeased, UnitRegistered
from shared.deadlines.copenhagen import local_day, start_of
from shared.http.tokens import Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import (
    CVR,
    P_NUMBER,
    PHOTO,
    SISTER,
    SISTER_P_NUMBER,
    UNIT,
    control,
    documentation,
    offer,
    play,
)
from tests.integration.system.running_system import RunningSystem, running_system

pytestmark = pytest.mark.rule("R40")
BUYER = "24256790"
THIRD_P_NUMBER = "1003388396"
THIRD = UNIT.model_copy(update={"p_number": THIRD_P_NUMBER})
CONTRACTS = Path(__file__).parents[3] / "docs" / "contracts"
OF_THE_AUTHORITY = {
    "/v1/agreements/{agreement_id}/after-no": "",
    "/v1/agreements/{agreement_id}/bookings/preview": "?deadline=2027-01-04",
    "/v1/agreements/{agreement_id}/bookings/why": "",
    "/v1/agreements/{agreement_id}/proposals": "",
    "/v1/notices/agreements/{agreement_id}": "",
    "/v1/offers/{agreement_id}/call": "",
    "/v1/offers/{agreement_id}/parties": "",
}
"""Questions about a case that no company may ask, with what they need beside it."""
SOLD_ON = date(2026, 3, 16)
SOLD = UNIT.model_copy(update={"cvr": BUYER, "effective_from": SOLD_ON})


async def test_an_open_offer_waits_for_its_inspector_and_is_offered_anew_to_the_buyer(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        buyer = Asker.of(system, Role.COMPANY, BUYER)
        agreement_id = await _delivered(system, P_NUMBER)
        await system.register(SOLD)  # which lies ahead
        await system.time.advance_to(start_of(SOLD_ON) - timedelta(seconds=1))
        assert await _types(inspector, agreement_id) == ["OfferSent", "OfferDelivered", "GuidanceOpened"]

        await system.time.advance_to(start_of(SOLD_ON))
        assert (await _types(inspector, agreement_id)).count("OfferUnitChanged") == 1
        case = (await inspector.get(f"/v1/cases/{agreement_id}")).json()
        assert (case["next"]["step"], case["next"]["by"]) == ("decide_on_changed_unit", "inspector")
        assert case["changed_units"] == [{"p_number": P_NUMBER, "since": SOLD_ON.isoformat(), "ceased": False}]
        assert await _tasks(inspector, agreement_id) == {"unit-changed"}
        changes = (await inspector.get(f"/v1/offers/{agreement_id}")).json()["unit_changes"]
        assert [(one["holds_from"], one["cvr"]) for one in changes] == [(SOLD_ON.isoformat(), BUYER)]
        for path, body in (("acceptance", {"has_read": True}), ("refusal", {})):
            refused = await company.post(f"/v1/offers/{agreement_id}/{path}", body)
            assert (refused.status_code, refused.json()["rule"]) == (409, "R40")
            assert BUYER not in refused.text
            assert (await buyer.post(f"/v1/offers/{agreement_id}/{path}", body)).status_code == 404
        for path in ("/v1/offers/{}", "/v1/cases/{}"):
            assert BUYER not in (await company.get(path.format(agreement_id))).text

        await system.time.advance_to(start_of(SOLD_ON) + timedelta(days=90))
        types = await _types(inspector, agreement_id)
        assert types.count("OfferUnitChanged") == 1
        assert {"Lapsed", "OfferNotAcceptedNoted", "NewInspectionBooked", "OfferUnansweredHalfway"} & set(
            types
        ) == set()

        withdrawal = await inspector.post(f"/v1/offers/{agreement_id}/withdrawal", {"reason": "Enheden er solgt."})
        assert withdrawal.status_code == 200, withdrawal.text
        anew = await inspector.post("/v1/offers", {**offer(), "cvr": BUYER})
        assert anew.status_code == 201, anew.text
        await system.time.settle()
        assert await _tasks(inspector, agreement_id) == set()


async def test_a_running_agreement_is_told_and_no_control_books_itself_at_a_unit_that_ceased(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT, SISTER)
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        agreement_id = await _delivered(system, P_NUMBER)
        other_id = await _delivered(system, SISTER_P_NUMBER)
        for accepted in (agreement_id, other_id):
            answer = await company.post(f"/v1/offers/{accepted}/acceptance", {"has_read": True})
            assert answer.status_code == 200, answer.text
        await system.time.settle()
        today = local_day(system.time.clock.now())
        ceased = UnitCeased(p_number=P_NUMBER, effective_from=today)
        await system.register(ceased)
        await system.register(ceased)  # told again
        await system.time.settle()
        types = await _types(inspector, agreement_id)
        assert types.count("AgreementUnitChanged") == 1
        assert "unit-changed" in await _tasks(inspector, agreement_id)
        assert "unit-changed" not in await _tasks(inspector, other_id)
        agreement = (await inspector.get(f"/v1/agreements/{agreement_id}")).json()
        assert [one["ceased"] for one in agreement["unit_changes"]] == [True]
        deadline = datetime.fromisoformat(agreement["compliance_deadline"]["ends_at"])
        await system.time.advance_to(deadline + timedelta(days=1))
        assert "ControlBooked" not in await _types(inspector, agreement_id)
        assert "ControlBooked" in await _types(inspector, other_id)
        nothing_new = await inspector.post("/v1/offers", {**offer(), "topic": "061"})
        assert (nothing_new.status_code, nothing_new.json()["rule"]) == (409, "R40")


async def test_after_a_no_the_inspector_is_told_and_decides_what_becomes_of_the_inspection(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    """R7, R40: as of a running agreement, until the investigation is concluded; then nothing is told any more."""
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        agreement_id = await _delivered(system, P_NUMBER)
        declined = await company.post(f"/v1/offers/{agreement_id}/refusal", {})
        assert declined.status_code == 200, declined.text
        await system.time.settle()
        after_no = f"/v1/agreements/{agreement_id}/after-no"
        booked = (await inspector.get(after_no)).json()["new_inspection"]["day"]
        today = local_day(system.time.clock.now())
        await system.register(UnitCeased(p_number=P_NUMBER, effective_from=today))
        await system.time.settle()
        assert (await _types(inspector, agreement_id)).count("AgreementUnitChanged") == 1
        assert {"unit-changed", "inspection-to-hold"} <= await _tasks(inspector, agreement_id)
        case = (await inspector.get(f"/v1/cases/{agreement_id}")).json()
        assert case["changed_units"] == [{"p_number": P_NUMBER, "since": today.isoformat(), "ceased": True}]
        shown = (await inspector.get(after_no)).json()
        assert [one["ceased"] for one in shown["unit_changes"]] == [True]
        assert shown["new_inspection"]["day"] == booked, "what was booked stands until the inspector decides"

        await system.time.advance_to(start_of(date.fromisoformat(booked)) + timedelta(hours=12))
        concluded = await inspector.post(
            f"/v1/agreements/{agreement_id}/investigation-result",
            {"outcome": "no_violation", "findings": "Ingen er der."},
        )
        assert concluded.status_code == 200, concluded.text
        await system.time.settle()
        assert await _tasks(inspector, agreement_id) == set()
        again = local_day(system.time.clock.now())
        await system.register(UNIT.model_copy(update={"cvr": BUYER, "effective_from": again}))
        await system.time.settle()
        assert (await _types(inspector, agreement_id)).count("AgreementUnitChanged") == 1


async def test_the_buyer_is_shown_the_quarantine_of_its_unit_with_the_reason_and_without_the_case(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT, THIRD)
        inspector, buyer = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, BUYER)
        seller = Asker.of(system, Role.COMPANY, CVR)
        steps = [step async for step in play(system, "violation")]
        agreement_id = steps[0]
        asked = f"/v1/quarantines?cvr={BUYER}&p_number={P_NUMBER}&language=en"
        assert (await buyer.get(asked)).json() == []
        tomorrow = local_day(system.time.clock.now()) + timedelta(days=1)
        await system.register(UNIT.model_copy(update={"cvr": BUYER, "effective_from": tomorrow}))
        assert (await buyer.get(asked)).json() == [], "by the day, not by the arrival"
        assert (await buyer.get(f"/v1/companies/{BUYER}")).json()["quarantines"] == []

        await system.time.advance_to(start_of(tomorrow))
        (shown,) = (await buyer.get(asked)).json()
        assert (shown["because_of"], shown["cvr"], shown["reason"]) == (None, None, "breach_of_former_owner")
        assert "keeps its quarantine" in shown["why"]
        by_unit = f"/v1/quarantines?p_number={P_NUMBER}&language=en"
        assert (await buyer.get(by_unit)).json() == [shown], "the unit alone names its legal entity of today"
        assert (await seller.get(by_unit)).status_code == 404
        (listed,) = (await buyer.get(f"/v1/companies/{BUYER}")).json()["quarantines"]
        assert (listed["agreement_id"], listed["p_number"]) == (None, P_NUMBER)
        assert listed["ends_at"] == shown["ends_at"]
        for path in (asked, f"/v1/companies/{BUYER}", "/v1/cases"):
            text = (await buyer.get(path)).text
            assert agreement_id not in text
            assert CVR not in text
        assert (await buyer.get(f"/v1/cases/{agreement_id}")).status_code == 404
        (own,) = (await seller.get(f"/v1/quarantines?cvr={CVR}&p_number={P_NUMBER}")).json()
        assert (own["because_of"], own["reason"]) == (agreement_id, "breach")
        refused = await inspector.post("/v1/offers", {**offer(), "cvr": BUYER})
        assert (refused.status_code, refused.json()["rule"]) == (409, "R8")


async def test_carried_over_each_owner_sees_its_own_part_on_every_read_path(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        inspector, seller = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        buyer = Asker.of(system, Role.COMPANY, BUYER)
        former = await _accepted_and_documented(system, seller)
        deadline = (await seller.get(f"/v1/agreements/{former}")).json()["compliance_deadline"]
        today = local_day(system.time.clock.now())
        await system.register(UNIT.model_copy(update={"cvr": BUYER, "effective_from": today}))
        await system.time.settle()
        before = {path: (await seller.get(path)).json() for path in _paths_of(former)}

        offered = await inspector.post("/v1/offers", {**offer(), "cvr": BUYER, "carries_over": former})
        assert offered.status_code == 201, offered.text
        goes_on: str = offered.json()["id"]
        twice = await inspector.post("/v1/offers", {**offer(), "cvr": BUYER, "carries_over": former})
        assert (twice.status_code, twice.json()["rule"]) == (409, "R8")
        await system.people.portal().do("offers", f"/v1/offers/{goes_on}/delivery", {"delivered": True})
        await system.time.settle()
        assert (await inspector.get(f"/v1/cases/{former}")).json()["status"] != "terminated", "not before the consent"
        consent = await buyer.post(f"/v1/offers/{goes_on}/acceptance", {"has_read": True})
        assert consent.status_code == 200, consent.text
        await system.time.settle()

        ended = (await inspector.get(f"/v1/cases/{former}")).json()
        assert (ended["status"], ended["termination_reason"]) == ("terminated", "changed-owner")
        assert await _tasks(inspector, former) == set()
        assert [one["case_id"] for one in ended["related"]] == [goes_on]
        agreement = (await buyer.get(f"/v1/agreements/{goes_on}")).json()
        assert agreement["compliance_deadline"]["last_day"] == deadline["last_day"]
        assert [place["p_number"] for place in agreement["matrix"]] == [P_NUMBER]
        assert agreement["documentation"] == []
        another = await inspector.post("/v1/offers", {**offer(), "cvr": BUYER})
        assert (another.status_code, another.json()["rule"]) == (409, "R8"), "the topic is taken still"

        for mine, me, theirs, them in ((former, seller, goes_on, BUYER), (goes_on, buyer, former, CVR)):
            for path in _paths_of(mine):
                answer = await me.get(path)
                assert answer.status_code == 200, (path, answer.text)
                assert theirs not in answer.text, path
                assert them not in answer.text, path
            for path in _paths_of(theirs):
                assert (await me.get(path)).status_code == 404, path
            for case in (mine, theirs):
                for path, query in OF_THE_AUTHORITY.items():
                    hidden = await me.get(path.format(agreement_id=case) + query)
                    assert hidden.status_code in (403, 404), (path, hidden.text)
            for path in _lists_of(CVR if me is seller else BUYER):
                answer = await me.get(path)
                assert answer.status_code in (200, 403), (path, answer.text)
                assert theirs not in answer.text, path
                assert them not in answer.text, path
            photo = f"/v1/offers/{theirs}/attachments/{PHOTO['sha256']}"
            assert (await me.get(photo)).status_code == 404
        for path, told in before.items():
            now = (await seller.get(path)).json()
            kept = {name: now[name] for name in ("documentation", "measures", "places", "meetings") if name in told}
            assert kept == {name: told[name] for name in kept}, "the former owner reads up to that day"


async def test_a_spread_agreement_of_which_one_buyer_has_all_units_goes_on_with_it_to_the_end(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    """R40, R10: the buyer names the places; the deadline goes on, and the former owner's agreement ends."""
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT, SISTER)
        inspector, seller = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        buyer = Asker.of(system, Role.COMPANY, BUYER)
        former = await _spread(system, seller, CVR)
        deadline = (await seller.get(f"/v1/agreements/{former}")).json()["compliance_deadline"]
        await _sell(system, UNIT, SISTER)
        offered = await _delivered_to(system, {**SPREAD, "cvr": BUYER, "carries_over": former})
        too_few = {"has_read": True, "includes": [{"p_number": P_NUMBER, "department": "Lager"}]}
        refused = await buyer.post(f"/v1/offers/{offered}/acceptance", too_few)
        assert refused.status_code == 409, refused.text
        assert SISTER_P_NUMBER in refused.text
        assert former not in refused.text
        await _accept(system, buyer, offered, {"p_number": SISTER_P_NUMBER})
        assert await _ended(inspector, former) == ("terminated", "changed-owner")
        goes_on = (await buyer.get(f"/v1/agreements/{offered}")).json()
        assert goes_on["compliance_deadline"]["last_day"] == deadline["last_day"]
        assert [place["p_number"] for place in goes_on["matrix"]] == [P_NUMBER, SISTER_P_NUMBER]
        assert {"unit-changed", "conflict-to-look-into"} & await _tasks(inspector, offered) == set()
        await _control_all(system, inspector, buyer, offered)
        assert await _ended(inspector, offered) == ("fulfilled", None)


async def test_where_only_some_units_were_sold_the_agreement_is_ended_and_each_owner_offered_a_new_one(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    """R40, R14: what the refusal tells the inspector to do leads to the end for both owners."""
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT, SISTER)
        inspector, seller = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        buyer = Asker.of(system, Role.COMPANY, BUYER)
        former = await _spread(system, seller, CVR)
        await _sell(system, SISTER)
        assert "unit-changed" in await _tasks(inspector, former)
        at_the_sold = {**SPREAD, "cvr": BUYER, "p_number": SISTER_P_NUMBER}
        for carried in (at_the_sold, {**SPREAD, "cvr": BUYER}):
            refused = await inspector.post("/v1/offers", {**carried, "carries_over": former})
            assert (refused.status_code, refused.json()["rule"]) == (409, "R40"), refused.text
            assert "End the agreement, and make a new offer" in refused.text
        grounds = {"grounds": "En produktionsenhed har fået ny ejer.", "reason": "changed-owner"}
        ended = await inspector.post(f"/v1/agreements/{former}/termination", grounds)
        assert ended.status_code == 200, ended.text
        await system.time.settle()
        assert await _tasks(inspector, former) == set()

        of_seller = await _delivered_to(system, SPREAD)
        of_buyer = await _delivered_to(system, {**offer(SISTER_P_NUMBER), "cvr": BUYER})
        await _accept(system, seller, of_seller, {"p_number": P_NUMBER, "department": "Lager"})
        await _accept(system, buyer, of_buyer)
        for company, agreement_id in ((seller, of_seller), (buyer, of_buyer)):
            await _control_all(system, inspector, company, agreement_id)
            assert await _ended(inspector, agreement_id) == ("fulfilled", None)


SPREAD = {
    **offer(),
    "kind": "spread",
    "department": "Køkken",
    "grounds": {
        "violation": "found",
        "concrete": True,
        "material": True,
        "reaction_due": "order_with_deadline",
        "exists_elsewhere": True,
        "can_be_carried_over": True,
    },
}
"""R2: an offer of a spread agreement."""


async def _spread(system: RunningSystem, company: Asker, cvr: str) -> str:
    """A spread agreement over two units."""
    agreement_id = await _delivered_to(system, {**SPREAD, "cvr": cvr})
    await _accept(system, company, agreement_id, {"p_number": SISTER_P_NUMBER})
    return agreement_id


async def _sell(system: RunningSystem, *units: UnitRegistered) -> None:
    today = local_day(system.time.clock.now())
    await system.register(*(one.model_copy(update={"cvr": BUYER, "effective_from": today}) for one in units))
    await system.time.settle()


async def _delivered_to(system: RunningSystem, body: dict[str, Any]) -> str:
    offered = await system.people.inspector("anna").do("offers", "/v1/offers", body)
    agreement_id: str = offered["id"]
    await system.people.portal().do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    await system.time.settle()
    return agreement_id


async def _accept(system: RunningSystem, company: Asker, agreement_id: str, *included: dict[str, Any]) -> None:
    body = {"has_read": True, "includes": included}
    accepted = await company.post(f"/v1/offers/{agreement_id}/acceptance", body)
    assert accepted.status_code == 200, accepted.text
    await system.time.settle()


async def _control_all(system: RunningSystem, inspector: Asker, company: Asker, agreement_id: str) -> None:
    """The company is done, and no control finds a violation."""
    done = await company.post(f"/v1/agreements/{agreement_id}/documentation", {"complete": True, "text": "Udført."})
    assert done.status_code == 200, done.text
    await system.time.settle()
    agreement = (await inspector.get(f"/v1/agreements/{agreement_id}")).json()
    for place in agreement["matrix"]:
        found = {**control(agreement, "no_violation"), "place_id": place["place_id"]}
        held = await inspector.post(f"/v1/agreements/{agreement_id}/controls", found)
        assert held.status_code == 200, held.text
    await system.time.settle()


async def _ended(inspector: Asker, agreement_id: str) -> tuple[str, str | None]:
    case = (await inspector.get(f"/v1/cases/{agreement_id}")).json()
    return case["status"], case["termination_reason"]


def _paths_of(agreement_id: str) -> list[str]:
    """Every question about one case that there is, by the published documents."""
    documents = [json.loads(file.read_text("utf-8")) for file in sorted(CONTRACTS.glob("openapi-*.json"))]
    asked = [
        path
        for document in documents
        for path, operations in document["paths"].items()
        if "get" in operations and set(re.findall(r"{(\w+)}", path)) in ({"agreement_id"}, {"case_id"})
    ]
    assert {"/v1/offers/{agreement_id}", "/v1/agreements/{agreement_id}", "/v1/cases/{case_id}"} <= set(asked)
    for_companies = [path for path in asked if path not in OF_THE_AUTHORITY]
    return [re.sub(r"{\w+}", agreement_id, path) for path in for_companies]


def _lists_of(cvr: str) -> list[str]:
    """Every question that names no case, as a company asks it about itself."""
    documents = [json.loads(file.read_text("utf-8")) for file in sorted(CONTRACTS.glob("openapi-*.json"))]
    asked = [
        path
        for document in documents
        for path, operations in document["paths"].items()
        if "get" in operations and set(re.findall(r"{(\w+)}", path)) <= {"cvr"}
        if not path.startswith(("/v1/operations", "/health", "/metrics"))
    ]
    needed = {
        "/v1/quarantines": f"?cvr={cvr}&p_number={P_NUMBER}",
        "/v1/inspection-advice": f"?p_number={P_NUMBER}&topic=056",
        "/v1/search": f"?q={P_NUMBER}",
        "/v1/search/units": f"?q={P_NUMBER}",
        "/v1/calendar": "?period=2026-07",
        "/v1/calendar/centres": "?period=2026-07",
        "/v1/calendar/free": "?period=2026-07&person=anna",
        "/v1/calendar/load": "?period=2026-07",
    }
    return [path.replace("{cvr}", cvr) + needed.get(path, "") for path in asked]


async def _accepted_and_documented(system: RunningSystem, company: Asker) -> str:
    agreement_id = await _delivered(system, P_NUMBER)
    accepted = await company.post(f"/v1/offers/{agreement_id}/acceptance", {"has_read": True})
    assert accepted.status_code == 200, accepted.text
    await system.time.settle()
    part = {**documentation(), "complete": False}
    documented = await company.post(f"/v1/agreements/{agreement_id}/documentation", part)
    assert documented.status_code == 200, documented.text
    await system.time.settle()
    return agreement_id


async def _delivered(system: RunningSystem, p_number: str) -> str:
    offered = await system.people.inspector("anna").do("offers", "/v1/offers", offer(p_number))
    agreement_id: str = offered["id"]
    await system.people.portal().do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    await system.time.settle()
    return agreement_id


async def _types(asker: Asker, agreement_id: str) -> list[str]:
    case: dict[str, Any] = (await asker.get(f"/v1/cases/{agreement_id}")).json()
    return [entry["type"] for entry in case["timeline"]]


async def _tasks(asker: Asker, agreement_id: str) -> set[str]:
    tasks = (await asker.get(f"/v1/tasks?case_id={agreement_id}")).json()["tasks"]
    return {task["kind"] for task in tasks}
