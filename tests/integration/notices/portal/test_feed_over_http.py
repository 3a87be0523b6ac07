"""Who may read the feed over HTTP, and what is refused (R18, R29)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.notices.channels.portal_feed import SPAN
from shared.contracts.notices import Recipient
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.notices.notices_running import Notices, notices_running
from tests.integration.notices.portal.told_cases import CVR, OTHER_CVR, ToldCases, until_told

pytestmark = pytest.mark.rule("R29")
FEED = "/v1/notices/feed"


@pytest.fixture
async def notices(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Notices]:
    async with notices_running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as running:
        yield running


async def page(notices: Notices, role: Role, cvr: str | None = None, **query: Any) -> dict[str, Any]:
    answer = await notices.get(FEED, role, cvr, **query)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


@pytest.mark.rule("R18")
async def test_the_portal_reads_page_by_page_and_a_company_its_own_by_its_own_numbers(notices: Notices) -> None:
    cases = ToldCases(notices.runtime.store)
    one, other = await cases.begin(), await cases.begin(OTHER_CVR)
    told = [str(await cases.tell(case)) for case in (other, one, other, one, one)]
    await cases.tell(one, Recipient.INSPECTOR)
    await until_told(notices.runtime.database, 5)

    read, after = [], 0
    while (found := await page(notices, Role.PORTAL, after=after, limit=2))["entries"]:
        assert len(found["entries"]) <= 2
        read += found["entries"]
        after = found["next_after"]
    assert [entry["matter_id"] for entry in read] == told
    assert [entry["position"] for entry in read] == [1, 2, 3, 4, 5]
    assert (await page(notices, Role.PORTAL, after=5))["next_after"] == 5

    own = await page(notices, Role.COMPANY, CVR)
    assert [(entry["position"], entry["matter_id"]) for entry in own["entries"]] == [
        (1, told[1]),
        (2, told[3]),
        (3, told[4]),
    ]
    assert (await page(notices, Role.COMPANY, "31261430"))["entries"] == []


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.SUPPORTER, Role.OPERATOR, Role.NOTICES, Role.PERSONNEL_REGISTER])
async def test_nobody_else_reads_the_feed(notices: Notices, role: Role) -> None:
    assert (await notices.get(FEED, role)).status_code == 403


@pytest.mark.parametrize(
    "query", [{"after": -1}, {"after": "x"}, {"after": 2**60}, {"limit": 0}, {"limit": 1001}, {"before": 1}]
)
async def test_what_the_feed_cannot_be_asked_for_is_refused(notices: Notices, query: dict[str, Any]) -> None:
    assert (await notices.get(FEED, Role.PORTAL, **query)).status_code == 422


async def test_a_position_that_there_never_was_is_refused_and_not_waited_for(notices: Notices) -> None:
    assert (await notices.get(FEED, Role.PORTAL, after=SPAN - 1)).status_code == 200
    refused = await notices.get(FEED, Role.PORTAL, after=SPAN)
    assert refused.status_code == 422
    assert refused.json()["faults"][0]["where"] == "query.after"
    assert refused.json()["faults"][0]["what"] == "The feed has no such position: read it again from 0."
