"""What ./aftale status and ./aftale parked release say of units that are held, on a service of offers that runs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.ports import free_port
from deploy.local.processes import Process, UserError
from services.offers import service
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.local.test_parked_commands import _serving

UNITS = ("1003388394", "1003388395", "1003388396")


@pytest.fixture
async def offers(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    port = free_port()
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_PORT_OFFERS", str(port))
    monkeypatch.setattr(Process, "running", lambda self: psutil.Process() if self.name == "offers" else None)
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False, background=False))
    async with app.router.lifespan_context(app), _serving(app, port):
        await app.state.start_check.may_act.wait()
        async with app.state.database.acquire() as connection:
            await connection.execute(
                """insert into held_units (p_number, event_id, source, stream, version, type, held_by, hold_reason)
                   select unit, gen_random_uuid(), 'control', gen_random_uuid(), 7, 'Breached', 'olga', 'lost'
                   from unnest($1::text[]) as unit""",
                UNITS,
            )
        yield app


async def say(*words: str) -> str:
    """./aftale ...; what it prints. Raises UserError where it ends with one."""
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, words)
    if isinstance(result.exception, UserError):
        raise result.exception
    return " ".join(result.output.split())


@pytest.mark.rule("R8")
async def test_status_names_held_units_until_they_are_released(offers: FastAPI) -> None:
    told = await say("status")
    assert all(f"{unit}: Breached of control" in told for unit in UNITS)
    assert (await say("parked", "release", UNITS[0], "--reason", "seen")).endswith(f"Released: {UNITS[0]}.")
    with pytest.raises(UserError, match=f"These units are not held: {UNITS[0]}"):
        await say("parked", "release", UNITS[0], "--reason", "seen")
    told = await say("status")
    assert (UNITS[0] in told, UNITS[1] in told) == (False, True)
    released = await say("parked", "release", "--all", "--reason", "seen")
    assert released.endswith(f"Released: {UNITS[1]}, {UNITS[2]}.")
    assert (await say("parked", "release", "--all", "--reason", "seen")).endswith("No unit is held.")
    assert "held units" not in await say("status")
