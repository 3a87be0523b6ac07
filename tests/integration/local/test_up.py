"""./aftale up on servers that run: what it starts comes back when it dies, and stays away after ./aftale down."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from deploy.local.machine import Machine
from deploy.local.ports import free_port
from deploy.local.settings import SERVICES, Settings
from deploy.local.state import PROJECT
from deploy.local.watcher import NAME as WATCHER
from deploy.local.watcher import read_report
from shared.http.tokens import LocalIssuer, Role
from shared.messaging.bus import Kafka


async def aftale(*words: str) -> tuple[int | None, str]:
    """./aftale ... in a pipe, in the environment of the test; its status and what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.cli", *words),
        cwd=PROJECT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.fixture
async def machine(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Machine]:
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_POSTGRES", postgres_dsn)
    monkeypatch.setenv("AFTALE_KAFKA", topics.servers)
    monkeypatch.setenv("AFTALE_TOPIC_PREFIX", topics.prefix)
    for name in SERVICES:
        monkeypatch.setenv(f"AFTALE_PORT_{name.upper()}", str(free_port()))
    yield Machine(Settings())
    await aftale("down")


async def until_ready(machine: Machine, name: str, not_pid: int) -> psutil.Process:
    """The process that answers, which is another one than this."""
    url = f"http://127.0.0.1:{machine.service(name).port}/health/ready"
    async with asyncio.timeout(180), httpx.AsyncClient() as client:
        while True:
            running = machine.service(name).running()
            if running is not None and running.pid != not_pid:
                try:
                    if (await client.get(url)).is_success:
                        return running
                except httpx.TransportError:
                    pass
            await asyncio.sleep(0.1)


async def test_a_killed_service_comes_back_by_itself_and_stays_away_after_down(machine: Machine) -> None:
    status, said = await aftale("up")
    assert status == 0, said
    offers = machine.service("offers").running()
    assert offers is not None
    os.kill(offers.pid, signal.SIGKILL)
    again = await until_ready(machine, "offers", offers.pid)
    assert [read_report(machine.state)[name].restarts for name in SERVICES] == [1, 0, 0, 0, 0]
    shown = (await aftale("status"))[1]
    row = next(line for line in shown.splitlines() if line.startswith("offers"))
    assert row.split()[-1] == "1"
    status, said = await aftale("up")  # changes nothing of what runs
    assert (status, machine.service("offers").running()) == (0, again)
    status, said = await aftale("down")
    assert (status, said) == (0, "Stopped: offers, guidance, control, notices, reporting, mail.\n")
    assert [name for name in (*SERVICES, WATCHER) if machine.service(name).running()] == []
    assert read_report(machine.state) == {}


@pytest.mark.rule("R42")
async def test_the_first_start_lists_the_people_of_the_file_and_the_next_nobody(machine: Machine) -> None:
    status, said = await aftale("up")
    assert (status, "People: 6 listed; 0 errors." in said) == (0, True), said
    token = LocalIssuer(machine.state.folder).token(Role.INSPECTOR, "anna")
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{machine.service('control').port}/v1/people"
        answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
    assert "Anna Vestergaard" in [person["name"] for person in answer.json()]
    status, said = await aftale("up")
    assert (status, "People:" in said) == (0, False), said


@pytest.mark.parametrize("words", [("up",), ("serve", "offers"), ("migrate",)])
async def test_a_schema_of_a_later_release_is_left_alone_and_told_in_one_sentence(
    words: tuple[str, ...], machine: Machine, postgres_dsn: str
) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("update guidance.migrated_event_store set version_num = '9999'")
    status, said = await aftale(*words)
    assert status == 1
    assert "\nThe schema of guidance is newer than this release" in said
    assert "Traceback" not in said
    assert await connection.fetchval("select version_num from guidance.migrated_event_store") == "9999"
    await connection.close()
    assert machine.service("offers").running() is None
