"""A restore changes nothing where the backup cannot be put back, and keeps what it has replaced until it has worked."""

import asyncio
import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.local import archive
from deploy.local.archive import MANIFEST, Manifest, Member
from deploy.local.backup import BackupTarget, backup
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import UserError
from deploy.local.restore import restore
from deploy.local.state import State
from shared.eventstore.database import open_database
from shared.messaging.bus import Kafka
from shared.policy.policies import POLICY_FILES
from tests.integration.messaging.reacting import open_bench
from tests.integration.messaging.restored import rows

DUMP = "databases/offers.dump"


@pytest.fixture
def target(postgres_dsn: str, tmp_path: Path) -> BackupTarget:
    """Kafka is away."""
    programs = LocalPostgres(State(tmp_path)).programs()
    return BackupTarget(postgres_dsn, Kafka(f"127.0.0.1:{free_port()}"), tmp_path, POLICY_FILES, programs)


async def counted(target: BackupTarget, times: int) -> None:
    async with open_bench(target.postgres) as bench:
        for _ in range(times):
            await bench.count(uuid4(), 1)


async def events(target: BackupTarget) -> int:
    ((found,),) = await rows(target.postgres, "select count(*) from offers.events")
    return int(found)


async def schemas(target: BackupTarget) -> list[str]:
    found = await rows(target.postgres, "select nspname from pg_namespace where nspname ~ '^offers' order by 1")
    return [name for (name,) in found]


def changed(file: Path, dump: Callable[[bytes], bytes], manifest: Callable[[Manifest], Manifest]) -> Path:
    """The backup with another dump, and a manifest that agrees with it."""
    other = file.with_name("changed.tar")
    with archive.open_archive(file) as found, tarfile.open(other, "w") as tar:
        files = {name: found.open(name).read() for name in found.manifest.files}
        files[DUMP] = dump(files[DUMP])
        members = {
            name: Member(size=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in files.items()
        }
        said = manifest(found.manifest.model_copy(update={"files": members}))
        for name, data in {**files, MANIFEST: said.model_dump_json().encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
    return other


def same(manifest: Manifest) -> Manifest:
    return manifest


def of_the_future(manifest: Manifest) -> Manifest:
    stand = manifest.services["offers"]
    future = stand.model_copy(update={"revisions": {**stand.revisions, "event_store": "9999"}})
    return manifest.model_copy(update={"services": {"offers": future}})


@pytest.mark.parametrize(
    ("dump", "manifest", "said"),
    [
        (lambda data: data[: len(data) // 2], same, "its database is as it was"),
        (lambda data: b"", same, "its database is as it was"),
        (lambda data: data, of_the_future, "event_store 9999 in the backup, which this release does not know"),
        (lambda data: data, lambda said: said.model_copy(update={"postgres_major": 99}), "backup is of PostgreSQL 99"),
    ],
    ids=["cut off", "empty", "newer schema", "newer server"],
)
async def test_what_cannot_be_put_back_changes_nothing(
    dump: Callable[[bytes], bytes], manifest: Callable[[Manifest], Manifest], said: str, target: BackupTarget
) -> None:
    file = target.state / "it.tar"
    await counted(target, 3)
    await asyncio.to_thread(backup, target, file, ["offers"])
    await counted(target, 2)
    with pytest.raises(UserError, match=said):
        await asyncio.to_thread(restore, target, changed(file, dump, manifest))
    assert (await events(target), await schemas(target)) == (5, ["offers"])


async def test_other_policies_than_those_of_the_backup_are_refused(target: BackupTarget, tmp_path: Path) -> None:
    file, folder = target.state / "it.tar", tmp_path / "policies"
    await asyncio.to_thread(backup, target, file, ["offers"])
    folder.mkdir()
    for policy in POLICY_FILES.glob("*.toml"):
        (folder / policy.name).write_bytes(policy.read_bytes())
    newest = max(folder.glob("*.toml"))
    newest.write_text("other = true")
    with pytest.raises(UserError, match=rf"not those of the backup: {newest.name}"):
        await asyncio.to_thread(restore, replace(target, policies=folder), file)


async def test_a_service_that_runs_is_not_restored(target: BackupTarget) -> None:
    file = target.state / "it.tar"
    await asyncio.to_thread(backup, target, file, ["offers", "control"])
    async with open_database(target.postgres, "offers"):
        with pytest.raises(UserError, match=r"^offers still runs"):
            await asyncio.to_thread(restore, target, file)
        await asyncio.to_thread(restore, target, file, ["control"])


async def test_what_was_there_before_the_first_attempt_is_kept(target: BackupTarget) -> None:
    """Kafka is away, so that no attempt has worked yet."""
    file = target.state / "it.tar"
    await counted(target, 3)
    await asyncio.to_thread(backup, target, file, ["offers"])
    await counted(target, 2)
    for _ in range(2):
        (report,) = await asyncio.to_thread(restore, target, file)
        assert report.waits_for is not None
        assert (await events(target), await schemas(target)) == (3, ["offers", "offers_replaced"])
        assert await rows(target.postgres, "select count(*) from offers_replaced.events") == [(5,)]
    assert await rows(target.postgres, "select count(*) from restores where checked_at is null") == [(1,)]


async def test_a_service_without_a_database_is_told(target: BackupTarget, empty_database: str) -> None:
    with pytest.raises(UserError, match="offers has no database here"):
        await asyncio.to_thread(backup, replace(target, postgres=empty_database), target.state / "it.tar")
    assert not (target.state / "it.tar").exists()


async def test_another_role_reaches_nothing_of_a_restored_service(target: BackupTarget) -> None:
    file = target.state / "it.tar"
    await asyncio.to_thread(backup, target, file)
    await asyncio.to_thread(restore, target, file)
    connection = await asyncpg.connect(target.postgres, server_settings={"role": "aftale_offers"})
    try:
        await connection.execute("select from offers.events")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select from control.events")
    finally:
        await connection.close()
