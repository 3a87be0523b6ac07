"""Copy a service or all of them into one file: python -m deploy.local.backup FILE [SERVICE]."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import asyncpg

from deploy.local import archive
from deploy.local.archive import Manifest, ServiceStand, Writing
from deploy.local.counted import counted
from deploy.local.postgres import LocalPostgres
from deploy.local.postgres_programs import Programs
from deploy.local.processes import Fault
from deploy.local.settings import SERVICES
from deploy.local.state import State
from migrations.schemas import revisions
from shared.eventstore.database import DATABASE_AWAY
from shared.messaging.bus import Kafka
from shared.messaging.kafka_login import KafkaLogin
from shared.service import Settings

RECORDING = ("offers", "guidance", "control")
"""The services that record facts of their own."""
NOT_COPIED = ("postgres-password",)
"""Secrets of a server, which another server does not share."""
_HASH_LENGTH = 64


@dataclass(frozen=True)
class Place:
    """What is backed up, or restored to."""

    postgres: str
    kafka: Kafka
    state: Path
    policies: Path
    programs: Path
    """The folder with pg_dump, pg_restore and psql."""
    kafka_logins: Mapping[str, KafkaLogin] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where the services of these settings stand."""
        programs = LocalPostgres(State(settings.state)).programs()
        return cls(
            settings.postgres, settings.kafka, settings.state, settings.policies, programs, settings.kafka_logins
        )


@dataclass(frozen=True)
class _Instant:
    """All databases as they stood at one moment, for as long as the transaction that exported it is open."""

    snapshot: str
    at: datetime
    major: int
    services: dict[str, ServiceStand]


def backup(place: Place, file: Path, services: Sequence[str] = SERVICES) -> Manifest:
    """Copy databases, attachments, erasures, secrets and policies, while the services run. Raises Fault."""
    return asyncio.run(_backup(place, file, services))


async def _backup(place: Place, file: Path, services: Sequence[str]) -> Manifest:
    async with _instant(place, services) as instant:
        programs = Programs.fitting(place.postgres, instant.major, place.programs)
        with archive.writing(file) as writing, tempfile.TemporaryDirectory(dir=file.parent) as folder:
            for service in services:
                await asyncio.to_thread(_add_database, writing, programs, service, instant.snapshot, Path(folder))
            # After the databases: a file is put only where a recorded fact names it, sealed under a key that stands
            # in the database by then, and none is ever removed. So whatever file the copied database knows of is still
            # there now. The other way round, one that was put between the two copies would be missing. What was put
            # since is copied too, and is of use once its fact has come back.
            for service in services:
                _add_files(place, writing, service)
            _add_settings(place, writing)
            manifest = Manifest(
                format=archive.FORMAT,
                made_at=instant.at,
                postgres_major=instant.major,
                services=instant.services,
                files=writing.files,
            )
            writing.finish(manifest)
    return manifest


@asynccontextmanager
async def _instant(place: Place, services: Sequence[str]) -> AsyncIterator[_Instant]:
    connection = await asyncpg.connect(place.postgres)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("set local idle_in_transaction_session_timeout = 0")
            yield _Instant(
                snapshot=await connection.fetchval("select pg_export_snapshot()"),
                at=await connection.fetchval("select now()"),
                major=await connection.fetchval("select current_setting('server_version_num')::int / 10000"),
                services={service: await _stand(connection, service) for service in services},
            )
    finally:
        await connection.close()


async def _stand(connection: "asyncpg.Connection[asyncpg.Record]", service: str) -> ServiceStand:
    try:
        stand = ServiceStand(revisions=await revisions(connection, service))
    except asyncpg.UndefinedTableError as error:
        raise Fault(f"{service} has no database here: there is nothing to back up.") from error
    if service not in RECORDING:
        return stand
    row = await connection.fetchrow(
        f"""select (select epoch from {service}.log) as epoch, (select checkpoint from {service}.relay) as checkpoint,
                   coalesce((select max(position) from {service}.events), 0) as position"""
    )
    assert row is not None
    found = {"epoch": row["epoch"], "position": row["position"], "relay_checkpoint": row["checkpoint"]}
    return stand.model_copy(update=found)


def _add_database(writing: Writing, programs: Programs, service: str, snapshot: str, folder: Path) -> None:
    file = folder / f"{service}.dump"
    command = programs.command(
        "pg_dump", "--format=custom", f"--schema={service}", f"--snapshot={snapshot}", f"--file={file}"
    )
    made = subprocess.run(command, env=programs.environment(), capture_output=True, text=True, check=False)
    if made.returncode:
        raise Fault(f"pg_dump could not copy {service}:\n{made.stderr}")
    _add(writing, f"databases/{service}.dump", file)
    file.unlink()


def _add_files(place: Place, writing: Writing, service: str) -> None:
    folder = place.state / "attachments" / service
    for file in sorted(folder.glob("*/*")):
        if len(file.name) == _HASH_LENGTH:  # others are still being written
            _add(writing, f"attachments/{service}/{file.parent.name}/{file.name}", file)
    erasures = place.state / "erasures" / f"{service}.jsonl"
    if erasures.exists():
        _add(writing, f"erasures/{erasures.name}", erasures)


def _add_settings(place: Place, writing: Writing) -> None:
    for file in sorted((place.state / "secrets").glob("*")):
        if file.is_file() and file.name not in NOT_COPIED:
            _add(writing, f"secrets/{file.name}", file)
    for file in sorted(place.policies.glob("*.toml")):
        _add(writing, f"policies/{file.name}", file)


def _add(writing: Writing, name: str, file: Path) -> None:
    with file.open("rb") as source:
        writing.add(name, source)


def main() -> None:
    """The command behind `./aftale backup`."""
    file, services = Path(sys.argv[1]), sys.argv[2:] or SERVICES
    try:
        manifest = backup(Place.of(Settings.from_environment()), file, services)
    except Fault as fault:
        sys.exit(str(fault))
    except DATABASE_AWAY as error:
        sys.exit(f"PostgreSQL does not answer ({error}); nothing was kept.")
    for service, stand in manifest.services.items():
        stands = "" if stand.position is None else f"position {stand.position}, epoch {stand.epoch}, "
        schema = ", ".join(f"{chain} {revision}" for chain, revision in stand.revisions.items())
        files = sum(name.startswith(f"attachments/{service}/") for name in manifest.files)
        print(f"  {service:<10} {stands}schema {schema}, {counted(files, 'attachment')}")
    print(f"As of {manifest.made_at.astimezone():%Y-%m-%d %H:%M:%S %Z}: {file}, {file.stat().st_size / 1e6:,.1f} MB")
    print("It holds keys and secrets: keep it where only operators read it, and on another disk than state/erasures.")


if __name__ == "__main__":
    main()
