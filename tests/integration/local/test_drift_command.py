"""What ./aftale drift says of timers and reservations, on a service of offers that runs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.ports import free_port
from deploy.local.processes import UserError
from services.offers import service
from services.offers.rules.quarantine import QUARANTINE, Impose, Reach
from shared.eventstore.commands import Intent, execute
from shared.eventstore.events import Metadata
from shared.messaging.bus import Kafka
from shared.service import Settings
from tests.integration.local.test_parked_commands import _serving

AT, ENDS = datetime(2026, 3, 5, tzinfo=UTC), datetime(2027, 3, 5, tzinfo=UTC)
REGISTER, AGREEMENT = uuid4(), UUID(int=1)


@pytest.fixture
async def offers(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    port = free_port()
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_PORT_OFFERS", str(port))
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False, background=False))
    async with app.router.lifespan_context(app), _serving(app, port):
        command = Impose(AT, AGREEMENT, Reach("13748136", "1003388394", ENDS, "2024-01-01"))
        metadata = Metadata(command_id=uuid4(), actor="offers")
        await execute(app.state.runtime.store, [Intent(QUARANTINE, REGISTER, command)], at=AT, metadata=metadata)
        yield app


async def drift(*words: str) -> str:
    """./aftale drift ...; what it prints. Raises UserError where it ends with one."""
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["drift", *words])
    if isinstance(result.exception, UserError):
        raise result.exception
    return " ".join(result.output.split())


@pytest.mark.rule("R28")
async def test_rows_that_drifted_are_named(offers: FastAPI) -> None:
    assert await drift("offers") == "The timers and reservations of 1 stream match their facts."
    async with offers.state.database.acquire() as connection:
        await connection.execute("delete from timers")
        await connection.execute("insert into reservations (name, stream) values ('open/left-over', $1)", REGISTER)
    told = f"1 of 1 streams drifted:\noffers {REGISTER}: missing quarantine:end:{AGREEMENT} at .*; needless open/left"
    with pytest.raises(UserError, match=told):
        await drift("offers")
    with pytest.raises(UserError, match="reporting has no timers"):
        await drift("reporting")
