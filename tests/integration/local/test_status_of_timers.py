"""What ./aftale status says of timers that are due and have not fired, also of a service that is stopped."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.local import cli
from shared.eventstore import canary


async def status() -> str:
    """./aftale status; what it prints."""
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["status"])
    assert result.exception is None
    return " ".join(result.output.split())


@pytest.mark.rule("R28")
async def test_it_counts_what_is_due_and_not_fired_and_tells_of_the_canary(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_POSTGRES", postgres_dsn)
    assert "offers: 0; no canary is armed guidance: 0; no canary is armed" in await status()
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        """insert into guidance.timers (stream, name, due, failures)
           select gen_random_uuid(), 'course:overdue', '2026-03-05 06:00Z', failures
           from generate_series(0, 2) failures"""
    )
    for service, due in (("offers", "now() + interval '20 s'"), ("control", "now() - interval '2 hours'")):
        await connection.execute(
            f"insert into {service}.timers (stream, name, due) values ($1, $2, {due})", canary.STREAM, canary.NAME
        )
    await connection.close()
    told = await status()
    assert "offers: 0; canary on time" in told
    assert "guidance: 3 timers, the oldest since 2026-03-05 06:00:00 UTC, 2 failed when tried; no canary" in told
    assert "control: 1 timer, the oldest since" in told
    assert "canary late by 7,20" in told
