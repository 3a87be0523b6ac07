"""R8: what is not known of a unit holds it back, and what was passed over until somebody has looked into it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts import register
from shared.http.tokens import Role, pseudonym
from shared.messaging.bus import Kafka
from shared.messaging.cloudevents import Message
from shared.messaging.kafka_record import Record
from shared.service import Settings
from tests.integration.services.test_offers_service import (
    CVR,
    FOREIGN,
    GROUNDS,
    NOW,
    SISTER,
    UNIT,
    Offers,
    _breach,
    _register,
    offer,
    running,
)

OPERATIONS = "/v1/operations/offers"


@pytest.fixture
async def offers(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Offers]:
    await _register(postgres_dsn)
    async with running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as process:
        yield process


async def take(offers: Offers, *messages: Message) -> None:
    for message in messages:
        consumer = offers.runtime.consumers.get(message.source, offers.runtime.consumers["*"])
        await consumer.take_messages([message])


async def discard(offers: Offers, message: Message) -> Any:
    path = f"{OPERATIONS}/parked/{message.source}/{message.stream}/discard"
    body = {"event_id": str(message.event_id), "reason": "lost at its source"}
    answer = await offers.post(path, body, Role.OPERATOR, "olga")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def held(offers: Offers) -> list[Mapping[str, Any]]:
    token = offers._issuer.token(Role.OPERATOR, "olga", None)
    answer = await offers.client.get(f"{OPERATIONS}/held-units", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    found: list[Mapping[str, Any]] = answer.json()
    return found


async def release(offers: Offers, **body: Any) -> httpx.Response:
    return await offers.post(f"{OPERATIONS}/held-units/release", body, Role.OPERATOR, "olga")


def unreadable(message: Message) -> Message:
    return replace(message, body="{not json")


def not_taken(p_number: str) -> str:
    return f"A fact about the unit with P-number {p_number} has not been processed here yet. Try again in a moment."


async def refusals(offers: Offers, unit: str, topic: str = "061") -> tuple[int, str | None, str | None]:
    answer = await offers.post("/v1/offers?dry_run=true", offer(unit, topic))
    body = answer.json()
    return answer.status_code, body.get("rule"), body.get("detail")


@pytest.mark.rule("R8", "R22")
async def test_a_fact_that_waits_holds_back_its_unit_by_name_and_its_sisters_only_under_the_former_policy(
    offers: Offers,
) -> None:
    breach = unreadable(_breach(UNIT, version=1))
    await take(offers, breach)
    assert await refusals(offers, UNIT) == (503, "R8", not_taken(UNIT))
    assert (await refusals(offers, SISTER))[0] == 200
    await take(offers, replace(unreadable(_breach(UNIT, version=1)), occurred_at=NOW.replace(year=2023)))
    assert (await refusals(offers, SISTER))[0] == 200, "a quarantine of that day would be over"
    offers.clock.move_to(NOW)
    await take(offers, replace(unreadable(_breach(UNIT, version=1)), concerns={"cvr": CVR}))
    assert await refusals(offers, SISTER) == (503, "R8", not_taken(SISTER))


@pytest.mark.rule("R8")
async def test_a_waiting_breach_that_comes_again_sound_imposes_its_quarantine(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    breach = _breach(UNIT, version=1)
    await take(offers, unreadable(breach))
    assert (await offers.accept(agreement_id)).status_code == 503
    await take(offers, breach)
    refused = await offers.accept(agreement_id)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R8")
    assert (await refusals(offers, UNIT))[:2] == (409, "R8")
    assert await held(offers) == []


@pytest.mark.rule("R8")
async def test_a_discarded_fact_leaves_its_unit_held_until_it_is_released_with_a_reason(offers: Offers) -> None:
    agreement_id = await offers.offered_and_delivered()
    breach = unreadable(_breach(UNIT, version=1))
    await take(offers, breach)
    told = await discard(offers, breach)
    assert told["held_units"] == [UNIT]
    assert [(lost["type"], lost["versions"]) for lost in told["lost"]] == [("Breached", {"first": 1, "last": 1})]
    assert "no quarantine is imposed" in told["lost"][0]["means"]
    for answer in (await offers.accept(agreement_id), await offers.post("/v1/offers", offer(topic="061"))):
        assert (answer.status_code, answer.json()["rule"]) == (409, "R8")
        assert UNIT in answer.json()["detail"]
    assert (await refusals(offers, SISTER))[0] == 200
    (one,) = await held(offers)
    assert (one["p_number"], one["type"], one["stream"]) == (UNIT, "Breached", str(breach.stream))
    assert (one["held_by"], one["hold_reason"]) == (pseudonym(Role.OPERATOR, "olga"), "lost at its source")
    for body, status in (
        ({"p_numbers": [UNIT], "reason": " "}, 422),
        ({"reason": "seen"}, 422),
        ({"p_numbers": [UNIT], "all": True, "reason": "seen"}, 422),
        ({"p_numbers": [UNIT, SISTER], "reason": "seen"}, 404),
    ):
        assert (await release(offers, **body)).status_code == status
    assert (await offers.accept(agreement_id)).status_code == 409
    assert (await release(offers, p_numbers=[UNIT], reason="no breach there")).json() == {"p_numbers": [UNIT]}
    assert (await offers.accept(agreement_id)).status_code == 200
    async with offers.runtime.database.acquire() as connection:
        row = await connection.fetchrow("select released_by, release_reason, released_at is not null from held_units")
    assert tuple(row or ()) == (pseudonym(Role.OPERATOR, "olga"), "no breach there", True)


@pytest.mark.rule("R8", "R22")
async def test_who_is_held_is_whom_the_fact_may_have_reached(offers: Offers) -> None:
    sent = await offers.post("/v1/offers", {**offer(), "kind": "spread", "grounds": GROUNDS})
    agreement_id = sent.json()["id"]
    includes = {"has_read": True, "includes": [{"p_number": SISTER}]}
    accepted = await offers.post(f"/v1/offers/{agreement_id}/acceptance", includes, Role.COMPANY)
    assert accepted.status_code == 200, accepted.text
    breach = replace(unreadable(_breach(UNIT, version=1)), stream=UUID(agreement_id))
    told_of = Message(**{**vars(_breach(FOREIGN, version=1)), "source": register.SOURCE, "type": "UnitRegistered"})
    for message in (breach, told_of):
        await take(offers, message)
    assert (await discard(offers, breach))["held_units"] == [UNIT, SISTER], "the breach may be at either"
    assert (await discard(offers, told_of))["held_units"] == [FOREIGN]
    assert (await release(offers, all=True, reason="looked into")).json() == {"p_numbers": [UNIT, SISTER, FOREIGN]}
    assert await held(offers) == []


@pytest.mark.rule("R8")
async def test_a_record_of_no_known_fact_holds_its_unit_back_and_never_holds_it_once_discarded(offers: Offers) -> None:
    breach = _breach(UNIT, version=1)
    headers = [(name, value) for name, value in breach.headers() if name != "ce_sequence"]
    record = Record(headers, breach.body.encode(), "agreements", 0, 1)
    consumer = offers.runtime.consumers["*"]
    await consumer.take_records([record], {"control"})
    assert await refusals(offers, UNIT) == (503, "R8", not_taken(UNIT))
    answer = await offers.post(f"{OPERATIONS}/parked/unreadable/discard", {"reason": "not ours"}, Role.OPERATOR)
    assert answer.json() == {"discarded": 1}
    await consumer.take_records([record], {"control"})
    assert ((await refusals(offers, UNIT))[0], await held(offers)) == (200, [])


@pytest.mark.rule("R6", "R8")
async def test_an_offer_lapses_only_once_its_held_unit_is_released_and_its_sisters_at_once(offers: Offers) -> None:
    open_here, open_there = await offers.offered_and_delivered(), await offers.offered_and_delivered(SISTER)
    breach = unreadable(_breach(UNIT, version=1))
    await take(offers, breach)
    await discard(offers, breach)
    offers.clock.move_to(datetime.fromisoformat("2026-05-01T00:00:00+02:00"))
    await offers_once(offers, open_there, "lapsed")
    assert await phase(offers, open_here) == "delivered"
    await release(offers, all=True, reason="looked into")
    await offers_once(offers, open_here, "lapsed")


async def phase(offers: Offers, agreement_id: str) -> str:
    found: str = (await offers.get(f"/v1/offers/{agreement_id}"))["status"]
    return found


async def offers_once(offers: Offers, agreement_id: str, status: str) -> None:
    async with asyncio.timeout(20):
        while await phase(offers, agreement_id) != status:
            await asyncio.sleep(0.05)


@pytest.mark.rule("R8", "R10")
async def test_a_company_learns_nothing_of_a_unit_that_is_not_its_own(offers: Offers) -> None:
    sent = await offers.post("/v1/offers", {**offer(), "kind": "spread", "grounds": GROUNDS})
    foreign = replace(unreadable(_breach(FOREIGN, version=1)), concerns={"cvr": "24256790", "pnumber": FOREIGN})
    includes = {"has_read": True, "includes": [{"p_number": FOREIGN}]}

    async def accepted() -> tuple[int, str]:
        path = f"/v1/offers/{sent.json()['id']}/acceptance?dry_run=true"
        answer = await offers.post(path, includes, Role.COMPANY)
        return answer.status_code, answer.text

    before = await accepted()
    assert before[0] == 409
    await take(offers, foreign)
    assert await accepted() == before
    await discard(offers, foreign)
    assert await accepted() == before


async def test_only_operators_see_and_release_held_units(offers: Offers) -> None:
    for role in (Role.INSPECTOR, Role.COMPANY):
        answer = await offers.post(f"{OPERATIONS}/held-units/release", {"all": True, "reason": "x"}, role)
        assert answer.status_code == 403
        discarding = await offers.post(f"{OPERATIONS}/parked/unreadable/discard", {"reason": "x"}, role)
        assert discarding.status_code == 403
    assert (await offers.post(f"{OPERATIONS}/parked/control/{uuid4()}/retake", {}, Role.INSPECTOR)).status_code == 403
    assert (await offers.post(f"{OPERATIONS}/parked/control/{uuid4()}/retake", {}, Role.OPERATOR)).status_code == 404
    nobody = await offers.post(f"{OPERATIONS}/parked/unreadable/{uuid4()}/retake", {}, Role.OPERATOR)
    assert nobody.status_code == 409


async def test_a_unit_about_which_a_fact_is_missing_is_offered_nothing_until_it_has_come(offers: Offers) -> None:
    stream = uuid4()
    async with offers.runtime.database.acquire() as connection:
        await connection.execute(
            """insert into missing (source, stream, epoch, version, event_id, extensions, problem)
               values ('control', $1, 1, 1, $1, jsonb_build_object('pnumber', $2::text), 'missing')""",
            stream,
            UNIT,
        )
    refused = await offers.post("/v1/offers", offer(), Role.INSPECTOR, "anna")
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE, refused.text
    assert UNIT in refused.text
    async with offers.runtime.database.acquire() as connection:
        await connection.execute("delete from missing where stream = $1", stream)
    assert (await offers.post("/v1/offers", offer(), Role.INSPECTOR, "anna")).status_code == httpx.codes.CREATED
