"""Each service is backed up under load, goes on, is restored, and is as it was: no fact lost, doubled or changed."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.backup import backup
from deploy.local.ports import free_port
from deploy.local.processes import UserError
from deploy.local.restore import restore
from shared.eventstore.database import open_database
from shared.eventstore.personal_data_erasure import Erasures
from shared.messaging.bus import Kafka
from tests.integration.system.course import PHOTO
from tests.integration.system.restoring import UNITS, Load, differences, place_of, stands, start_again, stop
from tests.integration.system.running_system import RunningSystem, running_system


async def fetch(system: RunningSystem, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(system.postgres)
    try:
        return [tuple(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "service",
    ["control", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("offers", "guidance", "reporting"))],
)
async def test_a_restored_service_has_all_that_it_had_published(
    service: str, postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "it.tar"
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(*UNITS)
        async with Load(system, UNITS).going_on() as load:
            await load.until_documented(6)
            manifest = await asyncio.to_thread(backup, place_of(system), file)
            await load.until_documented(6)
        for case in (load.documented[0], load.documented[-1]):
            photo = tmp_path / "attachments" / "offers" / str(case) / str(PHOTO["sha256"])
            photo.parent.mkdir(parents=True)
            photo.write_bytes(b"sealed")
        before = await stands(system)
        with pytest.raises(UserError, match=f"{service} still runs"):
            await asyncio.to_thread(restore, place_of(system), file, [service])
        await stop(system, service)
        (report,) = await asyncio.to_thread(restore, place_of(system), file, [service])
        if service != "reporting":
            stand = manifest.services[service]
            assert stand.position is not None
            assert report.outcome.recovered == len(before[f"{service} events"]) - stand.position > 0
            assert report.outcome.unrecoverable == 0
        if service == "offers":
            gone = {one.case for one in report.lost if one.what == f"file {PHOTO['sha256']}"}
            assert gone == {load.documented[-1]}, "the other file is still named by a fact that can be read"
        await start_again(system, service)
        assert differences(before, await stands(system)) == {}
        assert await fetch(system, f"select count(*) from {service}.parked") == [(0,)]
        async with Load(system, UNITS[200:]).going_on() as load:
            await load.until_documented(1)
        await system.time.settle()
        schemas = await fetch(system, "select nspname from pg_namespace where nspname like '%replaced'")
        assert schemas == [], "what was replaced is gone once the restore has worked"


async def test_a_restore_by_hand_without_a_word_about_it_is_found_at_the_start(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    """As if somebody had used psql alone: nothing was taken back, no mark, no epoch."""
    file = tmp_path / "it.tar"
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(*UNITS)
        async with Load(system, UNITS).going_on() as load:
            await load.until_documented(4)
            await asyncio.to_thread(backup, place_of(system), file, ["control"])
            async with open_database(system.postgres, "control", connections=2) as database:
                erased = load.documented[0]
                assert await Erasures.of_state(tmp_path, "control").erase(database, [(erased, "")])
            await load.until_documented(4)
        before = await stands(system)
        await stop(system, "control")
        away = place_of(system, Kafka(f"127.0.0.1:{free_port()}", system.kafka.prefix))
        (report,) = await asyncio.to_thread(restore, away, file, ["control"])
        assert report.waits_for is not None
        assert await fetch(system, "select count(*) from control_replaced.events") == [
            (len(before["control events"]),)
        ], "the replaced database is kept"
        assert await fetch(system, "delete from control.restores returning checked_at") == [(None,)]
        assert await fetch(system, "select count(*) from control.events") < [(len(before["control events"]),)]
        await start_again(system, "control")
        assert differences(before, await stands(system)) == {}
        key = "select key from control.private_keys where stream = $1 and about = ''"
        assert await fetch(system, key, erased) == [(None,)]


async def test_an_agreement_that_was_accepted_after_the_backup_runs_at_control_again(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    """Control is down when the offer is accepted, and has nothing of it on Kafka: it reads the acceptance again."""
    file = tmp_path / "it.tar"
    async with running_system(postgres_dsn, kafka, tmp_path) as system:
        await system.register(*UNITS)
        async with Load(system, UNITS).going_on() as load:
            await load.until_documented(2)
        await asyncio.to_thread(backup, place_of(system), file, ["control"])
        async with Load(system, UNITS[100:]).going_on() as load:
            await load.until_documented(1)
        agreement_id = load.documented[0]
        await system.time.settle()
        await stop(system, "control")
        await asyncio.to_thread(restore, place_of(system), file, ["control"])
        await start_again(system, "control")
        await system.time.settle()
        inspector = system.people.inspector("anna")
        agreement = await inspector.get("control", f"/v1/agreements/{agreement_id}")
        assert agreement["status"] == "running"
        started = "select count(*) from control.events where stream = $1 and type = 'ComplianceDeadlineSet'"
        assert await fetch(system, started, agreement_id) == [(1,)]


@pytest.mark.nightly
async def test_everything_is_restored_on_a_machine_that_has_nothing_but_kafka(
    postgres_dsn: str, other_postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    file, lost = tmp_path / "it.tar", tmp_path / "lost"
    lost.mkdir()
    async with running_system(postgres_dsn, kafka, lost) as system:
        await system.register(*UNITS)
        async with Load(system, UNITS).going_on() as load:
            await load.until_documented(3)
            photo = lost / "attachments" / "offers" / str(load.documented[0]) / ("ab" * 32)
            photo.parent.mkdir(parents=True)
            photo.write_bytes(b"sealed")
            await asyncio.to_thread(backup, place_of(system), file)
            await load.until_documented(3)
        before = await stands(system)
        for service in system.processes:
            await stop(system, service)
        system.postgres, new = other_postgres_dsn, tmp_path / "new"
        new.mkdir()
        (new / "clock").write_bytes((lost / "clock").read_bytes())
        system.state = new
        reports = await asyncio.to_thread(restore, place_of(system), file)
        assert (new / photo.relative_to(lost)).read_bytes() == b"sealed"
        assert (new / "secrets" / "consistency-key").read_bytes() == (lost / "secrets/consistency-key").read_bytes()
        gone = {one.case for report in reports for one in report.lost}
        assert gone & set(load.documented[3:]), "private texts of cases that were documented since"
        for service in system.processes:
            await start_again(system, service)
        system.time._connection = await asyncpg.connect(other_postgres_dsn)
        assert differences(before, await stands(system)) == {}
        await system.time._connection.close()
