"""A service that meets a schema newer or older than its own says so in one sentence, and does not start."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from deploy.local.logins import login_urls
from deploy.local.ports import free_port
from deploy.local.state import PROJECT
from migrations.logins import set_passwords
from migrations.marks import shipped
from migrations.revisions import CHAINS
from shared.eventstore.logins import variable_of
from shared.http.other_services import DEFAULT_PORTS
from shared.watching.errors import WrongSchema
from shared.watching.schema import Chain, require_schema

NEWER = (
    "The schema of offers is newer than this release: its migrations event_store stand at 9999, and this release knows "
    "them up to {newest}; start the release that migrated it, or a later one."
)
OLDER = (
    "The schema of offers is older than this release: its migrations event_store stand at 0001, and this release needs "
    "{newest}; bring it up to date with ./aftale migrate."
)
NONE = "The database has no schema of offers yet: make it with ./aftale migrate."


async def stand_at(dsn: str, revision: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("update offers.migrated_event_store set version_num = $1", revision)
    await connection.close()


async def own_login(dsn: str) -> str:
    """The URL of offers, which opens."""
    url = login_urls(dsn)[variable_of("offers")]
    await set_passwords(dsn, [url])
    return url


async def served(login: str, state: Path) -> tuple[int | None, str]:
    """What `services.serve offers`, under this login, ended with, and what it said."""
    environment = {
        **os.environ,
        "AFTALE_POSTGRES_OFFERS": login,
        "AFTALE_KAFKA": "127.0.0.1:1",
        "AFTALE_STATE": str(state),
    }
    environment["AFTALE_PORT_OFFERS"] = str(free_port())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.serve", "offers"),
        cwd=PROJECT,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


@pytest.mark.parametrize(("revision", "sentence"), [("9999", NEWER), ("0001", OLDER)])
async def test_a_service_stops_at_a_schema_of_another_release(
    revision: str, sentence: str, postgres_dsn: str, tmp_path: Path
) -> None:
    await stand_at(postgres_dsn, revision)
    newest = shipped("offers")["event_store"].revisions[-1]
    assert await served(await own_login(postgres_dsn), tmp_path) == (1, sentence.format(newest=newest) + "\n")


async def test_a_service_stops_where_there_is_no_schema(empty_database: str, tmp_path: Path) -> None:
    assert await served(await own_login(empty_database), tmp_path) == (1, NONE + "\n")


async def test_a_service_stops_where_there_is_no_postgres(tmp_path: Path) -> None:
    status, said = await served(f"postgresql://aftale:x@127.0.0.1:{free_port()}/aftale", tmp_path)
    assert status == 1
    assert said.startswith("PostgreSQL does not answer (")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("service", list(DEFAULT_PORTS))
async def test_every_service_meets_the_schema_that_migrations_make(service: str, postgres_dsn: str) -> None:
    await require_schema(postgres_dsn, service, shipped(service))
    with pytest.raises(WrongSchema, match="is newer than this release"):
        await require_schema(postgres_dsn, service, {CHAINS[service][-1]: Chain(["0000"], "0000")})


@pytest.mark.parametrize("chain", sorted({chain for chains in CHAINS.values() for chain in chains}))
def test_the_revisions_that_are_read_are_those_that_alembic_knows(chain: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations" / chain))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    service = next(name for name, chains in CHAINS.items() if chain in chains)
    assert shipped(service)[chain].revisions == list(reversed(known))
