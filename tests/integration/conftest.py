"""Real servers for the tests: those of the environment, else containers, else the local ones; each run says which."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Literal
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.servers import Servers, local_servers
from migrations.schemas import upgrade
from shared.messaging.bus import Kafka
from tests.containers import KAFKA_IMAGE, POSTGRES_IMAGE, container_servers, why_no_containers
from tests.own_topics import own_topics


def pytest_report_collectionfinish(items: Sequence[pytest.Item]) -> str | None:
    """Which servers this run uses and why, if it uses any."""
    if not any("servers" in getattr(item, "fixturenames", ()) for item in items):
        return None
    choice, reason = choose()
    return f"servers: {choice} ({reason})"


@cache
def choose() -> tuple[Literal["environment", "testcontainers", "local"], str]:
    """Where the servers are, and why there."""
    if "AFTALE_POSTGRES" in os.environ and "AFTALE_KAFKA" in os.environ:
        return "environment", "AFTALE_POSTGRES and AFTALE_KAFKA name them"
    obstacle = why_no_containers()
    return ("local", obstacle) if obstacle else ("testcontainers", f"{POSTGRES_IMAGE}, {KAFKA_IMAGE}")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL (a superuser's libpq URL) and Kafka for the whole run."""
    match choose()[0]:
        case "environment":
            yield Servers(os.environ["AFTALE_POSTGRES"], os.environ["AFTALE_KAFKA"])
        case "testcontainers":
            with container_servers() as containers:
                yield containers
        case _:
            state = Path(tempfile.mkdtemp(prefix="aftale test "))
            try:
                with local_servers(state) as local:
                    asyncio.run(_forgo_durability(local))
                    yield local
            finally:
                shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(servers: Servers) -> str:
    """host:port of Kafka."""
    return servers.kafka_bootstrap


@pytest.fixture
async def topics(kafka: str) -> AsyncIterator[Kafka]:
    """All topics, of the test's own."""
    async with own_topics(kafka) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_template(servers: Servers) -> str:
    """The name of a database with all schemas, to make others from: faster than migrating each."""
    name = f"template_{uuid4().hex}"
    asyncio.run(_administer(servers, f"create database {name}"))
    upgrade(_url(servers, name))
    return name


@pytest.fixture
async def empty_database(servers: Servers) -> AsyncIterator[str]:
    """The URL of a database of the test's own without schemas, dropped afterwards."""
    async with _database(servers, "template1") as url:
        yield url


@pytest.fixture
async def postgres_dsn(servers: Servers, migrated_template: str) -> AsyncIterator[str]:
    """The URL of a migrated database of the test's own, dropped afterwards."""
    async with _database(servers, migrated_template) as url:
        yield url


@pytest.fixture
async def other_postgres_dsn(servers: Servers, migrated_template: str) -> AsyncIterator[str]:
    """Another one, for a test that compares two systems."""
    async with _database(servers, migrated_template) as url:
        yield url


@asynccontextmanager
async def _database(servers: Servers, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    await _administer(servers, f"create database {name} template {template} strategy file_copy")
    try:
        yield _url(servers, name)
    finally:
        await _administer(servers, f"drop database {name} with (force)")


async def _forgo_durability(servers: Servers) -> None:
    """As the containers do: what a test stored need not outlast its machine."""
    await _administer(servers, "alter system set fsync = off")
    await _administer(servers, "alter system set full_page_writes = off")
    await _administer(servers, "select pg_reload_conf()")


def _url(servers: Servers, database: str) -> str:
    return f"{servers.postgres_dsn.rpartition('/')[0]}/{database}"


async def _administer(servers: Servers, statement: str) -> None:
    connection = await asyncpg.connect(servers.postgres_dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
