"""Cases are given to people whom the directory knows; what travels of them is id and centre (R15, R42)."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.http.tokens import Role, pseudonym
from tests.integration.services.control_running import Control
from tests.integration.services.test_offers_service import Offers, offer, offers

__all__ = ["offers"]
ANNA, BO = (pseudonym(Role.INSPECTOR, name) for name in ("anna", "bo"))
STRANGER = pseudonym(Role.INSPECTOR, "nobody in the directory")


def centres(recorded: list[Any]) -> list[str]:
    return [one.event.centre for one in recorded if hasattr(one.event, "centre")]


async def read(control: Control, path: str, role: Role = Role.INSPECTOR) -> httpx.Response:
    return await control.client.get(path, headers=control.asker(role))


@pytest.mark.rule("R15", "R42")
async def test_an_offer_is_given_to_nobody_whom_the_directory_does_not_know(offers: Offers) -> None:
    agreement_id = (await offers.post("/v1/offers", offer())).json()["id"]
    path = f"/v1/offers/{agreement_id}/inspector"
    refused = await offers.post(path, {"inspector": STRANGER})
    assert (refused.status_code, refused.json()["rule"]) == (409, "R42")
    assert refused.json()["values"] == {"inspector": STRANGER}
    assert STRANGER not in refused.json()["detail"]
    assert (await offers.post(path, {"inspector": BO})).status_code == 200
    loaded = (await offers.runtime.store.load(UUID(agreement_id))).events
    assert centres(list(loaded)) == ["east", "north"], "of Anna who offered, and of Bo"


@pytest.mark.rule("R42")
async def test_who_offers_without_standing_in_the_directory_has_no_centre(offers: Offers) -> None:
    sent = (await offers.post("/v1/offers", offer(), name="nobody in the directory")).json()
    loaded = (await offers.runtime.store.load(UUID(sent["id"]))).events
    assert centres(list(loaded)) == [None]


@pytest.mark.rule("R15", "R42")
async def test_an_agreement_is_given_to_nobody_whom_the_directory_does_not_know(control: Control) -> None:
    agreement_id = await control.accepted()
    path = f"/v1/agreements/{agreement_id}/inspector"
    refused = await control.post(path, {"inspector": STRANGER})
    assert (refused.status_code, refused.json()["rule"]) == (409, "R42")
    await control.done(path, {"inspector": BO})
    assert centres(list((await control.runtime.store.load(agreement_id)).events)) == ["north"]


@pytest.mark.rule("R42")
async def test_the_authority_reads_names_and_centres_and_a_company_none(control: Control) -> None:
    answer = await read(control, "/v1/inspectors")
    assert {"id": ANNA, "name": "Anna Vestergaard", "centre": "east"} in answer.json()["inspectors"]
    assert (await read(control, "/v1/inspectors", Role.COMPANY)).status_code == 403


@pytest.mark.rule("R26", "R42")
async def test_an_inspector_is_found_by_parts_of_the_name(control: Control) -> None:
    for q, ids in (("VESTER anna", [ANNA]), ("anna xyz", []), ("", None)):
        found = [one["id"] for one in (await read(control, f"/v1/inspectors?q={q}")).json()["inspectors"]]
        assert found == ids if ids is not None else {ANNA, BO} <= {*found}
    assert (await read(control, f"/v1/inspectors?q={'x' * 201}")).status_code == 422


async def test_all_lists_of_codes_are_read_in_one_place(control: Control) -> None:
    for role in (Role.INSPECTOR, Role.COMPANY):
        lists = {one["name"]: one for one in (await read(control, "/v1/code-lists", role)).json()["lists"]}
        topic = next(code for code in lists["topics"]["codes"] if code["code"] == "056")
        assert topic == {
            "code": "056",
            "danish": "Løft",
            "english": "Lifting",
            "valid_from": None,
            "valid_to": None,
            "within": "musculoskeletal",
        }
        assert [code["code"] for code in lists["centres"]["codes"]] == ["north", "east", "south", "other"]
        assert (lists["centres"]["closed"], lists["topics"]["closed"], lists["industries"]["closed"]) == (
            True,
            True,
            False,
        )
