"""How it looked then and now: the offer's observations and photos beside the controls', over HTTP (complaint 4)."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.courses import at
from deploy.demo.rules.rule_scenario import spread
from shared.http.tokens import Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, SISTER, SISTER_P_NUMBER, UNIT, offer
from tests.integration.system.running_system import RunningSystem, running_system

OTHER_CVR = "24256790"
THEN = {"name": "then.jpg", "sha256": "0a" * 32, "media_type": "image/jpeg", "size_bytes": 10}
NOW = {"name": "now.png", "sha256": "0b" * 32, "media_type": "image/png", "size_bytes": 20}
FOUND = {
    "outcome": "no_violation",
    "judged_by": ["seen_in_use"],
    "spoke_with": ["manager"],
    "findings": "The lift is used.",
    "not_seen": "The night shift.",
    "photos": [NOW],
}


@pytest.mark.rule("R1", "R18", "R20")
async def test_the_offer_and_its_controls_stand_side_by_side_for_whoever_may_know_of_them(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT, SISTER)
        agreement_id = await _accepted(system)
        path = f"/v1/agreements/{agreement_id}/then-and-now"
        inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
        for asker in (inspector, company):
            seen = (await asker.get(path)).json()
            assert (seen["then"], seen["now"]) == (_then(agreement_id, seen), [])
            assert seen["then"]["seen_at"].startswith("2026-03-02")
        places = await _a_hidden_booking_is_told_nowhere(system, agreement_id, path)
        for number, place in enumerate(places):
            await _control(system, agreement_id, place, f"Control {number + 1}.")
            for asker in (inspector, company):
                seen = (await asker.get(path)).json()
                assert seen["then"] == _then(agreement_id, seen), "then stays as it was"
                assert [(one["place_id"], one["findings"]) for one in seen["now"]] == [
                    (told, f"Control {order + 1}.") for order, told in enumerate(places[: number + 1])
                ]
        for one in seen["now"]:
            assert (one["outcome"], one["not_seen"]) == ("no_violation", "The night shift.")
            href = f"/v1/agreements/{agreement_id}/attachments/{NOW['sha256']}"
            assert one["photos"] == [{"name": "now.png", "media_type": "image/png", "href": href}]
        await _others_see_nothing(system, agreement_id)


def _then(agreement_id: str, seen: Any) -> dict[str, Any]:
    return {
        "seen_at": seen["then"]["seen_at"],
        "observations": "The boxes are lifted by hand.",
        "photos": [
            {
                "name": "then.jpg",
                "media_type": "image/jpeg",
                "href": f"/v1/offers/{agreement_id}/attachments/{THEN['sha256']}",
            }
        ],
    }


async def _accepted(system: RunningSystem) -> str:
    """A spread agreement of two units, both of which are controlled."""
    inspector, company, portal = system.people.inspector("anna"), system.people.company(CVR), system.people.portal()
    body = {
        **offer(),
        "kind": "spread",
        "grounds": spread(),
        "observations": "The boxes are lifted by hand.",
        "photos": [THEN],
    }
    sent = await inspector.do("offers", "/v1/offers", body)
    agreement_id: str = sent["id"]
    before = await Asker.of(system, Role.INSPECTOR).get(f"/v1/agreements/{agreement_id}/then-and-now")
    assert before.status_code == 404, "an offer is no agreement yet"
    await portal.do("offers", f"/v1/offers/{agreement_id}/delivery", {"delivered": True})
    answer = {"has_read": True, "includes": [{"p_number": SISTER_P_NUMBER}]}
    await company.do("offers", f"/v1/offers/{agreement_id}/acceptance", answer)
    await system.time.settle()
    return agreement_id


async def _a_hidden_booking_is_told_nowhere(system: RunningSystem, agreement_id: str, path: str) -> list[str]:
    """R18: two unannounced controls are booked, and the company's answer is the same to the byte; their places."""
    company = Asker.of(system, Role.COMPANY, CVR)
    before = await company.get(path)
    await system.people.company(CVR).do(
        "control", f"/v1/agreements/{agreement_id}/documentation", {"complete": True, "text": "Done."}
    )
    await system.time.settle()
    course = (await Asker.of(system, Role.INSPECTOR).get(f"/v1/agreements/{agreement_id}")).json()
    booked = [row for row in course["matrix"] if row["control"] is not None]
    assert len(booked) == 2
    after = await company.get(path)
    assert (after.status_code, after.text) == (before.status_code, before.text)
    days = [row["control"]["day"] for row in booked]
    await system.time.advance_to(at(date.fromisoformat(max(days))))
    return [row["place_id"] for row in booked]


async def _control(system: RunningSystem, agreement_id: str, place: str, findings: str) -> None:
    body = {**FOUND, "place_id": place, "findings": findings}
    await system.people.inspector("anna").do("control", f"/v1/agreements/{agreement_id}/controls", body)


async def _others_see_nothing(system: RunningSystem, agreement_id: str) -> None:
    """The very answer that they get about a case that does not exist."""
    nothing = str(uuid4())
    for role, cvr in ((Role.COMPANY, OTHER_CVR), (Role.PORTAL, None), (Role.OPERATOR, None)):
        asker = Asker.of(system, role, cvr)
        hidden = await asker.get(f"/v1/agreements/{agreement_id}/then-and-now")
        unknown = await asker.get(f"/v1/agreements/{nothing}/then-and-now")
        assert hidden.status_code == 404
        assert hidden.text == unknown.text.replace(nothing, agreement_id)
    assert (await Asker(system, None).get(f"/v1/agreements/{agreement_id}/then-and-now")).status_code == 401
