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
from deploy.local.backup import Place, backup
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Fault
from deploy.local.restore import restore
from deploy.local.state import State
from shared.eventstore.database import open_database
from shared.messaging.bus import Kafka
from shared.policy.policies import POLICY_FILES
from tests.integration.messaging.reacting import open_bench
from tests.integration.messaging.restored import rows

DUMP = "databases/offers.dump"


@pytest.fixture
def place(postgres_dsn: str, tmp_path: Path) -> Place:
    """Kafka is away."""
    programs = LocalPostgres(State(tmp_path)).programs()
    return Place(postgres_dsn, Kafka(f"127.0.0.1:{free_port()}"), tmp_path, POLICY_FILES, programs)


async def counted(place: Place, times: int) -> None:
    async with open_bench(place.postgres) as bench:
        for _ in range(times):
            await bench.count(uuid4(), 1)


async def events(place: Place) -> int:
    ((found,),) = await rows(place.postgres, "select count(*) from offers.events")
    return int(found)


async def schemas(place: Place) -> list[str]:
    found = await rows(place.postgres, "select nspname from pg_namespace where nspname ~ '^offers' order by 1")
    return [name for (name,) in found]


def changed(file: Path, dump: Callable[[bytes], bytes], manifest: Callable[[Manifest], Manifest]) -> Path:
    """The backup with another dump, and a manifest that agrees with it."""
    other = file.with_name("changed.tar")
    with archive.opened(file) as found, tarfile.open(other, "w") as tar:
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
    dump: Callable[[bytes], bytes], manifest: Callable[[Manifest], Manifest], said: str, place: Place
) -> None:
    file = place.state / "it.tar"
    await counted(place, 3)
    await asyncio.to_thread(backup, place, file, ["offers"])
    await counted(place, 2)
    with pytest.raises(Fault, match=said):
        await asyncio.to_thread(restore, place, changed(file, dump, manifest))
    assert (await events(place), await schemas(place)) == (5, ["offers"])


async def test_other_policies_than_those_of_the_backup_are_refused(place: Place, tmp_path: Path) -> None:
    file, folder = place.state / "it.tar", tmp_path / "policies"
    await asyncio.to_thread(backup, place, file, ["offers"])
    folder.mkdir()
    for policy in POLICY_FILES.glob("*.toml"):
        (folder / policy.name).write_bytes(policy.read_bytes())
    newest = max(folder.glob("*.toml"))
    newest.write_text("other = true")
    with pytest.raises(Fault, match=rf"not those of the backup: {newest.name}"):
        await asyncio.to_thread(restore, replace(place, policies=folder), file)


async def test_a_service_that_runs_is_not_restored(place: Place) -> None:
    file = place.state / "it.tar"
    await asyncio.to_thread(backup, place, file, ["offers", "control"])
    async with open_database(place.postgres, "offers"):
        with pytest.raises(Fault, match=r"^offers still runs"):
            await asyncio.to_thread(restore, place, file)
        await asyncio.to_thread(restore, place, file, ["control"])


async def test_what_was_there_before_the_first_attempt_is_kept(place: Place) -> None:
    """Kafka is away, so that no attempt has worked yet."""
    file = place.state / "it.tar"
    await counted(place, 3)
    await asyncio.to_thread(backup, place, file, ["offers"])
    await counted(place, 2)
    for _ in range(2):
        (report,) = await asyncio.to_thread(restore, place, file)
        assert report.waits_for is not None
        assert (await events(place), await schemas(place)) == (3, ["offers", "offers_replaced"])
        assert await rows(place.postgres, "select count(*) from offers_replaced.events") == [(5,)]
    assert await rows(place.postgres, "select count(*) from restores where checked_at is null") == [(1,)]


async def test_a_service_without_a_database_is_told(place: Place, empty_database: str) -> None:
    with pytest.raises(Fault, match="offers has no database here"):
        await asyncio.to_thread(backup, replace(place, postgres=empty_database), place.state / "it.tar")
    assert not (place.state / "it.tar").exists()


async def test_another_role_reaches_nothing_of_a_restored_service(place: Place) -> None:
    file = place.state / "it.tar"
    await asyncio.to_thread(backup, place, file)
    await asyncio.to_thread(restore, place, file)
    connection = await asyncpg.connect(place.postgres, server_settings={"role": "aftale_offers"})
    try:
        await connection.execute("select from offers.events")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select from control.events")
    finally:
        await connection.close()
