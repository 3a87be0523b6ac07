"""A kept release in a database of the test's own, as the present code has migrated it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from migrations.schemas import upgrade
from tests.integration.system.running_system import RunningSystem, running_system
from tests.integration.upgrade.after_upgrade import until_release_steps_are_done
from tests.upgrade.kept_release import KeptRelease, kept_releases


@pytest.fixture(params=kept_releases(), ids=lambda release: str(release.folder.name))
def release(request: pytest.FixtureRequest) -> KeptRelease:
    """Each of those that are kept."""
    kept: KeptRelease = request.param
    return kept


@pytest.fixture
async def upgraded_database(release: KeptRelease, empty_database: str) -> str:
    """The URL of a database that was restored from the release and brought up to date; compare with a fresh one."""
    await release.restore(empty_database)
    await asyncio.to_thread(upgrade, empty_database)
    return empty_database


@pytest.fixture
async def upgraded_system(
    release: KeptRelease, upgraded_database: str, kafka: str, tmp_path: Path
) -> AsyncIterator[RunningSystem]:
    """The four services on it, with the clock where the release's stood, and a Kafka that has none of its messages."""
    release.restore_state(tmp_path)
    async with running_system(upgraded_database, kafka, tmp_path, together=True) as system:
        assert system.time.clock.now() == release.manifest.clock
        connection = await asyncpg.connect(upgraded_database)
        await until_release_steps_are_done(connection)
        await connection.close()
        yield system
