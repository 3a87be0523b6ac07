"""A name that is planted in every text is found nowhere but with its owner, for who may read it (R31)."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx

from shared.http.tokens import LocalIssuer, Role, pseudonym
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, PLANTED, SISTER, SISTER_P_NUMBER, UNIT, offer, play
from tests.integration.system.planted_search import everything_in, everything_on, holding, holding_encoded, texts_of
from tests.integration.system.running_system import SERVICES, RunningSystem, running_system

SURNAME = PLANTED.split()[-1]


async def test_a_planted_name_is_with_its_owner_only(postgres_dsn: str, kafka: str, tmp_path: Path) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(UNIT, SISTER)
        agreement_id = ""
        async for step in play(system, "violation"):
            agreement_id = agreement_id or step
        withdrawn = await _offered_and_withdrawn(system)
        await _asked_for_what_is_refused(system, agreement_id)
        secret = await _subscribed(system, agreement_id)
        await _is_told_by_its_owners(system, agreement_id, withdrawn)
        await system.stop()
        messages = await everything_on(system.kafka)

    assert holding(CVR, messages)
    assert holding_encoded(SURNAME, messages) == []
    rows = await everything_in(postgres_dsn)
    assert set(rows) >= set(SERVICES)
    for schema, texts in rows.items():
        assert holding_encoded(SURNAME, texts) == [], schema
    assert all(holding(agreement_id, rows[service]) for service in SERVICES)
    spans, logs = texts_of(tmp_path.glob("spans/*")), texts_of(tmp_path.glob("*.log"))
    assert (len(spans), len(logs)) == (len(SERVICES), len(SERVICES))
    assert holding(agreement_id, spans)
    assert holding_encoded(SURNAME, [*spans, *logs]) == []
    everywhere = [*messages, *(text for texts in rows.values() for text in texts), *spans, *logs]
    assert holding(secret, everywhere) == [], "only a hash of it is kept"
    assert holding(hashlib.sha256(secret.encode()).hexdigest(), everywhere)


def test_a_name_is_recognised_however_a_table_or_a_message_writes_it() -> None:
    for written in (
        PLANTED,
        PLANTED.upper(),
        json.dumps({"text": PLANTED}),
        f"\\x{f'Skrevet af {PLANTED}.'.encode().hex()}",
        *(base64.b64encode(f"{before}{PLANTED}.".encode()).decode() for before in ("", "a", "ab")),
    ):
        assert holding_encoded(SURNAME, [written]) == [written]


async def _offered_and_withdrawn(system: RunningSystem) -> str:
    inspector = system.people.inspector("anna")
    unusual = {**offer(SISTER_P_NUMBER), "period_months": 4, "period_reason": f"{PLANTED} er på barsel."}
    offered = await inspector.do("offers", "/v1/offers", unusual)
    withdrawn: str = offered["id"]
    await inspector.do("offers", f"/v1/offers/{withdrawn}/withdrawal", {"reason": f"{PLANTED} bad om det."})
    await system.time.settle()
    return withdrawn


async def _asked_for_what_is_refused(system: RunningSystem, agreement_id: str) -> None:
    """What is wrong must not end in a log or a span either."""
    inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
    key = {"Idempotency-Key": SURNAME}
    for answer in (
        await inspector.post("/v1/offers", {**offer(), PLANTED: PLANTED}, key),
        await inspector.post(f"/v1/offers/{SURNAME}/withdrawal", {"reason": f"{PLANTED}"}, key),
        await inspector.post("/v1/offers", {**offer(), "observations": f"{PLANTED}\x00"}, key),
        await company.post(f"/v1/agreements/{agreement_id}/hearing-answer", {"answer": PLANTED}, key),
        await inspector.get(f"/v1/cases?inspector={SURNAME}&cursor={SURNAME}"),
        await inspector.get(f"/v1/{SURNAME}"),
        await Asker(system, SURNAME).get("/v1/cases"),
    ):
        assert 400 <= answer.status_code < 500


async def _subscribed(system: RunningSystem, agreement_id: str) -> str:
    """Returns the secret of a calendar feed that was read, also where there is none."""
    anna = pseudonym(Role.INSPECTOR, "anna")
    listed = {"roles": ["inspector"], "centre": "east", "name": PLANTED}
    operator, inspector = (
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{system.ports['control']}",
            headers={
                "Authorization": f"Bearer {LocalIssuer(system.state).token(role, 'anna')}",
                "Idempotency-Key": "feed",
                "If-Match": "*",
            },
        )
        for role in (Role.OPERATOR, Role.INSPECTOR)
    )
    async with operator, inspector:
        assert (await operator.put(f"/v1/people/{anna}", json=listed)).status_code == 201
        address: str = (await inspector.post(f"/v1/people/{anna}/calendar-feed")).json()["path"]
        read = await inspector.get(address)
        assert agreement_id[-8:] in read.text
        for wrong in (address.removesuffix("s"), f"{address}/x", address.replace("feeds", "feed"), f"{address}?x=1"):
            assert (await inspector.get(wrong)).status_code in (404, 422)
    return address.rpartition("/")[2].removesuffix(".ics")


async def _is_told_by_its_owners(system: RunningSystem, agreement_id: str, withdrawn: str) -> None:
    inspector = system.people.inspector("anna")
    for service, path, texts in (
        ("offers", f"/v1/offers/{agreement_id}", ("observations", "photos")),
        ("offers", f"/v1/offers/{withdrawn}", ("period_reason", "withdrawal_reason")),
        ("guidance", f"/v1/guidance/{agreement_id}", ("meetings",)),
        (
            "control",
            f"/v1/agreements/{agreement_id}",
            ("documentation", "measures", "held_controls", "hearing_answer", "order_reasons"),
        ),
    ):
        told: dict[str, Any] = await inspector.get(service, path)
        assert [text for text in texts if PLANTED not in str(told[text])] == []
    held = told["held_controls"][0]
    assert [text for text in ("findings", "not_seen", "photos") if PLANTED not in str(held[text])] == []
    assert [text for text in ("text", "files") if PLANTED not in str(told["documentation"][0][text])] == []
