"""The commands ./aftale view ... on a reporting that runs: what they print, and what they do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.ports import free_port
from deploy.local.processes import UserError
from services.reporting import service
from services.reporting.projection import projection
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, Feed

COURSE = (facts.registered(), facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set())
PATH = "/v1/operations/reporting/view"


@dataclass
class Operator:
    """At a terminal, beside a reporting that has taken a course."""

    app: FastAPI
    state: Path
    port: int

    async def say(self, word: str) -> str:
        """./aftale view ...; what it prints. Raises UserError where it ends with one."""
        result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["view", word])
        if isinstance(result.exception, UserError):
            raise result.exception
        return " ".join(result.output.split())

    async def ask(self, method: str, path: str, role: Role) -> int:
        headers = {"Authorization": f"Bearer {LocalIssuer(self.state).token(role, 'olga')}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers) as client:
            return (await client.request(method, path)).status_code

    async def change_a_row(self) -> None:
        async with self.app.state.database.acquire() as connection:
            await connection.execute("update case_core set status = 'lapsed' where case_id = $1", AGREEMENT)


@pytest.fixture
async def operator(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Operator]:
    port = free_port()
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_PORT_REPORTING", str(port))
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False, background=False))
    async with app.router.lifespan_context(app):
        async with app.state.database.acquire() as connection, connection.transaction():
            await projection.apply(connection, Feed().receive(*COURSE))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.02)
        yield Operator(app, tmp_path, port)
        server.should_exit = True
        await serving


async def test_a_view_that_is_what_its_facts_say_is_found_to_be_so(operator: Operator) -> None:
    assert await operator.say("check") == "The view matches its facts."


async def test_a_row_that_drifted_is_named_and_a_rebuild_mends_it(operator: Operator) -> None:
    await operator.change_a_row()
    with pytest.raises(UserError, match=rf"./aftale view rebuild corrects it:\ncases: {AGREEMENT} authority"):
        await operator.say("check")
    assert await operator.say("rebuild") == f"The view is rebuilt from {len(COURSE)} facts."
    assert await operator.say("check") == "The view matches its facts."


async def test_one_piece_of_work_at_a_time(operator: Operator) -> None:
    async with operator.app.state.database.acquire() as connection, connection.transaction():
        await connection.execute("select from checkpoint for update")  # the check cannot end meanwhile
        assert await operator.ask("POST", f"{PATH}/check", Role.OPERATOR) == 202
        assert await operator.ask("POST", f"{PATH}/rebuild", Role.OPERATOR) == 409
        with pytest.raises(UserError, match="already running"):
            await operator.say("rebuild")
    async with asyncio.timeout(30):
        while operator.app.state.upkeep.last.state != "done":
            await asyncio.sleep(0.02)
    assert operator.app.state.upkeep.last.differences == []


async def test_another_process_at_the_same_work_is_told_as_a_failure(operator: Operator) -> None:
    lock = "pg_advisory_lock(hashtext(current_schema() || '.rebuild'))"
    async with operator.app.state.database.acquire() as connection:
        await connection.execute(f"select {lock}")
        with pytest.raises(UserError, match=r"The rebuild failed \(RebuildRuns\)"):
            await operator.say("rebuild")
        await connection.execute(f"select {lock.replace('_lock', '_unlock')}")


async def test_only_operators_may(operator: Operator) -> None:
    for method, path in (("GET", PATH), ("POST", f"{PATH}/check"), ("POST", f"{PATH}/rebuild")):
        assert await operator.ask(method, path, Role.INSPECTOR) == 403
    assert await operator.ask("GET", PATH, Role.OPERATOR) == 200
