"""What every service asks of a request before it does anything: who asks, for which version, and only once."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg

from shared.http.tokens import LIFETIME_SECONDS, LocalIssuer, Role
from tests.integration.system.asking import Asker
from tests.integration.system.course import CVR, UNIT, offer, play
from tests.integration.system.running_system import RunningSystem, running_system

OTHER_CVR = "24256790"
PART: dict[str, Any] = {"complete": False, "text": "En del."}
_FACTS = " + ".join(f"(select count(*) from {service}.events)" for service in ("offers", "guidance", "control"))


async def test_requests_are_known_conditional_and_have_their_effect_once(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    async with running_system(postgres_dsn, kafka, tmp_path, together=True) as system:
        await system.register(UNIT)
        agreement_id = await _accepted(system)
        documentation = f"/v1/agreements/{agreement_id}/documentation"
        await _only_valid_tokens_are_let_in(system, tmp_path, agreement_id)
        await _a_dry_run_records_nothing(system, documentation)
        await _a_command_says_which_version_it_is_for(system, agreement_id)
        await _a_key_has_one_effect(system, documentation)
        await _faults_come_all_at_once_and_refusals_name_their_rule(system, agreement_id)


async def _accepted(system: RunningSystem) -> str:
    agreement_id = ""
    async for step in play(system, "no_violation"):
        agreement_id = agreement_id or step
        if step == "accepted":
            await system.time.settle()
            return agreement_id
    raise AssertionError("the course ended early")


async def _only_valid_tokens_are_let_in(system: RunningSystem, tmp_path: Path, agreement_id: str) -> None:
    issuer, other_issuer = LocalIssuer(system.state), LocalIssuer(tmp_path / "elsewhere")
    good = issuer.token(Role.INSPECTOR, "somebody")
    header, claims, signature = good.split(".")
    _, of_company, _ = issuer.token(Role.COMPANY, "somebody", CVR).split(".")
    with patch("shared.http.tokens.time.time", return_value=1_700_000_000 - LIFETIME_SECONDS):
        expired = issuer.token(Role.INSPECTOR, "somebody")
    unsigned = "eyJhbGciOiJub25lIn0"
    bad: dict[str, str | None] = {
        "none": None,
        "nonsense": "nonsense",
        "signed by another issuer": other_issuer.token(Role.INSPECTOR, "somebody"),
        "claims of another token": f"{header}.{of_company}.{signature}",
        "not signed": f"{unsigned}.{claims}.",
        "expired": expired,
        "an inspector with a company": issuer.token(Role.INSPECTOR, "somebody", CVR),
        "a company without one": issuer.token(Role.COMPANY, "somebody"),
    }
    paths = [f"/v1/{view}/{agreement_id}" for view in ("offers", "guidance", "agreements", "cases")]
    for path in (*paths, "/v1/operations/control/parked"):
        for why, token in bad.items():
            answer = await Asker(system, token).get(path)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), (why, path)
            assert answer.json().keys() - {"values"} == {"type", "title", "status", "detail"}
    assert (await Asker(system, good).get(paths[0])).status_code == 200


async def _a_dry_run_records_nothing(system: RunningSystem, documentation: str) -> None:
    company, facts = Asker.of(system, Role.COMPANY, CVR), await _facts_in(system.postgres)
    answer = await company.post(f"{documentation}?dry_run=true", PART, {"Idempotency-Key": None})
    assert answer.status_code == 200
    assert answer.json()["dry_run"] is True
    assert [fact["type"] for fact in answer.json()["recorded"]] == ["DocumentationReceived"]
    assert "Consistency-Token" not in answer.headers
    assert await _facts_in(system.postgres) == facts


async def _a_command_says_which_version_it_is_for(system: RunningSystem, agreement_id: str) -> None:
    company, documentation = Asker.of(system, Role.COMPANY, CVR), f"/v1/agreements/{agreement_id}/documentation"
    read = (await company.get(f"/v1/agreements/{agreement_id}")).headers["ETag"]
    facts = await _facts_in(system.postgres)
    assert (await company.post(documentation, PART, {"If-Match": None})).status_code == 428
    assert (await company.post(documentation, PART, {"If-Match": '"0"'})).status_code == 412
    assert (await company.post(documentation, PART, {"Idempotency-Key": None})).status_code == 400
    assert await _facts_in(system.postgres) == facts
    taken = await company.post(documentation, PART, {"If-Match": read})
    assert taken.status_code == 200
    assert (await company.post(documentation, PART, {"If-Match": read})).status_code == 412
    assert (await company.post(documentation, PART, {"If-Match": taken.headers["ETag"]})).status_code == 200


async def _a_key_has_one_effect(system: RunningSystem, documentation: str) -> None:
    company, facts = Asker.of(system, Role.COMPANY, CVR), await _facts_in(system.postgres)
    key = {"Idempotency-Key": "the same"}
    first, again = await company.post(documentation, PART, key), await company.post(documentation, PART, key)
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert await _facts_in(system.postgres) == facts + 1
    assert (await company.post(documentation, {**PART, "complete": True}, key)).status_code == 409
    # The same person acting for another company, with a request that looks the same.
    assert (await Asker.of(system, Role.COMPANY, OTHER_CVR).post(documentation, PART, key)).status_code == 404
    assert await _facts_in(system.postgres) == facts + 1


async def _faults_come_all_at_once_and_refusals_name_their_rule(system: RunningSystem, agreement_id: str) -> None:
    inspector, company = Asker.of(system, Role.INSPECTOR), Asker.of(system, Role.COMPANY, CVR)
    wrong = {**offer(), "cvr": "12345678", "topic": "999", "period_months": 0, "unknown": 1}
    answer = await inspector.post("/v1/offers", wrong)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    faults = {fault["where"] for fault in answer.json()["faults"]}
    assert faults == {"body.cvr", "body.topic", "body.period_months", "body.unknown"}
    for refused, rule in (
        (await inspector.post("/v1/offers", offer()), "R8"),
        (await company.post(f"/v1/offers/{agreement_id}/refusal", {}), "R6"),
        (await company.post(f"/v1/agreements/{agreement_id}/hearing-answer", {"answer": "Nej."}), "R22"),
        (await inspector.post(f"/v1/agreements/{agreement_id}/bookings", {"day": "2026-12-25"}), "R17"),
    ):
        assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
        assert refused.json()["rule"] == rule


async def _facts_in(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        facts: int = await connection.fetchval(f"select {_FACTS}")
        return facts
    finally:
        await connection.close()
