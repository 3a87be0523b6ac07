"""An operator has told what was given up because nobody could be reached; all else stays as it is (R29)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.notices.http import again_routes
from shared.contracts.notices import MatterEnded, MatterRaised, Recipient, Untold
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.notices.portal.told_cases import AT, Told, raised, telling

pytestmark = pytest.mark.rule("R29")


@pytest.fixture
async def notices(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Told]:
    async with telling(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as running:
        yield running


def gave_up(matter: MatterRaised, why: Untold) -> MatterEnded:
    return MatterEnded(agreement_id=matter.agreement_id, matter_id=matter.matter_id, why=why, ended_at=AT)


async def asked(notices: Told, role: Role = Role.OPERATOR, *, dry_run: bool = False, **body: Any) -> Any:
    token = LocalIssuer(notices.state).token(role, "oscar")
    return await notices.client.post(
        "/v1/operations/notices/reopenings",
        json=body,
        params={"dry_run": dry_run},
        headers={"Authorization": f"Bearer {token}"},
    )


async def statuses(notices: Told, case: UUID) -> list[str]:
    told = await notices.get(f"/v1/notices/agreements/{case}", Role.INSPECTOR)
    return [one["status"] for one in told.json()["matters"]]


async def test_what_was_given_up_is_due_again_page_by_page_and_once(
    notices: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again_routes, "PAGE", 1)
    cases = sorted([await notices.cases.begin() for _ in range(3)])
    for case, why in zip(cases, (Untold.UNDELIVERABLE, Untold.IN_DOUBT, Untold.NO_ADDRESS), strict=True):
        matter = raised(case, Recipient.UNIT_MANAGER)
        await notices.cases.record(case, [matter, gave_up(matter, why)])
    first, _, last = cases
    seen = (await asked(notices, dry_run=True)).json()
    assert seen["reopened"] == [{"case": str(first), "matters": 1}]
    assert await statuses(notices, first) == ["ended"]
    found, cursor = [], None
    for _ in range(3):
        page = (await asked(notices, cursor=cursor)).json()
        found += page["reopened"]
        cursor = page["next_cursor"]
    assert cursor is None
    assert found == [{"case": str(case), "matters": 1} for case in (first, last)]
    assert [await statuses(notices, case) for case in cases] == [["due"], ["ended"], ["due"]]
    assert (await asked(notices, case=str(first))).json()["reopened"] == []


async def test_only_operators_may_have_it_told_again(notices: Told) -> None:
    assert (await asked(notices, Role.INSPECTOR)).status_code == 403
