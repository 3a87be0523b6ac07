"""Refusals as people read them: in their language, days as days, and everything that is wrong at once."""

import re
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.http.tokens import Role
from tests.integration.services.test_offers_service import (
    FOREIGN,
    OTHER_CVR,
    UNIT,
    Offers,
    _breach,
    _take,
    offer,
    offers,
)

__all__ = ["offers"]
DANISH = {"Accept-Language": "da-DK, en;q=0.5"}
ONLY_FOR_SYSTEMS = re.compile(r"\d{4}-\d\d-\d\d|[0-9a-f]{8}-[0-9a-f]{4}-")


def detail(answer: httpx.Response) -> str:
    told: str = answer.json()["detail"]
    assert not ONLY_FOR_SYSTEMS.search(told), told
    return told


@pytest.mark.rule("R8", "R22")
async def test_a_quarantine_is_told_with_its_last_day_in_danish_and_in_english(offers: Offers) -> None:
    await _take(offers, _breach(UNIT, version=1))
    danish = await offers.post("/v1/offers", offer(), headers=DANISH)
    english = await offers.post("/v1/offers", offer())
    assert (danish.status_code, danish.headers["Content-Language"]) == (409, "da")
    assert f"P-nummer {UNIT} er i karantæne til og med " in detail(danish)
    assert f"P-number {UNIT} is in quarantine until the end of " in detail(english)
    assert (danish.json()["title"], english.json()["title"]) == ("Afvist af en regel", "Refused by a rule")
    assert danish.json()["values"] == english.json()["values"], "what systems read is the same"
    assert "because_of" not in detail(english)


@pytest.mark.rule("R1", "R8", "R10")
async def test_the_form_look_ups_and_rules_are_told_in_one_answer(offers: Offers) -> None:
    connection = await asyncpg.connect(offers.postgres)
    await connection.execute(
        """insert into offers.held_units (p_number, source, stream, version, type, event_id, held_by, hold_reason)
           values ($1, 'control', $2, 1, 'Breached', $2, 'operator', 'lost')""",
        UNIT,
        uuid4(),
    )
    await connection.close()
    wrong = {**offer(), "cvr": OTHER_CVR, "period_months": 7}
    by_rule = (await offers.post("/v1/offers", wrong)).json()
    assert {fault["rule"] for fault in by_rule["faults"]} == {"R1", "R8", "R10"}
    assert {fault["where"] for fault in by_rule["faults"]} == {"rule"}
    both = await offers.post("/v1/offers", {**wrong, "inspection_id": "", "topic": "999"}, headers=DANISH)
    assert both.status_code == 422
    told = {(fault["where"], fault.get("rule")) for fault in both.json()["faults"]}
    assert told == {
        ("body.inspection_id", None),
        ("body.topic", "R1"),
        ("rule", "R1"),
        ("rule", "R8"),
        ("rule", "R10"),
    }
    assert detail(both) == "Der er 5 fejl i anmodningen."
    assert "hører ikke til" in " ".join(fault["what"] for fault in both.json()["faults"])


@pytest.mark.rule("R10")
async def test_what_depends_on_a_field_that_does_not_read_is_not_guessed(offers: Offers) -> None:
    for faulty in ({"period_months": "7"}, {"cvr": "1"}, {"p_number": "1"}, {"kind": "other"}, {"department": 5}):
        answer = await offers.post("/v1/offers", {**offer(), **faulty})
        (name,) = faulty
        assert [fault["where"] for fault in answer.json()["faults"]] == [f"body.{name}"], answer.text


@pytest.mark.rule("R8", "R10")
async def test_a_company_hears_nothing_of_a_foreign_unit_beside_a_faulty_body(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    body = {"has_read": "yes", "includes": [{"p_number": FOREIGN}]}
    answer = await offers.post(f"/v1/offers/{agreement_id}/acceptance", body, Role.COMPANY)
    assert [(fault["where"], fault.get("rule")) for fault in answer.json()["faults"]] == [
        ("body.has_read", None),
        ("rule", "R10"),
    ]


async def test_a_foreign_case_and_none_are_told_alike_also_with_a_faulty_body(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    own = await offers.post(f"/v1/offers/{uuid4()}/refusal", {}, Role.COMPANY, headers=DANISH)
    assert own.status_code == 404
    assert "prøv igen om lidt" in detail(own)
    faulty = [
        (await offers.post(f"/v1/offers/{case}/refusal", {"reason": 5}, Role.SUPPORTER)).text
        for case in (agreement_id, uuid4())
    ]
    assert faulty[0] == faulty[1]
