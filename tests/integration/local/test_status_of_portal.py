"""What ./aftale status says of the company portal, also while notices are stopped."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.local import cli


async def status() -> str:
    """./aftale status; what it prints of the portal."""
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["status"])
    assert result.exception is None
    return " ".join(result.output.split()).partition("company portal: ")[2]


@pytest.mark.rule("R29")
async def test_it_tells_how_far_the_portal_is_behind_and_the_last_failure_as_a_code(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_POSTGRES", postgres_dsn)
    assert (await status()).startswith("nothing was pushed yet, as AFTALE_PORTAL_URL of notices asks for; the feed st")
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(
            """insert into notices.portal_entries (position, cvr, company_position, log_position, entry)
               select number, '13748136', number, number, jsonb_build_object('at', '2026-03-05T06:00:00Z')
               from generate_series(1, 3) number"""
        )
        await connection.execute("update notices.portal_webhook set told_to = 1")
        assert (await status()).startswith("2 entries not told, the oldest since 2026-03-05 06:00:00 UTC clock")
        await connection.execute(
            """update notices.portal_webhook set tries = 2, failure = 'refused', status = 503,
               failed_at = '2026-03-05 07:00Z', again_at = '2026-03-05 07:10Z'"""
        )
        assert (await status()).startswith(
            "2 entries not told, the oldest since 2026-03-05 06:00:00 UTC; 2 tries failed, the last with refused 503 "
            "at 2026-03-05 07:00:00 UTC; tried again at 2026-03-05 07:10:00 UTC"
        )
        await connection.execute("update notices.portal_webhook set failure = 'gone', status = 410, again_at = null")
        assert "gone 410 at 2026-03-05 07:00:00 UTC; the portal wants nothing more" in await status()
        await connection.execute("update notices.portal_webhook set told_to = 3, tries = 0, failure = null")
        assert (await status()).startswith("told everything, up to 3")
    finally:
        await connection.close()


async def test_without_a_schema_it_says_so(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_POSTGRES", empty_database)
    assert (await status()).startswith("no schema yet")
