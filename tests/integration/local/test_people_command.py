"""./aftale people import on a service of control that runs: listed once, repeated without doubles (R42)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI

from deploy.local.as_operator import Operator
from deploy.local.machine import Machine
from deploy.local.people_import import list_people, read_people
from deploy.local.ports import free_port
from deploy.local.processes import Process
from deploy.local.settings import Settings as LocalSettings
from deploy.local.state import PROJECT
from services.control import service
from services.control.people.lookups.directory import history_of, person_ids, reachable_in
from shared.messaging.bus import Kafka
from shared.people.directory import LOCAL_INSPECTORS, load_directory
from shared.service import Settings
from tests.integration.local.test_parked_commands import _serving

pytestmark = pytest.mark.rule("R42")


@pytest.fixture
async def control(
    postgres_dsn: str, topics: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    port = free_port()
    monkeypatch.setenv("AFTALE_STATE", str(tmp_path))
    monkeypatch.setenv("AFTALE_PORT_CONTROL", str(port))
    monkeypatch.setattr(Process, "running", lambda self: psutil.Process() if self.name == "control" else None)
    app = service.app(Settings(postgres_dsn, topics, tmp_path, virtual_clock=False, background=False))
    async with app.router.lifespan_context(app), _serving(app, port):
        await app.state.start_check.may_act.wait()
        yield app


async def imported(file: Path, *options: str) -> tuple[int, str]:
    """./aftale people import FILE; its status and what it printed."""
    command = [sys.executable, "-m", "deploy.local.people_import", str(file), *options]
    done = await asyncio.to_thread(subprocess.run, command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def position(control: FastAPI) -> int:
    """How far the service's log is."""
    async with control.state.database.acquire() as connection:
        return int(await connection.fetchval("select newest_position()"))


async def test_the_people_of_the_demo_are_listed_once(control: FastAPI) -> None:
    tried = await imported(LOCAL_INSPECTORS, "--dry-run")
    assert tried == (0, "People: 6 would be listed; 0 errors.\n")
    runtime = control.state.runtime
    assert await person_ids(runtime, None, 10) == []
    assert await imported(LOCAL_INSPECTORS) == (0, "People: 6 listed; 0 errors.\n")
    before = await position(control)
    assert await imported(LOCAL_INSPECTORS) == (0, "People: 6 unchanged; 0 errors.\n")
    assert await imported(LOCAL_INSPECTORS, "--only-unlisted") == (0, "People: 6 known already; 0 errors.\n")
    assert await position(control) == before, "a repetition records nothing"
    known = load_directory()
    for person_id in await person_ids(runtime, None, 10):
        reached = reachable_in(await history_of(runtime, person_id))
        assert reached is not None
        assert reached.name == known.name_of(person_id)


async def test_a_faulty_row_is_told_and_the_others_are_listed(control: FastAPI, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id;name;centre;competences\na;Anna;east;noise\nb;Bo;west;\nc;Carla;south;music\n", "cp1252")
    status, said = await imported(file)
    assert status == 1
    assert "line 3, column centre" in said
    assert "line 4, column rule: music is no problem group" in said
    assert await person_ids(control.state.runtime, None, 10) == ["a"]


async def test_somebody_who_was_changed_since_is_left_alone_by_a_first_start(control: FastAPI, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name,centre\na,Anna,east\n")
    operator = Operator(Machine(LocalSettings()))
    (anna,) = read_people(file).people
    body = {**anna.body, "centre": "north"}
    moved = await asyncio.to_thread(operator.list_person, "a", body, dry_run=False, only_unlisted=False)
    assert moved.status_code == 201
    outcome = await asyncio.to_thread(list_people, [anna], operator, dry_run=False, only_unlisted=True)
    assert outcome.done == {"known already": 1}
