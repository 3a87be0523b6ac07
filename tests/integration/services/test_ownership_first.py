"""A company learns nothing of other companies' cases and units by what fails, nor by how long it takes (R8, R18)."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.services.test_offers_service import (
    FOREIGN,
    SISTER,
    UNIT,
    Offers,
    _breach,
    _register,
    offer,
    running,
)
from tests.integration.services.test_unit_holds import discard, take, unreadable

OTHER_CVR = "24256790"
NOWHERE = "1003388397"
"""A unit that the register does not know."""


STATEMENTS: ContextVar[list[str]] = ContextVar("statements", default=[])  # noqa: B039 - of the loops beside the test
"""What ran for a request; the service's own loops use the same connections."""


@pytest.fixture
async def offers(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Offers]:
    await _register(postgres_dsn)
    async with running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as process:
        async with asyncio.timeout(30):  # until it has looked whether Kafka holds facts of its own that it lacks
            while (await process.post("/v1/offers?dry_run=true", offer())).status_code == 503:
                await asyncio.sleep(0.05)
        yield process


async def accept_with(offers: Offers, agreement_id: str, unit: str) -> httpx.Response:
    body = {"has_read": True, "includes": [{"p_number": unit}]}
    return await offers.post(f"/v1/offers/{agreement_id}/acceptance", body, Role.COMPANY)


def about(unit: str, cvr: str) -> Any:
    """A fact about a unit that cannot be taken."""
    return replace(unreadable(_breach(unit, version=1)), concerns={"cvr": cvr, "pnumber": unit})


@pytest.mark.rule("R8")
@pytest.mark.parametrize("unit", [FOREIGN, NOWHERE])
async def test_a_fact_that_waits_about_a_unit_that_is_not_its_own_is_hidden_from_a_company(
    offers: Offers, unit: str
) -> None:
    """R8: whether something waits or was lost about another's unit, or an unknown one, the company is told the same."""
    agreement_id = await offers.offered_and_delivered()
    before = await accept_with(offers, agreement_id, unit)
    assert before.status_code == 409
    waiting = about(unit, OTHER_CVR)
    await take(offers, waiting)
    assert (await accept_with(offers, agreement_id, unit)).json() == before.json()
    await discard(offers, waiting)
    assert (await accept_with(offers, agreement_id, unit)).json() == before.json()


@pytest.mark.rule("R8")
async def test_of_its_own_units_a_company_is_told_that_a_fact_waits(offers: Offers) -> None:
    """R8: also where the register does not know the unit, and the fact that waits says that it is the company's."""
    agreement_id = await offers.offered_and_delivered()
    await take(offers, about(SISTER, OTHER_CVR))
    assert (await accept_with(offers, agreement_id, SISTER)).status_code == 503, "of a former owner, at its own unit"


@pytest.mark.rule("R8", "R40")
async def test_a_fact_that_waits_about_the_offers_unit_is_hidden_once_another_company_has_it(
    offers: Offers, postgres_dsn: str
) -> None:
    """R8: the offer's own unit was sold: what waits there since is the new owner's."""
    agreement_id = await offers.offered_and_delivered()
    connection = await asyncpg.connect(postgres_dsn, server_settings={"search_path": "offers"})
    await connection.execute("update units set cvr = $1 where p_number = $2", OTHER_CVR, UNIT)
    await connection.close()
    before = await offers.accept(agreement_id)
    await take(offers, about(UNIT, OTHER_CVR))
    after = await offers.accept(agreement_id)
    assert (after.status_code, after.json()) == (before.status_code, before.json())
    assert after.status_code == 409


@pytest.mark.rule("R18")
async def test_a_foreign_case_and_none_take_the_same_work(offers: Offers, monkeypatch: pytest.MonkeyPatch) -> None:
    """R18: the same statements run, and neither the events nor the keys of the foreign case are read."""
    answer = await offers.post("/v1/offers", offer())
    foreign, none = answer.json()["id"], str(uuid4())
    run: Any = vars(asyncpg.Connection)[
        "_execute"
    ]  # through which every statement with arguments goes, whatever the connection

    async def noted(connection: Any, query: str, *args: Any, **more: Any) -> Any:
        STATEMENTS.get().append(query)
        return await run(connection, query, *args, **more)

    monkeypatch.setattr(asyncpg.Connection, "_execute", noted)
    token = offers._issuer.token(Role.COMPANY, "mette", OTHER_CVR)

    async def asked(case: str, path: str, body: Any) -> tuple[int, Any, list[str]]:
        STATEMENTS.set([])
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*", "Idempotency-Key": str(uuid4())}
        url = f"/v1/offers/{case}{path}"
        got = await (
            offers.client.get(url, headers=headers)
            if body is None
            else offers.client.post(url, json=body, headers=headers)
        )
        return got.status_code, got.text.replace(case, "case"), STATEMENTS.get()

    tried: tuple[tuple[str, Any], ...] = (
        ("", None),
        (f"/attachments/{'0' * 64}", None),
        ("/acceptance", {"has_read": True}),
        ("/acceptance?dry_run=true", {"has_read": True}),
        ("/refusal", {}),
        ("/contacts", {"role": "unit_manager", "name": "Mette"}),
    )
    for path, body in tried:
        of_foreign, of_none = await asked(foreign, path, body), await asked(none, path, body)
        assert of_foreign[0] == 404, (path, of_foreign)
        assert of_foreign == of_none, path
        assert of_foreign[2], "the statements are seen"
        assert not any("e.data" in statement or "keys" in statement for statement in of_foreign[2]), path
