"""The messages that people get are read over HTTP as the command shows them (R29)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app as aftale
from services.notices.rules.text_needs import NEEDS
from shared.contracts.notices import Occasion
from shared.http.tokens import Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.notices.notices_running import Notices, notices_running

pytestmark = pytest.mark.rule("R29")
TEXTS = "/v1/notices/texts"
CVR = "13748136"


@pytest.fixture
async def notices(postgres_dsn: str, topics: Kafka, tmp_path: Path) -> AsyncIterator[Notices]:
    async with notices_running(Settings(postgres_dsn, topics, tmp_path, virtual_clock=True)) as running:
        yield running


async def test_every_text_is_listed_and_read_as_the_command_shows_it(notices: Notices) -> None:
    listed = (await notices.get(TEXTS, Role.INSPECTOR)).json()["texts"]
    assert [one["occasion"] for one in listed] == [*NEEDS]
    assert set(NEEDS) == set(Occasion)
    for one in listed:
        for recipient in one["recipients"]:
            for outcome in one["outcomes"] or [None]:
                chosen = {"recipient": recipient} | ({} if outcome is None else {"outcome": outcome})
                read = await notices.get(f"{TEXTS}/{one['occasion']}", Role.SUPPORTER, **chosen)
                assert read.status_code == 200, read.text
                assert (read.json()["recipient"], read.json()["outcome"]) == (recipient, outcome)


@pytest.mark.parametrize("language", ["da", "en"])
async def test_a_text_is_the_same_over_http_and_as_a_command(notices: Notices, language: str) -> None:
    read = (await notices.get(f"{TEXTS}/result", Role.SUPPORTER, language=language)).json()
    shown = CliRunner().invoke(aftale, ["notice", "preview", "result", "--language", language]).output
    assert shown == f"{read['subject']}\n\n{read['plain']}"
    assert (read["recipient"], read["outcome"], read["language"]) == ("unit_manager", "fulfilled", language)
    assert read["html"].startswith("<!DOCTYPE html>")
    assert read["version"]


@pytest.mark.parametrize("role", [Role.COMPANY, Role.PORTAL, Role.OPERATOR])
async def test_texts_are_for_the_authority(notices: Notices, role: Role) -> None:
    cvr = CVR if role is Role.COMPANY else None
    for path in (TEXTS, f"{TEXTS}/result"):
        assert (await notices.get(path, role, cvr)).status_code == 403


@pytest.mark.parametrize(
    ("occasion", "query", "where", "what"),
    [
        ("result", {"recipient": "leader"}, "query.recipient", "This message is not for leader, but for legally_resp"),
        ("result", {"outcome": "kept"}, "query.outcome", "This message has no outcome kept, but fulfilled, breached."),
        ("hearing-opened", {"outcome": "kept"}, "query.outcome", "This message reads the same whatever the outcome"),
        ("weather", {}, "path.occasion", ""),
        ("result", {"language": "fr"}, "query.language", ""),
        ("result", {"recipient": "king"}, "query.recipient", ""),
    ],
)
async def test_a_text_that_there_is_not_is_refused_with_what_there_is(
    notices: Notices, occasion: str, query: dict[str, Any], where: str, what: str
) -> None:
    refused = await notices.get(f"{TEXTS}/{occasion}", Role.INSPECTOR, **query)
    assert refused.status_code == 422
    (fault,) = refused.json()["faults"]
    assert fault["where"] == where
    assert fault["what"].startswith(what)
